import { OFFICES } from './countries.ts';
import { WEEKLY_EVENTS, weekOf, weekdayOf, type EventCall, type WeeklyEvent } from './events.ts';
import { exampleCalls } from './exampleRow.ts';
import { publicationOf, type Publication } from './publication.ts';
import { STREAM, randomOf } from './random.ts';
import { TICKS_AN_HOUR, msOf } from './ticks.ts';
import type { Directory, TenantUser } from './users.ts';
import type { PstnCallRow, WireRow } from './wire.ts';

/** A call before its row is written out: all that says whether and where it appears. */
export interface PlannedCall {
  day: number;
  /** Distinguishes the calls of a day; with the seed and the day it decides the whole row. */
  index: number;
  /** Start, in ticks of 100 ns since the day's beginning. */
  tick: number;
  user: TenantUser | undefined;
  publication: Publication;
  event?: EventCall;
  /** The row, where it is given and not made. */
  fixed?: PstnCallRow;
  /** What a trap does to the row. */
  alter?: (row: WireRow) => WireRow;
}

export interface CallPlan {
  seed: number;
  directory: Directory;
  callsAWeek: number;
}

const HOURS_A_DAY = 24;
// Calls by hour of the caller's day, and by weekday from Monday; only their proportions matter.
const BY_HOUR = [
  0.2, 0.1, 0.1, 0.1, 0.1, 0.3, 1, 3, 7, 10, 11, 10, 7, 8, 10, 10, 9, 7, 4, 2, 1.2, 0.8, 0.5, 0.3,
];
const BY_WEEKDAY = [1.05, 1.1, 1, 1.05, 0.85, 0.07, 0.05];
const sum = (numbers: readonly number[]): number => numbers.reduce((total, number) => total + number, 0);
const WEEK_TOTAL = sum(BY_HOUR) * sum(BY_WEEKDAY);

/** All calls that start on a UTC day, in no particular order: a function of seed, directory and day alone. */
export function callsOfDay(plan: CallPlan, day: number): PlannedCall[] {
  const { seed } = plan;
  const calls: PlannedCall[] = [];
  const add = (tick: number, user: TenantUser | undefined, event?: EventCall): void => {
    const index = calls.length;
    const publication = publicationOf(seed, day, index, msOf(day, tick));
    calls.push({ day, index, tick, user, publication, ...(event && { event }) });
  };
  addOrdinaryCalls(plan, day, add);
  WEEKLY_EVENTS.forEach((event, number) => addEvent(plan, day, event, number, add));
  return [...calls, ...exampleCalls(day)];
}

type Add = (tick: number, user: TenantUser | undefined, event?: EventCall) => void;

function addOrdinaryCalls({ seed, directory, callsAWeek }: CallPlan, day: number, add: Add): void {
  const random = randomOf(seed, STREAM.day, day);
  const all = sum(directory.callers.map((callers) => callers.length));
  OFFICES.forEach((office, number) => {
    const callers = directory.callers[number] ?? [];
    if (callers.length === 0) return;
    for (let hour = 0; hour < HOURS_A_DAY; hour += 1) {
      const mean = (callsAWeek * callers.length * share(day, hour + office.utcOffsetHours)) / all;
      for (let left = random.count(mean); left > 0; left -= 1) {
        add(Math.floor((hour + random.unit()) * TICKS_AN_HOUR), random.pick(callers));
      }
    }
  });
}

/** Share of a week's calls in one hour; the hour may lie before or after the day. */
function share(day: number, hour: number): number {
  const localDay = day + Math.floor(hour / HOURS_A_DAY);
  const localHour = hour - (localDay - day) * HOURS_A_DAY;
  return ((BY_HOUR[localHour] ?? 0) * (BY_WEEKDAY[weekdayOf(localDay)] ?? 0)) / WEEK_TOTAL;
}

/** One user makes all calls of an event. */
function addEvent(plan: CallPlan, day: number, event: WeeklyEvent, number: number, add: Add): void {
  const week = weekOf(day);
  const { users } = plan.directory;
  if (weekdayOf(day) !== event.weekday(week) || users.length === 0) return;
  const random = randomOf(plan.seed, STREAM.event, week, number);
  const user = random.pick(users);
  const destination = event.destination(week);
  const calls = Math.min(event.atMost, Math.round(plan.callsAWeek * event.share));
  for (let left = calls; left > 0; left -= 1) {
    const tick = Math.floor((event.fromHour + random.unit() * event.hours) * TICKS_AN_HOUR);
    const durationSeconds = random.between(event.minutes.min * 60, event.minutes.max * 60);
    add(tick, user, { callType: event.callType, destination, durationSeconds });
  }
}
