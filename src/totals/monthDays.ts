import { inParallel } from '../runtime/inParallel.ts';
import type { Table } from '../storage/tables.ts';
import { type DayHead, type DayState, readDayHead } from './dayHead.ts';
import type { HeadVector } from './headColumns.ts';
import { daysOfMonth } from './monthCalendar.ts';

/** What a month knows of one of its days. */
export type MonthDay = Pick<DayHead, 'snapshot' | 'state'> | undefined;

/** The days of a month by their heads. */
export interface MonthDays {
  /** By date, name of the snapshot in force, ascending. Days without are missing. */
  vector: HeadVector;
  state: DayState;
}

const PARALLEL_READS = 8;

/** Looks at the heads of a month's days, one point read each. */
export async function readMonthDays(
  dailyTotals: Table,
  month: string,
  billingDay: number,
): Promise<MonthDays> {
  const heads = new Map<string, MonthDay>();
  const dates = daysOfMonth(month, billingDay);
  await inParallel(dates, PARALLEL_READS, async (date) => {
    heads.set(date, await readDayHead(dailyTotals, date));
  });
  return monthDays(dates.map((date) => [date, heads.get(date)]));
}

/**
 * What a month is to be made of. A day counts as its head's snapshot has it, whoever may be writing its totals
 * just now.
 * @param days every day of the month, ascending; undefined if it was never folded.
 */
export function monthDays(days: readonly (readonly [date: string, day: MonthDay])[]): MonthDays {
  const entries: [string, string][] = [];
  let provisional = false;
  let restated = false;
  for (const [date, day] of days) {
    if (day?.snapshot === undefined) {
      provisional = true;
      continue;
    }
    entries.push([date, day.snapshot]);
    if (day.state === 'provisional') provisional = true;
    if (day.state === 'restated') restated = true;
  }
  return {
    vector: Object.fromEntries(entries),
    state: provisional ? 'provisional' : restated ? 'restated' : 'settled',
  };
}
