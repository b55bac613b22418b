import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { daysOfMonth, MAX_BILLING_DAY, monthOf, possibleMonths } from '../../src/totals/monthCalendar.ts';

const anyBillingDay = fc.integer({ min: 1, max: 28 });
const anyDate = fc
  .date({ min: new Date('2000-02-01T00:00:00Z'), max: new Date('2099-11-30T00:00:00Z'), noInvalidDate: true })
  .map((date) => date.toISOString().slice(0, 10));

/** The day after, by the calendar of the platform and not by adding milliseconds. */
const dayAfter = (date: string): string => {
  const next = new Date(`${date}T12:00:00Z`);
  next.setUTCDate(next.getUTCDate() + 1);
  return next.toISOString().slice(0, 10);
};

describe('a billing month', () => {
  it.each([
    [1, '2026-11-01', '2026-11'],
    [1, '2026-11-30', '2026-11'],
    [1, '2026-12-01', '2026-12'],
    [15, '2026-11-14', '2026-10'],
    [15, '2026-11-15', '2026-11'],
    [15, '2026-12-14', '2026-11'],
    [15, '2027-01-14', '2026-12'],
    [28, '2024-02-27', '2024-01'],
    [28, '2024-02-28', '2024-02'],
    [28, '2024-02-29', '2024-02'],
    [28, '2023-03-01', '2023-02'],
    [28, '2026-01-01', '2025-12'],
  ])('that begins on day %i: %s lies in %s', (billingDay, date, month) => {
    expect(monthOf(date, billingDay)).toBe(month);
  });

  it.each([
    ['2024-02', 1, '2024-02-01', '2024-02-29', 29],
    ['2023-02', 1, '2023-02-01', '2023-02-28', 28],
    ['2000-02', 1, '2000-02-01', '2000-02-29', 29],
    ['2026-12', 1, '2026-12-01', '2026-12-31', 31],
    ['2024-02', 15, '2024-02-15', '2024-03-14', 29],
    ['2023-02', 15, '2023-02-15', '2023-03-14', 28],
    ['2024-01', 28, '2024-01-28', '2024-02-27', 31],
    ['2024-02', 28, '2024-02-28', '2024-03-27', 29],
    ['2023-02', 28, '2023-02-28', '2023-03-27', 28],
    ['2026-12', 28, '2026-12-28', '2027-01-27', 31],
  ])('%s of day %i goes from %s to %s: %i days', (month, billingDay, first, last, count) => {
    const days = daysOfMonth(month, billingDay);
    expect([days[0], days.at(-1), days.length]).toEqual([first, last, count]);
  });

  it('has every date once, in months that follow each other without a gap, on any day', () => {
    fc.assert(
      fc.property(anyDate, anyBillingDay, (date, billingDay) => {
        const month = monthOf(date, billingDay);
        const days = daysOfMonth(month, billingDay);
        expect(days).toContain(date);
        expect(days[0]).toBe(`${month}-${String(billingDay).padStart(2, '0')}`);
        for (const [at, day] of days.entries()) {
          expect(monthOf(day, billingDay)).toBe(month);
          if (at > 0) expect(day).toBe(dayAfter(days[at - 1] ?? ''));
        }
        const next = dayAfter(days.at(-1) ?? '');
        expect(monthOf(next, billingDay) > month).toBe(true);
        expect(daysOfMonth(monthOf(next, billingDay), billingDay)[0]).toBe(next);
      }),
    );
  });

  it('that holds a date by any billing day is one of the possible months', () => {
    fc.assert(
      fc.property(fc.array(anyDate, { maxLength: 5 }), (dates) => {
        const all = dates.flatMap((date) =>
          Array.from({ length: MAX_BILLING_DAY }, (_, before) => monthOf(date, before + 1)),
        );
        expect(possibleMonths(dates)).toEqual([...new Set(all)].sort());
      }),
    );
  });

  it.each([0, 29, 1.5, Number.NaN])('does not begin on day %d', (billingDay) => {
    expect(() => monthOf('2026-11-01', billingDay)).toThrow(RangeError);
    expect(() => daysOfMonth('2026-11', billingDay)).toThrow(/1 to 28/);
  });
});
