import type { Instant } from '../../graph/instant.ts';
import { callsOfDay, type CallPlan, type PlannedCall } from './calls.ts';
import { CHANGES_END_MS, isVisible } from './publication.ts';
import { rowOf } from './rows.ts';
import { DAY_MS, TICKS_A_DAY, dayOf, tickOf } from './ticks.ts';
import { plantedCalls } from './traps/plantedCalls.ts';
import type { DataTraps } from './traps/traps.ts';
import { directoryOf, type Directory } from './users.ts';
import type { WireRow } from './wire.ts';

export interface TenantOptions {
  seed?: number;
  /** Default 400. */
  users?: number;
  /** Calls of a week without holidays. Default 75 a user. */
  callsAWeek?: number;
  traps?: Partial<DataTraps>;
  /** The rows of a day in no order of time. */
  shuffled?: boolean;
}

/** A part of the rows whose calls started in `[from, to]`: both bounds are included. */
export interface Query {
  from: Instant;
  to: Instant;
  /** Only what has been published by then, in its state of then. */
  nowMs: number;
  skip: number;
  limit: number;
}

/** A tenant's log of PSTN calls, made when it is asked for: a function of its options, the query and the time. */
export interface Tenant {
  directory: Directory;
  /** By start (or in no order, see {@link TenantOptions}); the order is the same whatever the range. */
  rows(query: Query): WireRow[];
}

// A planned call takes about 200 bytes.
const CACHED_CALLS = 400_000;
const DEFAULT_SEED = 1;
const DEFAULT_USERS = 400;
const CALLS_A_USER_AND_WEEK = 75;

export function createTenant(options: TenantOptions = {}): Tenant {
  const { seed = DEFAULT_SEED, users = DEFAULT_USERS, traps = {}, shuffled = false } = options;
  const callsAWeek = options.callsAWeek ?? users * CALLS_A_USER_AND_WEEK;
  const plan: CallPlan = { seed, callsAWeek, directory: directoryOf(seed, users) };
  const calls = cachedDays((day) => {
    const planned = [...callsOfDay(plan, day), ...plantedCalls(plan, traps, day)];
    return planned.sort(shuffled ? byScatteredIndex : (a, b) => a.tick - b.tick || a.index - b.index);
  });
  const finalCounts = new Map<number, number>();

  /** Rows of a whole day, if their number can be told without making the day again. */
  const knownCount = (day: number, nowMs: number): number | undefined => {
    if ((day + 1) * DAY_MS + CHANGES_END_MS > nowMs) return undefined;
    const count =
      finalCounts.get(day) ?? calls(day).filter((call) => isVisible(call.publication, nowMs)).length;
    finalCounts.set(day, count);
    return count;
  };

  const rows = ({ from, to, nowMs, skip, limit }: Query): WireRow[] => {
    const found: WireRow[] = [];
    let toSkip = skip;
    for (let day = dayOf(from); day <= dayOf(to) && found.length < limit; day += 1) {
      if (day * DAY_MS > nowMs) break;
      const first = day === dayOf(from) ? tickOf(from) : 0;
      const last = day === dayOf(to) ? tickOf(to) : TICKS_A_DAY;
      const whole = first === 0 && last === TICKS_A_DAY;
      const count = whole && toSkip > 0 ? knownCount(day, nowMs) : undefined;
      if (count !== undefined && count <= toSkip) {
        toSkip -= count;
        continue;
      }
      const visible = calls(day).filter(
        (call) => call.tick >= first && call.tick <= last && isVisible(call.publication, nowMs),
      );
      for (const call of visible.slice(toSkip, toSkip + limit - found.length)) {
        found.push(rowOf(plan, call, nowMs));
      }
      toSkip = Math.max(0, toSkip - visible.length);
    }
    return found;
  };
  return { directory: plan.directory, rows };
}

/** Keeps the days that were asked for last, up to a number of calls. */
function cachedDays(make: (day: number) => PlannedCall[]): (day: number) => readonly PlannedCall[] {
  const days = new Map<number, PlannedCall[]>();
  let held = 0;
  return (day) => {
    const calls = days.get(day) ?? make(day);
    if (!days.delete(day)) held += calls.length;
    days.set(day, calls);
    for (const [oldest, { length }] of days) {
      if (held <= CACHED_CALLS || oldest === day) break;
      days.delete(oldest);
      held -= length;
    }
    return calls;
  };
}

/** An order that has nothing to do with time: a bijection of the index, by a large odd factor. */
const byScatteredIndex = (a: PlannedCall, b: PlannedCall): number => scattered(a.index) - scattered(b.index);
const scattered = (index: number): number => Math.imul(index, 0x9e3779b1) >>> 0;
