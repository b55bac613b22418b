import type { LedgerEntry } from './ledger.ts';

/**
 * A time of planning, in milliseconds, that is later than every read and claim known. A job drops windows that
 * were read since it was planned; by a worker's clock that is ahead, or one that stands still, a read from
 * before would count as such.
 */
export function plannedAfter(
  nowMs: number,
  entries: readonly Pick<LedgerEntry, 'lastReadAt' | 'claimedAt'>[],
): number {
  let plannedMs = nowMs;
  for (const { lastReadAt, claimedAt } of entries) {
    for (const known of [lastReadAt, claimedAt]) {
      if (known !== undefined) plannedMs = Math.max(plannedMs, Date.parse(known) + 1);
    }
  }
  return plannedMs;
}
