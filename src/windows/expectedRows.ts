import { DAY_MS, type Window, windowAt, WINDOW_MS } from './grid.ts';
import type { LedgerEntry } from './ledger.ts';

/** Rows that a window is taken to have when nothing is known of it. */
export const UNKNOWN_WINDOW_ROWS = 1_000;

/** How many weeks back the same hour of the same weekday is looked at. */
export const EARLIER_WEEKS = 2;

const WEEK_MS = 7 * DAY_MS;

/**
 * How many rows a window will have: its own at the last read once they hardly move any more, else its own or
 * the mean of the same hour in earlier weeks, whichever is more (rows come late), else a fixed number.
 */
export function expectedRows(
  days: ReadonlyMap<string, readonly LedgerEntry[]>,
  settleHours: number,
): (window: Window) => number {
  const read = new Map<string, LedgerEntry>();
  for (const entries of days.values()) {
    for (const entry of entries) if (entry.lastReadAt !== undefined) read.set(entry.window.id, entry);
  }
  return (window) => {
    const own = read.get(window.id);
    if (own?.lastReadAt !== undefined && isSettled(window, own.lastReadAt, settleHours)) return own.rows;
    const earlier = earlierWeeks(window.fromMs).flatMap(
      (fromMs) => read.get(windowAt(fromMs).id)?.rows ?? [],
    );
    if (earlier.length === 0) return own?.rows ?? UNKNOWN_WINDOW_ROWS;
    const mean = earlier.reduce((sum, rows) => sum + rows, 0) / earlier.length;
    return Math.max(own?.rows ?? 0, Math.ceil(mean));
  };
}

/** The same instant in each of the earlier weeks, nearest first. */
export const earlierWeeks = (fromMs: number): number[] =>
  Array.from({ length: EARLIER_WEEKS }, (_, i) => fromMs - (i + 1) * WEEK_MS);

const isSettled = (window: Window, readAt: string, settleHours: number): boolean =>
  Date.parse(readAt) >= window.toMs + settleHours * WINDOW_MS;
