import type { BlobContainer } from '../storage/blobs.ts';
import { rawBlobName, type Window } from '../windows/grid.ts';
import type { LedgerEntry } from '../windows/ledger.ts';
import { absentBlobs, missingBlobs } from '../windows/missingBlobs.ts';

const MAX_CHECKED = 100;

/**
 * Ids of windows that have rows by the ledger and whose raw blob is gone without having expired, ascending; the
 * newest ones, if there are very many.
 * @param listed windows that had a blob; one that was written since then is looked at by itself
 */
export async function deletedBlobs(
  raw: BlobContainer,
  entries: readonly LedgerEntry[],
  listed: ReadonlyMap<string, Window>,
  { nowMs, rawRetentionDays }: { nowMs: number; rawRetentionDays: number },
): Promise<string[]> {
  const missing = missingBlobs(absentBlobs(entries, listed), nowMs, rawRetentionDays);
  const newestFirst = missing.sort((a, b) => b.window.fromMs - a.window.fromMs).slice(0, MAX_CHECKED);
  const deleted: string[] = [];
  for (const { window } of newestFirst) {
    if ((await raw.properties(rawBlobName(window))) === undefined) deleted.push(window.id);
  }
  return deleted.reverse();
}
