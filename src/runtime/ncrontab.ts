import { CronExpressionParser } from 'cron-parser';

/** An NCRONTAB schedule, in UTC. */
export interface Schedule {
  /** The first occurrence after `afterMs`, in milliseconds since the epoch. */
  next: (afterMs: number) => number;
}

/** The text is no schedule that the cloud would accept, or one that never comes. */
export class ScheduleError extends Error {
  override readonly name = 'ScheduleError';
}

const MONTHS = 'january february march april may june july august september october november december'.split(
  ' ',
);
const DAYS = 'sunday monday tuesday wednesday thursday friday saturday'.split(' ');
const DAY_MS = 24 * 3_600_000;
/** Every combination of a day of the month and a day of the week returns within 40 years. */
const MAX_SKIPPED_DAYS = 40 * 366;

/**
 * Reads `second minute hour day month day-of-week`; five fields begin with the minute. Two things set it
 * apart from the cron of Unix: a day must match day *and* day-of-week where both are given, and there is no
 * `?`, `L`, `W`, `#` and no 7 for Sunday.
 * @throws ScheduleError
 */
export function parseNcrontab(text: string): Schedule {
  const given = text.trim().split(/\s+/);
  const fields = given.length === 5 ? ['0', ...given] : given;
  if (fields.length !== 6) {
    throw fault(text, 'it needs six fields: second minute hour day month day-of-week');
  }
  const numbers = fields.map((field, i) =>
    number(field, i === 4 ? MONTHS : i === 5 ? DAYS : [], i === 4 ? 1 : 0),
  );
  if (numbers.some((field) => !/^[\d*,\-/]+$/.test(field))) {
    throw fault(text, 'only numbers, names of months and days, and * , - / may stand in it');
  }
  const anyWeekday = `${numbers.slice(0, 5).join(' ')} *`;
  const weekdays = weekdaysOf(text, numbers[5] ?? '*');
  const occurrence = (afterMs: number): number => {
    try {
      return CronExpressionParser.parse(anyWeekday, { currentDate: new Date(afterMs), tz: 'UTC' })
        .next()
        .getTime();
    } catch (cause) {
      throw fault(text, cause instanceof Error ? cause.message : String(cause), cause);
    }
  };
  const schedule: Schedule = {
    next(afterMs) {
      let candidate = occurrence(afterMs);
      for (let skipped = 0; skipped < MAX_SKIPPED_DAYS; skipped++) {
        if (weekdays.has(new Date(candidate).getUTCDay())) return candidate;
        candidate = occurrence(Math.floor(candidate / DAY_MS + 1) * DAY_MS - 1);
      }
      throw fault(text, 'it never comes');
    },
  };
  schedule.next(0);
  return schedule;
}

/** Names, whole or cut, become numbers. */
function number(field: string, names: readonly string[], first: number): string {
  return field.replace(/[a-z]{3,}/gi, (name) => {
    const index = names.findIndex((full) => full.startsWith(name.toLowerCase()));
    return index < 0 ? name : String(index + first);
  });
}

function weekdaysOf(text: string, field: string): ReadonlySet<number> {
  if (/7/.test(field.replace(/\/\d+/g, ''))) throw fault(text, 'the day of the week is 0 (Sunday) to 6');
  try {
    const { fields } = CronExpressionParser.parse(`0 0 0 * * ${field}`, { tz: 'UTC' });
    return new Set(fields.dayOfWeek.values.map((value) => Number(value) % 7));
  } catch (cause) {
    throw fault(text, cause instanceof Error ? cause.message : String(cause), cause);
  }
}

const fault = (text: string, why: string, cause?: unknown): ScheduleError =>
  new ScheduleError(
    `"${text}" is not an NCRONTAB schedule: ${why}. For example, 0 */15 * * * * is every 15 minutes`,
    { cause },
  );
