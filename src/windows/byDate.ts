import type { Window } from './grid.ts';

/** Windows by their UTC date, in the order in which they came. */
export function byDate(windows: readonly Window[]): Map<string, Window[]> {
  const days = new Map<string, Window[]>();
  for (const window of windows) {
    const day = days.get(window.date);
    if (day === undefined) days.set(window.date, [window]);
    else day.push(window);
  }
  return days;
}
