import { DAY_MS } from './grid.ts';
import type { LedgerEntry } from './ledger.ts';

/**
 * Windows that have rows by the ledger and no raw blob.
 * @param blobs ids of windows that have one; listed after the ledger was read
 */
export const absentBlobs = (
  entries: readonly LedgerEntry[],
  blobs: { has: (windowId: string) => boolean },
): LedgerEntry[] => entries.filter(({ window, rows }) => rows > 0 && !blobs.has(window.id));

/** True from the day on which a blob may be gone by its age; never if raw blobs are kept for ever (0 days). */
export const mayHaveExpired = (toMs: number, nowMs: number, rawRetentionDays: number): boolean =>
  rawRetentionDays > 0 && toMs <= nowMs - rawRetentionDays * DAY_MS;

/** Those of the windows whose blob somebody deleted. */
export const missingBlobs = (
  absent: readonly LedgerEntry[],
  nowMs: number,
  rawRetentionDays: number,
): LedgerEntry[] => absent.filter(({ window }) => !mayHaveExpired(window.toMs, nowMs, rawRetentionDays));
