import { type BlobContainer, isConflict, StorageError } from '../storage/blobs.ts';
import { asideBlobName } from '../windows/grid.ts';
import type { LineSpool } from './lineSpool.ts';
import { commitOptions, storedRead } from './rawStore.ts';
import { completeRead, type ReadWindow } from './readRun.ts';

/** Each conflict is another run that keeps its read aside; so many for one window are a fault. */
const MAX_TRIES = 20;

/**
 * Keeps a read aside that is not believed, in the place of an older one. What it holds decides, the next time,
 * whether rows are gone.
 *
 * @param spool the lines of the window: those of the read itself, if they are still in memory as a whole, or
 *   those of a repeated read, staged for the blob of reads kept aside
 * @returns `kept`; `newer`: that of a later claim is there already; `blocksLost`: read again
 */
export async function keepAside(
  raw: BlobContainer,
  window: ReadWindow,
  spool: LineSpool,
): Promise<'kept' | 'newer' | 'blocksLost'> {
  const name = asideBlobName(window.window);
  const read = { ...completeRead(window), digest: spool.digest, rows: spool.rows };
  for (let tries = 0; tries < MAX_TRIES; tries++) {
    const item = await raw.properties(name);
    const stored = item && storedRead(item);
    if (stored !== undefined && stored.claim >= read.claim) {
      return stored.attempt === read.attempt ? 'kept' : 'newer';
    }
    const options = commitOptions(stored, read);
    try {
      await spool.commit(options, raw, name);
      return 'kept';
    } catch (error) {
      if (error instanceof StorageError && error.code === 'InvalidBlockList') return 'blocksLost';
      if (!isConflict(error)) throw error;
    }
  }
  throw new Error(`${name}: ${MAX_TRIES} tries to replace it met another write each time`);
}
