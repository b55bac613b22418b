import { DAY_MS, dateOf, datesBetween } from '../windows/grid.ts';

/** Largest day on which a billing month may begin: every month of the calendar has it. */
export const MAX_BILLING_DAY = 28;

/**
 * The billing month of a UTC date, `YYYY-MM`: named after the date on which it begins.
 * @param billingDay 1 to 28: the day of the month on which a billing month begins.
 */
export function monthOf(date: string, billingDay: number): string {
  checkBillingDay(billingDay);
  const month = date.slice(0, 7);
  return Number(date.slice(8)) >= billingDay ? month : monthBefore(month);
}

/** The dates of a billing month, ascending: 28 to 31, gapless with those of the months around it. */
export function daysOfMonth(month: string, billingDay: number): string[] {
  return datesBetween(beginMs(month, billingDay), beginMs(monthAfter(month), billingDay));
}

/**
 * Every month that may hold one of these dates, whatever the billing day was when it was written: that of the
 * calendar and the one before it. Ascending.
 */
export function possibleMonths(dates: Iterable<string>): string[] {
  const months = new Set<string>();
  for (const date of dates) {
    for (const billingDay of [1, MAX_BILLING_DAY]) months.add(monthOf(date, billingDay));
  }
  return [...months].sort();
}

function beginMs(month: string, billingDay: number): number {
  checkBillingDay(billingDay);
  return Date.parse(`${month}-${String(billingDay).padStart(2, '0')}T00:00:00Z`);
}

const monthBefore = (month: string): string =>
  dateOf(Date.parse(`${month}-01T00:00:00Z`) - DAY_MS).slice(0, 7);
const monthAfter = (month: string): string =>
  dateOf(Date.parse(`${month}-01T00:00:00Z`) + 31 * DAY_MS).slice(0, 7);

function checkBillingDay(billingDay: number): void {
  if (Number.isInteger(billingDay) && billingDay >= 1 && billingDay <= MAX_BILLING_DAY) return;
  throw new RangeError(`a billing month begins on day 1 to ${MAX_BILLING_DAY}, not on ${billingDay}`);
}
