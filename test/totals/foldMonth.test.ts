import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type DayOfMonth, foldMonth, monthFoldVersion } from '../../src/totals/foldMonth.ts';
import { daysOfMonth } from '../../src/totals/monthCalendar.ts';
import { aMonthCall, anyMonthCall, expectedTotals, inOrder, type MonthCall } from './support/monthOracle.ts';

const dayOf = (date: string, calls: readonly MonthCall[], rejected = 0): DayOfMonth => ({
  date,
  rows: calls.length,
  rejected,
  ...expectedTotals(new Map([[date, calls]])),
});

const anyMonth = fc
  .tuple(
    fc.constantFrom('2024-02', '2023-02', '2026-12', '2026-11'),
    fc.constantFrom(1, 15, 28),
    fc.array(fc.array(anyMonthCall, { maxLength: 4 }), { maxLength: 31 }),
  )
  .map(([month, billingDay, calls]) => {
    const dates = daysOfMonth(month, billingDay);
    return new Map(dates.flatMap((date, at) => (calls[at] === undefined ? [] : [[date, calls[at]]])));
  });

describe('the totals of a month', () => {
  it('are those of all its calls, in every currency and by every value', async () => {
    await fc.assert(
      fc.asyncProperty(anyMonth, async (days) => {
        const folded = await foldMonth([...days].map(([date, calls], at) => dayOf(date, calls, at + 1)));
        const expected = expectedTotals(days);
        expect(inOrder(folded.totals)).toEqual(expected.totals);
        expect(inOrder(folded.breakdowns)).toEqual(expected.breakdowns);
        expect(folded.rows).toBe([...days.values()].flat().length);
        expect(folded.rejected).toBe((days.size * (days.size + 1)) / 2);
      }),
    );
  });

  it('keep a name that the later days do not have, and take the one they have', async () => {
    const { totals } = await foldMonth([
      dayOf('2026-11-01', [aMonthCall({ userDisplayName: 'Old', userPrincipalName: 'old@x.test' })]),
      dayOf('2026-11-02', [aMonthCall({ userDisplayName: 'New', userPrincipalName: null })]),
      dayOf('2026-11-03', [aMonthCall({ userDisplayName: null, userPrincipalName: null })]),
    ]);
    expect(totals).toMatchObject([
      {
        userDisplayName: 'New',
        userPrincipalName: 'old@x.test',
        calls: 3,
        firstCallAt: '2026-11-01T08:00:00.0000000Z',
        lastCallAt: '2026-11-03T08:00:00.0000000Z',
      },
    ]);
  });

  it('add micro-units beyond what a double holds', async () => {
    const chargeMicros = 999_999_999_999_999n;
    const days = daysOfMonth('2026-12', 1).map((date) =>
      dayOf(date, [aMonthCall({ chargeMicros }), aMonthCall({ chargeMicros })]),
    );
    const { totals } = await foldMonth(days);
    expect(totals).toMatchObject([{ chargeMicros: 61_999_999_999_999_938n }]);
  });

  it('leave the days as they are', async () => {
    const day = dayOf('2026-11-01', [aMonthCall()]);
    const before = structuredClone(day);
    await foldMonth([day, dayOf('2026-11-02', [aMonthCall()])]);
    expect(day).toEqual(before);
  });

  it('take each day once and in order', async () => {
    const day = dayOf('2026-11-02', [aMonthCall()]);
    await expect(foldMonth([day, day])).rejects.toThrow(/2026-11-02 of a month comes after 2026-11-02/);
    await expect(foldMonth([day, dayOf('2026-11-01', [])])).rejects.toThrow(RangeError);
  });

  it('are of another version by another billing day', () => {
    expect(monthFoldVersion(1)).not.toBe(monthFoldVersion(15));
  });
});
