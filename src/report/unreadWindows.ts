import { DAY_MS, sourceStartMs } from '../windows/grid.ts';
import type { LedgerEntry } from '../windows/ledger.ts';
import { type FoldedWindows, foldWindows } from './foldWindows.ts';

/** Windows of which something is still to be known, however old they are, folded by reason, the newest first. */
export interface UnreadWindows {
  failed: FoldedWindows[];
  /** Asked for and never read: a message is on its way, or will be sent again. */
  planned: FoldedWindows[];
  /** Asked for long ago, never read, and too old to be asked for again without a command. */
  stranded: FoldedWindows[];
  /** Taken as read, though nobody read them when Graph had them for sure. */
  unverified: FoldedWindows[];
}

/** A message that brought no answer after this time is not waited for any more. */
const STRANDED_AFTER_MS = DAY_MS;

export function unreadWindows(
  entries: readonly LedgerEntry[],
  { nowMs, sourceDays }: { nowMs: number; sourceDays: number },
): UnreadWindows {
  const oldestMs = sourceStartMs(nowMs, sourceDays);
  const isStranded = ({ window, plannedAt, claimedAt }: LedgerEntry): boolean => {
    const askedMs = Math.max(...[plannedAt, claimedAt].map((at) => (at === undefined ? 0 : Date.parse(at))));
    return window.fromMs < oldestMs && nowMs - askedMs >= STRANDED_AFTER_MS;
  };
  const planned = entries.filter(({ state }) => state === 'planned');
  return {
    failed: foldWindows(
      entries.filter(({ state }) => state === 'failed'),
      ({ lastError }) => lastError ?? 'no reason was left',
    ),
    planned: foldWindows(
      planned.filter((entry) => !isStranded(entry)),
      ({ lastError }) => lastError ?? 'not tried yet',
    ),
    stranded: foldWindows(
      planned.filter(isStranded),
      ({ lastError }) => lastError ?? 'nobody has tried to read them',
    ),
    unverified: foldWindows(
      entries.filter(({ unverified }) => unverified === true),
      ({ rows }) =>
        rows > 0
          ? 'known from their raw files only'
          : `no calls came, and they were older than ${sourceDays} days when they were read first`,
    ),
  };
}
