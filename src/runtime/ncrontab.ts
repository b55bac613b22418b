import { Cron } from 'croner';

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
  if (numbers.some((field) => !field.split(',').every((part) => /^(\*|\d+(-\d+)?)(\/\d+)?$/.test(part)))) {
    throw fault(
      text,
      'only numbers, names of months and days, and * , - / may stand in it, as 5-10/2 or 1,15',
    );
  }
  if (/7/.test((numbers[5] ?? '').replace(/\/\d+/g, ''))) {
    throw fault(text, 'the day of the week is 0 (Sunday) to 6');
  }
  const cron = read(text, numbers.join(' '));
  const schedule: Schedule = {
    next(afterMs) {
      const found = cron.nextRun(new Date(afterMs));
      if (found === null) throw fault(text, 'it never comes');
      return found.getTime();
    },
  };
  schedule.next(0);
  return schedule;
}

function read(text: string, pattern: string): Cron {
  try {
    return new Cron(pattern, { utcOffset: 0, mode: '6-part', domAndDow: true, sloppyRanges: true });
  } catch (cause) {
    throw fault(text, cause instanceof Error ? cause.message : String(cause), cause);
  }
}

/** Names, whole or cut, become numbers. */
function number(field: string, names: readonly string[], first: number): string {
  return field.replace(/[a-z]{3,}/gi, (name) => {
    const index = names.findIndex((full) => full.startsWith(name.toLowerCase()));
    return index < 0 ? name : String(index + first);
  });
}

const fault = (text: string, why: string, cause?: unknown): ScheduleError =>
  new ScheduleError(
    `"${text}" is not an NCRONTAB schedule: ${why}. For example, 0 */15 * * * * is every 15 minutes`,
    { cause },
  );
