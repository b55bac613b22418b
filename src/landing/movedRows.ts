import {
  DAY_MS,
  dateOf,
  sourceStartMs,
  type Window,
  WINDOW_MS,
  WINDOWS_A_DAY,
  windowsOfDay,
} from '../windows/grid.ts';

/**
 * Where rows that a read no longer found may have gone, because their start was corrected: the days of their
 * windows, and from the hours at midnight the neighbouring day. Ascending, only windows that have ended and that
 * are read without a command.
 */
export function whereRowsMayBe(losing: readonly Window[], nowMs: number, sourceDays: number): Window[] {
  const endedMs = Math.floor(nowMs / WINDOW_MS) * WINDOW_MS;
  const oldestMs = sourceStartMs(nowMs, sourceDays);
  const dates = new Set(losing.flatMap(datesNear));
  return [...dates]
    .sort()
    .flatMap(windowsOfDay)
    .filter(({ fromMs, toMs }) => fromMs >= oldestMs && toMs <= endedMs);
}

function datesNear({ date, hour, fromMs }: Window): string[] {
  if (hour === 0) return [dateOf(fromMs - DAY_MS), date];
  if (hour === WINDOWS_A_DAY - 1) return [date, dateOf(fromMs + DAY_MS)];
  return [date];
}
