import { dateOf, DAY_MS, type Window } from './grid.ts';

/** Days before and after a window that tell how many rows it will have. */
const NEARBY_DAYS = [0, 1, 7, 14];

/** The dates of windows, and those that tell what to expect of them, ascending; none that has not begun. */
export function nearbyDates(windows: readonly Window[], nowMs: number): string[] {
  const today = dateOf(nowMs);
  const dates = new Set<string>();
  for (const date of new Set(windows.map((window) => window.date))) {
    const atMs = Date.parse(date);
    for (const days of NEARBY_DAYS) {
      dates.add(dateOf(atMs - days * DAY_MS));
      dates.add(dateOf(atMs + days * DAY_MS));
    }
  }
  return [...dates].filter((date) => date <= today).sort();
}
