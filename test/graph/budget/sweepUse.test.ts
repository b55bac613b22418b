import { describe, expect, it } from 'vitest';
import { UNUSED } from '../../../src/graph/budget/budgetState.ts';
import { useRow, writeBudget } from '../../../src/graph/budget/budgetEntity.ts';
import { sweepUse } from '../../../src/graph/budget/sweepUse.ts';
import type { Table } from '../../../src/storage/tables.ts';
import { memoryTable } from '../../support/memoryTables.ts';

const NOW = Date.parse('2026-11-24T06:30:00Z');
const HOUR_MS = 3_600_000;

async function tableOf(hours: number) {
  const table = memoryTable('budget');
  await table.transact('graph', writeBudget({ state: UNUSED, etag: undefined }));
  for (let back = 0; back < hours; back += 1) {
    await table.transact('graph', [
      { kind: 'insert', rowKey: useRow(NOW - back * HOUR_MS), properties: { live: 1 } },
    ]);
  }
  return table;
}

describe('the counts of requests by hour', () => {
  it('are kept for eight days, and the state of the budget for ever', async () => {
    const table = await tableOf(8 * 24 + 150);
    expect(await sweepUse(table, NOW)).toBe(149);
    const rows = table.all().map(({ rowKey }) => rowKey);
    expect(rows).toHaveLength(1 + 8 * 24 + 1);
    expect(rows.slice(0, 2)).toEqual(['collection', 'use|2026-11-16T06Z']);
    expect(await sweepUse(table, NOW)).toBe(0);
  });

  it('that another pass has deleted meanwhile are no error', async () => {
    const table = await tableOf(8 * 24 + 3);
    const late: Pick<Table, 'query' | 'transact'> = {
      query: (...args) => table.query(...args),
      transact: async (partitionKey, operations) => {
        await table.transact(partitionKey, operations);
        return table.transact(partitionKey, operations);
      },
    };
    expect(await sweepUse(late, NOW)).toBe(2);
  });
});
