import { isWatched } from './dayMemory.ts';
import { dateOf, DAY_MS, datesBetween, sourceStartMs, WINDOW_MS } from './grid.ts';
import { liveSpanMs } from './planner.ts';
import type { PlannerSettings } from './plannerSettings.ts';
import type { PlannerState } from './plannerState.ts';

/** How far back a tick looks. */
export interface Passes {
  /** At all days that Graph still answers for. */
  daily: boolean;
  /** At all older days as well. */
  weekly: boolean;
}

const WEEK_DAYS = 7;

/** Counted in dates: by the hour, each pass would come a little later than the one before. */
export function passesDue(state: PlannerState, nowMs: number): Passes {
  const daysSince = (instant: string | undefined): number =>
    instant === undefined ? Infinity : Math.floor(nowMs / DAY_MS) - Math.floor(Date.parse(instant) / DAY_MS);
  const daily = daysSince(state.lastDailyPassAt) !== 0;
  return { daily, weekly: daily && Math.abs(daysSince(state.lastWeeklyPassAt)) >= WEEK_DAYS };
}

/**
 * Live days each tick, all that Graph still answers for once a day, older ones once a week, and those that lagged
 * behind when they were looked at last.
 * @param oldDates dates with raw blobs; only asked for in a weekly pass
 */
export function datesToLookAt(
  nowMs: number,
  { daily, weekly }: Passes,
  state: PlannerState,
  settings: PlannerSettings,
  oldDates: readonly string[],
): string[] {
  const liveFromMs = nowMs - liveSpanMs(settings) - WINDOW_MS;
  const sourceFromMs = sourceStartMs(nowMs, settings.sourceDays);
  const fromMs = daily ? Math.min(liveFromMs, sourceFromMs) : liveFromMs;
  const watched = Object.entries(state.days).flatMap(([date, memory]) => (isWatched(memory) ? [date] : []));
  const dates = new Set([...watched, ...datesBetween(fromMs, nowMs)]);
  if (weekly) {
    const covered = datesBetween(Date.parse(state.coverageFrom), sourceFromMs);
    for (const date of [...covered, ...oldDates]) if (date <= dateOf(nowMs)) dates.add(date);
  }
  return [...dates].sort();
}
