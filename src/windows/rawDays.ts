import type { BlobContainer } from '../storage/blobs.ts';
import { type Window, windowOfRawBlob } from './grid.ts';

const RAW_ROOT = 'ndjson/v1/';

/** All windows that have a raw blob, by id, ascending. */
export async function rawWindows(raw: BlobContainer): Promise<Map<string, Window>> {
  const windows = new Map<string, Window>();
  for await (const { name } of raw.list(RAW_ROOT)) {
    const window = windowOfRawBlob(name);
    if (window !== undefined) windows.set(window.id, window);
  }
  return windows;
}

/** UTC dates that have raw blobs, ascending. */
export async function rawDays(raw: BlobContainer): Promise<string[]> {
  return datesOf(await rawWindows(raw));
}

export const datesOf = (windows: ReadonlyMap<string, Window>): string[] =>
  [...new Set([...windows.values()].map(({ date }) => date))].sort();
