import type { BlobContainer } from '../storage/blobs.ts';
import { windowOfRawBlob } from '../windows/grid.ts';

const RAW_ROOT = 'ndjson/v1/';

/** UTC dates that have raw blobs, ascending. */
export async function rawDays(raw: BlobContainer): Promise<string[]> {
  const dates = new Set<string>();
  for await (const { name } of raw.list(RAW_ROOT)) {
    const window = windowOfRawBlob(name);
    if (window !== undefined) dates.add(window.date);
  }
  return [...dates].sort();
}
