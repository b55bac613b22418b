import type { LedgerEntry } from './ledger.ts';

/** What nobody will answer once all messages are gone, by what the ledger says. */
export interface LostWindows {
  /** Asked for and not read since, or being read by somebody who is no more. */
  unread: LedgerEntry[];
  /** Their last read lost rows, and the message is gone that would have it confirmed. */
  unconfirmed: LedgerEntry[];
}

/**
 * Windows whose messages were lost with the queues. Windows that failed were answered: they wait for their time. No
 * instant is compared with a clock but the end of a window: simulated time begins anew with each run.
 */
export function lostWindows(entries: readonly LedgerEntry[], nowMs: number): LostWindows {
  const open = entries.filter(({ state, window }) => state !== 'failed' && window.toMs <= nowMs);
  const unread = open.filter(isUnanswered);
  return {
    unread,
    unconfirmed: open.filter((entry) => entry.state === 'shrunk' && !isUnanswered(entry)),
  };
}

function isUnanswered({ state, claim, done, plannedAt, claimedAt, lastReadAt }: LedgerEntry): boolean {
  if (claim !== done) return true;
  // A claim that was taken back has left its time: only of a read that ended and was not believed, it is the answer's.
  const answeredMs = Math.max(msOf(lastReadAt), state === 'shrunk' ? msOf(claimedAt) : NEVER);
  return msOf(plannedAt) > answeredMs;
}

const NEVER = -Infinity;
const msOf = (instant: string | undefined): number => (instant === undefined ? NEVER : Date.parse(instant));
