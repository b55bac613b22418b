import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  BUDGET_PARTITION,
  BUDGET_ROW,
  readBudget,
  readUse,
  USE_RANGE,
  useRow,
  writeBudget,
} from '../../../src/graph/budget/budgetEntity.ts';
import { type BudgetState, UNUSED } from '../../../src/graph/budget/budgetState.ts';
import { memoryTable } from '../../support/memoryTables.ts';

const HOUR_MS = Date.parse('2026-11-24T06:00:00.000Z');
const instantMs = fc.double({ min: HOUR_MS - 1e9, max: HOUR_MS + 1e9, noNaN: true });
const count = fc.nat({ max: 100_000 });
const states: fc.Arbitrary<BudgetState> = fc.record({
  lastSlotMs: instantMs,
  blockedUntilMs: instantMs,
  lastStartMs: fc.record({ live: instantMs, backfill: instantMs }),
  bookedUntilMs: fc.record({ live: instantMs, backfill: instantMs }),
  use: fc.record({ hourMs: fc.constant(HOUR_MS), live: count, backfill: count }),
});

describe('the row of the budget', () => {
  it('is read back as it was written, and no slot earlier than it was given', async () => {
    await fc.assert(
      fc.asyncProperty(states, async (state) => {
        const table = memoryTable('budget');
        const [etag] = await table.transact(BUDGET_PARTITION, writeBudget({ state, etag: undefined }));
        const stored = readBudget(await table.get(BUDGET_PARTITION, BUDGET_ROW));
        expect(stored.etag).toBe(etag);
        expect(stored.state.use).toEqual(state.use);
        const times = ({ lastSlotMs, blockedUntilMs, lastStartMs, bookedUntilMs }: BudgetState) => [
          lastSlotMs,
          blockedUntilMs,
          ...Object.values(lastStartMs),
          ...Object.values(bookedUntilMs),
        ];
        times(stored.state).forEach((ms, i) => {
          const givenMs = times(state)[i] ?? NaN;
          expect(ms).toBeGreaterThanOrEqual(givenMs);
          expect(ms).toBeLessThan(givenMs + 1);
        });
      }),
    );
  });

  it('is made once, and changed only as it was last seen', async () => {
    const table = memoryTable('budget');
    const write = (etag: string | undefined) =>
      table.transact(BUDGET_PARTITION, writeBudget({ state: UNUSED, etag }));
    const [etag] = await write(undefined);
    await expect(write(undefined)).rejects.toMatchObject({ status: 409 });
    await write(etag);
    await expect(write(etag)).rejects.toMatchObject({ status: 412 });
  });

  it('that is not there, or holds what nobody has written, is a budget that nobody has used', () => {
    expect(readBudget(undefined)).toEqual({ state: UNUSED, etag: undefined });
    const properties = { lastSlot: 'soon', blockedUntil: 7, useLive: 'many' };
    const entity = { partitionKey: BUDGET_PARTITION, rowKey: BUDGET_ROW, etag: 'e', properties };
    expect(readBudget(entity)).toEqual({ state: UNUSED, etag: 'e' });
  });

  it('has the requests of each hour beside it, in a row of its own, in the order of time', async () => {
    const table = memoryTable('budget');
    let etag: string | undefined;
    for (const [hours, live] of [
      [0, 1],
      [0, 2],
      [1, 5],
    ] as const) {
      const use = { hourMs: HOUR_MS + hours * 3_600_000, live, backfill: 40 };
      [etag] = await table.transact(BUDGET_PARTITION, writeBudget({ state: { ...UNUSED, use }, etag }));
    }
    const hours: unknown[] = [];
    for await (const entity of table.query(BUDGET_PARTITION, USE_RANGE)) hours.push(readUse(entity));
    expect(hours).toEqual([
      { hourMs: HOUR_MS, live: 2, backfill: 40 },
      { hourMs: HOUR_MS + 3_600_000, live: 5, backfill: 40 },
    ]);
    expect(useRow(HOUR_MS)).toBe('use|2026-11-24T06Z');
  });
});
