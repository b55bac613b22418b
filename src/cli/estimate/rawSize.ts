import { inParallel } from '../../runtime/inParallel.ts';
import { isMissing } from '../../report/missingParts.ts';
import type { BlobContainer } from '../../storage/blobs.ts';
import { rawDayPrefix } from '../../windows/grid.ts';

const PARALLEL = 8;

/** Mean bytes of a row in the raw files of these days; undefined if there are none with rows. */
export async function bytesPerRow(raw: BlobContainer, dates: Iterable<string>): Promise<number | undefined> {
  let bytes = 0;
  let rows = 0;
  try {
    await inParallel(dates, PARALLEL, async (date) => {
      for await (const { sizeBytes, metadata } of raw.list(rawDayPrefix(date))) {
        const count = Number(metadata['rows']);
        if (!(count > 0)) continue;
        bytes += sizeBytes;
        rows += count;
      }
    });
  } catch (error) {
    if (!isMissing(error)) throw error;
  }
  return rows === 0 ? undefined : bytes / rows;
}
