import { callsOfDay, type CallPlan } from '../../src/local/graph/calls.ts';
import { LATENCY_MS } from '../../src/local/graph/publication.ts';
import { DAY_MS, HOUR_MS, TICKS_A_MS, TICKS_AN_HOUR } from '../../src/local/graph/ticks.ts';
import { directoryOf } from '../../src/local/graph/users.ts';

/** The calls of a UTC day in the order of their starts. */
export interface CountedDay {
  /** Start of each call, in ticks of 100 ns since the day's beginning. */
  ticks: Float64Array;
  /** When each call appears in the log, milliseconds since the epoch. */
  publishedMs: Float64Array;
  /** Calls that start in each hour. */
  byHour: Uint32Array;
}

/**
 * The simulated tenant, with the same calls at the same times (hour of the day, weekday, offices in several time
 * zones, weekly events) and the same time of publication, of which only starts are made. Nothing is withdrawn.
 */
export interface CountedTenant {
  /** @param day days since the epoch */
  day(day: number): CountedDay;
  /** Calls that start in the hour that begins then, and have been published. */
  published(hourMs: number, nowMs: number): number;
}

const CALLS_A_USER_AND_WEEK = 75;
const CACHED_DAYS = 8;
const SEED = 1;

export function countedTenant(callsADay: number): CountedTenant {
  const callsAWeek = callsADay * 7;
  const users = Math.max(1, Math.round(callsAWeek / CALLS_A_USER_AND_WEEK));
  const plan: CallPlan = { seed: SEED, callsAWeek, directory: directoryOf(SEED, users) };
  const days = new Map<number, CountedDay>();
  const finalCounts = new Map<number, Uint32Array>();

  const day = (of: number): CountedDay => {
    const made = days.get(of) ?? countDay(plan, of);
    days.delete(of);
    days.set(of, made);
    finalCounts.set(of, made.byHour);
    const [oldest] = days.keys();
    if (days.size > CACHED_DAYS && oldest !== undefined) days.delete(oldest);
    return made;
  };

  return {
    day,
    published(hourMs, nowMs) {
      const of = Math.floor(hourMs / DAY_MS);
      const hour = (hourMs - of * DAY_MS) / HOUR_MS;
      if (hourMs + HOUR_MS + LATENCY_MS.max <= nowMs)
        return (finalCounts.get(of) ?? day(of).byHour)[hour] ?? 0;
      if (hourMs + LATENCY_MS.min > nowMs) return 0;
      const { ticks, publishedMs } = day(of);
      let count = 0;
      for (let call = firstFrom(ticks, hour * TICKS_AN_HOUR); call < ticks.length; call += 1) {
        if ((ticks[call] ?? 0) >= (hour + 1) * TICKS_AN_HOUR) break;
        if ((publishedMs[call] ?? Infinity) <= nowMs) count += 1;
      }
      return count;
    },
  };
}

function countDay(plan: CallPlan, day: number): CountedDay {
  const calls = callsOfDay(plan, day).sort((a, b) => a.tick - b.tick);
  const byHour = new Uint32Array(24);
  for (const { tick } of calls) {
    const hour = Math.floor(tick / TICKS_AN_HOUR);
    byHour[hour] = (byHour[hour] ?? 0) + 1;
  }
  return {
    ticks: Float64Array.from(calls, ({ tick }) => tick),
    publishedMs: Float64Array.from(calls, ({ publication }) => publication.publishedMs),
    byHour,
  };
}

/** Index of the first call that starts at this tick or later. */
export function firstFrom(ticks: Float64Array, tick: number): number {
  let [low, high] = [0, ticks.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((ticks[middle] ?? 0) < tick) low = middle + 1;
    else high = middle;
  }
  return low;
}

export const ticksOf = (ms: number): number => ms * TICKS_A_MS;
