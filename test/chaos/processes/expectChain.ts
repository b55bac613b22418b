import type { TableClient } from '@azure/data-tables';
import { expect } from 'vitest';
import { expectedDay, type ExpectedTotals } from '../../support/expectedDay.ts';

/** Sums of a day in one currency, as restatements have them. */
interface Sums {
  currency: string | null;
  calls: number;
  callsUnpriced: number;
  durationSeconds: number;
  charge: string;
  connectionCharge: string;
}

type Entity = Record<string, unknown>;

/**
 * A day whose windows were all read long after their ends is settled; what changed it since is a chain without a
 * gap, and ends at the sums of now.
 */
export async function expectChain(
  dailyTotals: TableClient,
  date: string,
  rows: readonly string[],
): Promise<void> {
  const restatements: Entity[] = [];
  let head: Entity = {};
  const filter = `PartitionKey eq '${date}'`;
  for await (const entity of dailyTotals.listEntities({ queryOptions: { filter } })) {
    if (entity.rowKey === '!day') head = entity;
    if (entity.rowKey?.startsWith('!restated|') === true) restatements.push(entity);
  }
  restatements.sort((a, b) => Number(a['n']) - Number(b['n']));
  expect({ state: head['state'], restatements: head['restatements'] }).toEqual({
    state: restatements.length === 0 ? 'settled' : 'restated',
    restatements: restatements.length,
  });
  restatements.forEach((restatement, at) => {
    expect(restatement['rowKey']).toBe(`!restated|${at + 1}`);
    const next = restatements[at + 1];
    if (next === undefined) return;
    expect(sumsIn(next, 'before')).toEqual(sumsIn(restatement, 'after'));
  });
  for (const one of restatements) {
    const changed = ['rowsCame', 'rowsWent', 'rowsChanged'].map(
      (column) => (one[column] as number | undefined) ?? 0,
    );
    expect(changed.reduce((sum, count) => sum + count, 0)).toBeGreaterThan(0);
  }
  const last = restatements.at(-1);
  if (last !== undefined) expect(sumsIn(last, 'after')).toEqual(sumsOf(expectedDay(date, rows).totals));
}

const sumsIn = (restatement: Entity, column: 'before' | 'after'): Sums[] =>
  byCurrency(JSON.parse(String(restatement[column])) as Sums[]);

function sumsOf(totals: readonly ExpectedTotals[]): Sums[] {
  const micros = (text: string): bigint => BigInt(text.replace('.', ''));
  const text = (amount: bigint): string =>
    `${amount / 1_000_000n}.${String(amount % 1_000_000n).padStart(6, '0')}`;
  const sums = new Map<string | null, Sums>();
  for (const one of totals) {
    const currency = one.currency ?? null;
    const sum = sums.get(currency) ?? {
      currency,
      calls: 0,
      callsUnpriced: 0,
      durationSeconds: 0,
      charge: '0.000000',
      connectionCharge: '0.000000',
    };
    sums.set(currency, {
      currency,
      calls: sum.calls + one.calls,
      callsUnpriced: sum.callsUnpriced + one.callsUnpriced,
      durationSeconds: sum.durationSeconds + Number(one.durationSeconds),
      charge: text(micros(sum.charge) + one.chargeMicros),
      connectionCharge: text(micros(sum.connectionCharge) + one.connectionChargeMicros),
    });
  }
  return byCurrency([...sums.values()]);
}

const byCurrency = (sums: readonly Sums[]): Sums[] =>
  [...sums].sort((a, b) => ((a.currency ?? '') < (b.currency ?? '') ? -1 : 1));
