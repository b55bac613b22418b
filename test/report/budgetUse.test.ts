import { describe, expect, it } from 'vitest';
import { UNUSED } from '../../src/graph/budget/budgetState.ts';
import { writeBudget } from '../../src/graph/budget/budgetEntity.ts';
import { readBudgetFigures } from '../../src/report/budget.ts';
import { readBudgetUse, useWithin } from '../../src/report/budgetUse.ts';
import { memoryTable } from '../support/memoryTables.ts';

const HOUR_MS = 3_600_000;
const NOW = Date.parse('2026-11-24T06:15:00Z');
const LIMITS = {
  GRAPH_REQUESTS_PER_MINUTE: 50,
  GRAPH_APP_REQUESTS_PER_MINUTE: 200,
  GRAPH_BUDGET_MARGIN_MS: 2_500,
};

/** A table as the budget itself leaves it: hour by hour, counts by lane. */
async function tableOf(hours: Record<string, [live: number, backfill: number]>, blockedUntilMs = 0) {
  const table = memoryTable('budget');
  let etag: string | undefined;
  for (const [hour, [live, backfill]] of Object.entries(hours)) {
    const state = { ...UNUSED, blockedUntilMs, use: { hourMs: Date.parse(hour), live, backfill } };
    [etag] = await table.transact('graph', writeBudget({ state, etag }));
  }
  return table;
}

describe('requests by lane', () => {
  it('of the last hour are those of this one, and of the one before the part that reaches into it', async () => {
    const table = await tableOf({
      '2026-11-24T04:00:00Z': [7, 7_000],
      '2026-11-24T05:00:00Z': [40, 2_000],
      '2026-11-24T06:00:00Z': [3, 700],
    });
    const hours = await readBudgetUse(table, NOW - 2 * HOUR_MS);
    expect(useWithin(hours, NOW, HOUR_MS)).toEqual({ live: 33, backfill: 2_200 });
  });

  it('of the last day are those of 24 hours and no more', async () => {
    const table = await tableOf({
      '2026-11-23T05:00:00Z': [1_000, 0],
      '2026-11-23T06:00:00Z': [100, 0],
      '2026-11-23T07:00:00Z': [10, 0],
      '2026-11-24T06:00:00Z': [1, 5],
    });
    expect(await readBudgetFigures(table, LIMITS, NOW)).toEqual({
      requestsPerMinute: expect.closeTo(47.96, 2) as number,
      lastHour: { live: 1, backfill: 5 },
      lastDay: { live: 75 + 10 + 1, backfill: 5 },
      blockedUntil: undefined,
    });
  });

  it('are none before the first one', async () => {
    expect(await readBudgetFigures(memoryTable('budget'), LIMITS, NOW)).toMatchObject({
      lastHour: { live: 0, backfill: 0 },
      lastDay: { live: 0, backfill: 0 },
    });
  });

  it('come with the time before which Graph wants none, while that lies ahead', async () => {
    const table = await tableOf({ '2026-11-24T06:00:00Z': [1, 0] }, NOW + 90_000);
    expect((await readBudgetFigures(table, LIMITS, NOW)).blockedUntil).toBe('2026-11-24T06:16:30.000Z');
    expect((await readBudgetFigures(table, LIMITS, NOW + 90_000)).blockedUntil).toBeUndefined();
  });
});
