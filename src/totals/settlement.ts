import { WINDOW_MS, windowsOfDay } from '../windows/grid.ts';
import type { LedgerEntry } from '../windows/ledger.ts';

/**
 * `settled` if each of the day's 24 windows has an accepted read that claimed `settleHours` or more after the
 * window's own end: by then the source has published all it will, but for corrections. A read that lost rows
 * and waits to be confirmed settles nothing.
 * @param entries of the day, read before its blobs were listed: then the listing has all that they count.
 */
export function settlementOf(
  entries: readonly LedgerEntry[],
  date: string,
  settleHours: number,
): 'settled' | 'provisional' {
  const known = new Map(entries.map((entry) => [entry.window.id, entry]));
  const isSettled = windowsOfDay(date).every(({ id, toMs }) => {
    const entry = known.get(id);
    if (entry?.lastReadAt === undefined || entry.state === 'shrunk') return false;
    return Date.parse(entry.lastReadAt) >= toMs + settleHours * WINDOW_MS;
  });
  return isSettled ? 'settled' : 'provisional';
}
