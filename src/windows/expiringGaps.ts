import { DAY_MS, sourceStartMs, type Window, WINDOW_MS, windowsOfDay } from './grid.ts';
import type { LedgerEntry } from './ledger.ts';

/** Half-open, milliseconds since the epoch. */
export interface Gap {
  fromMs: number;
  toMs: number;
}

/** So long before Graph may no longer have its calls, a window that was never read is an error. */
export const EXPIRES_SOON_MS = 2 * DAY_MS;

/**
 * Spans of windows that were never read and soon cannot be read any more, oldest first.
 * @param days the days that were looked at, by date, with what the ledger knows of each
 * @param coverageFromMs windows from here on are read without being asked for; an earlier one is missed only if
 *   the ledger knows it
 */
export function expiringGaps(
  days: ReadonlyMap<string, readonly LedgerEntry[]>,
  { nowMs, coverageFromMs, sourceDays }: { nowMs: number; coverageFromMs: number; sourceDays: number },
): Gap[] {
  const fromMs = sourceStartMs(nowMs, sourceDays);
  const isSoon = (window: Window): boolean =>
    window.fromMs >= fromMs && window.fromMs < fromMs + EXPIRES_SOON_MS && window.toMs <= nowMs;
  const gaps: Gap[] = [];
  for (const [date, entries] of [...days].sort(([a], [b]) => (a < b ? -1 : 1))) {
    const known = new Map(entries.map((entry) => [entry.window.id, entry]));
    for (const window of windowsOfDay(date).filter(isSoon)) {
      const entry = known.get(window.id);
      const isMissed = entry === undefined ? window.fromMs >= coverageFromMs : entry.reads === 0;
      if (isMissed) append(gaps, window);
    }
  }
  return gaps;
}

function append(gaps: Gap[], { fromMs, toMs }: Window): void {
  const last = gaps.at(-1);
  if (last?.toMs === fromMs) last.toMs = toMs;
  else gaps.push({ fromMs, toMs });
}

/** Cuts a gap where Graph may no longer have its calls, and where that comes soon. */
export function byExpiry(
  gap: Gap,
  nowMs: number,
  sourceDays: number,
): Record<'lost' | 'soon' | 'later', Gap[]> {
  // A window can be read as long as it begins within the range.
  const lostMs = Math.ceil(sourceStartMs(nowMs, sourceDays) / WINDOW_MS) * WINDOW_MS;
  const part = (fromMs: number, toMs: number): Gap[] => {
    const cut = { fromMs: Math.max(gap.fromMs, fromMs), toMs: Math.min(gap.toMs, toMs) };
    return cut.fromMs < cut.toMs ? [cut] : [];
  };
  const soonMs = lostMs + EXPIRES_SOON_MS;
  return { lost: part(-Infinity, lostMs), soon: part(lostMs, soonMs), later: part(soonMs, Infinity) };
}
