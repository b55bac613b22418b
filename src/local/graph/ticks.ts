import type { Instant } from '../../graph/instant.ts';

/** A UTC day as the number of days since 1970-01-01; within it, time in ticks of 100 ns. */
export const DAY_MS = 86_400_000;
export const HOUR_MS = 3_600_000;
export const TICKS_A_MS = 10_000;
export const TICKS_AN_HOUR = HOUR_MS * TICKS_A_MS;
export const TICKS_A_DAY = DAY_MS * TICKS_A_MS;

export const dayOf = (instant: Instant): number => Math.floor(instant.epochMs / DAY_MS);

export const tickOf = (instant: Instant): number =>
  (instant.epochMs - dayOf(instant) * DAY_MS) * TICKS_A_MS + instant.ticks;

export const msOf = (day: number, tick: number): number => day * DAY_MS + Math.floor(tick / TICKS_A_MS);

/** As Graph writes it: `2019-11-01T00:00:08.2589935Z`. Ticks beyond the day's end are in the next days. */
export function instantText(day: number, tick: number): string {
  const text = new Date(msOf(day, tick)).toISOString();
  return `${text.slice(0, 23)}${String(tick % TICKS_A_MS).padStart(4, '0')}Z`;
}
