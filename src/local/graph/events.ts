import { CALL_TYPES, type CallType } from './callTypes.ts';
import { RARE_DESTINATIONS, SATELLITE, type Destination } from './countries.ts';

/** Something unusual that happens once in every calendar week (UTC, from Monday). */
export interface WeeklyEvent {
  name: string;
  /** 0 is Monday. */
  weekday(week: number): number;
  fromHour: number;
  hours: number;
  /** Of the tenant's weekly calls; a small tenant has fewer, or none. */
  share: number;
  atMost: number;
  callType: CallType;
  destination(week: number): Destination;
  minutes: { min: number; max: number };
}

/** What an event says about one of its calls. */
export interface EventCall {
  callType: CallType;
  destination: Destination;
  durationSeconds: number;
}

const userOut = CALL_TYPES.find((type) => type.name === 'user_out') as CallType;
const WORKDAYS = 5;

export const WEEKLY_EVENTS: readonly WeeklyEvent[] = [
  {
    name: 'an expensive day: long calls to satellite telephones',
    weekday: (week) => week % WORKDAYS,
    fromHour: 12,
    hours: 4,
    share: 0.001,
    atMost: 25,
    callType: userOut,
    destination: () => SATELLITE,
    minutes: { min: 20, max: 55 },
  },
  {
    name: 'a burst in the night to a country that nobody called in the twelve weeks before',
    weekday: (week) => (week + 2) % WORKDAYS,
    fromHour: 1,
    hours: 2,
    share: 0.002,
    atMost: 40,
    callType: userOut,
    destination: (week) => RARE_DESTINATIONS[week % RARE_DESTINATIONS.length] as Destination,
    minutes: { min: 3, max: 12 },
  },
];

// 1970-01-01 was a Thursday.
const MONDAY_OFFSET = 3;
export const weekOf = (day: number): number => Math.floor((day + MONDAY_OFFSET) / 7);
export const weekdayOf = (day: number): number => day + MONDAY_OFFSET - weekOf(day) * 7;
