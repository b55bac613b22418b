import type { TableClient } from '@azure/data-tables';
import { expect } from 'vitest';
import { expectedDay, type ExpectedTotals } from '../../support/expectedDay.ts';

/** What is added up; names and first and last calls are judged for days. */
type Sums = Pick<
  ExpectedTotals,
  | 'calls'
  | 'callsIn'
  | 'callsOut'
  | 'durationSeconds'
  | 'chargeMicros'
  | 'connectionChargeMicros'
  | 'callsUnpriced'
>;

/** Every month is the sum of its days, by user and currency. @param days JSON of the rows of each day, by date. */
export async function expectMonths(
  monthlyTotals: TableClient,
  days: ReadonlyMap<string, readonly string[]>,
): Promise<void> {
  const expected = new Map<string, Sums>();
  for (const [date, rows] of days) {
    for (const totals of expectedDay(date, rows).totals) {
      const key = keyOf(date.slice(0, 7), totals.userId, totals.currency);
      const sum = expected.get(key);
      expected.set(key, sum === undefined ? sumsOf(totals) : added(sum, totals));
    }
  }
  const found = new Map<string, Sums>();
  const heads: Record<string, unknown> = {};
  for await (const entity of monthlyTotals.listEntities()) {
    const { partitionKey: month = '', rowKey = '' } = entity;
    if (rowKey === '!month') heads[month] = { complete: entity['complete'], open: entity['open'] };
    if (rowKey.startsWith('!')) continue;
    const totals = entity as unknown as Sums & { userId?: string; currency?: string };
    found.set(keyOf(month, totals.userId, totals.currency), sumsOf(totals));
  }
  const months = new Set([...days.keys()].map((date) => date.slice(0, 7)));
  for (const month of months) expect(heads[month]).toEqual({ complete: true, open: false });
  expect(found).toEqual(expected);
}

const keyOf = (month: string, user: string | undefined, currency: string | undefined): string =>
  JSON.stringify([month, user ?? null, currency ?? null]);

const sumsOf = (totals: Sums): Sums => ({
  calls: totals.calls,
  callsIn: totals.callsIn,
  callsOut: totals.callsOut,
  durationSeconds: totals.durationSeconds,
  chargeMicros: totals.chargeMicros,
  connectionChargeMicros: totals.connectionChargeMicros,
  callsUnpriced: totals.callsUnpriced,
});

const added = (a: Sums, b: Sums): Sums => ({
  calls: a.calls + b.calls,
  callsIn: a.callsIn + b.callsIn,
  callsOut: a.callsOut + b.callsOut,
  durationSeconds: a.durationSeconds + b.durationSeconds,
  chargeMicros: a.chargeMicros + b.chargeMicros,
  connectionChargeMicros: a.connectionChargeMicros + b.connectionChargeMicros,
  callsUnpriced: a.callsUnpriced + b.callsUnpriced,
});
