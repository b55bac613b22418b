import { describe, expect, it } from 'vitest';
import { BackfillPace, paceText } from '../../src/cli/backfillPace.ts';
import { countRequests } from '../../src/cli/countRequests.ts';
import { StorageError } from '../../src/storage/blobs.ts';
import { memoryTable } from '../support/memoryTables.ts';

const SPACING_MS = 1_250;
const begun = { windows: 1_000, windowsDone: 0, rows: 0, failed: [] };
const paceOf = (expectedRequests: number) => new BackfillPace({ expectedRequests, spacingMs: SPACING_MS });

describe('how fast a backfill goes', () => {
  it('is not told before there is something to go by', () => {
    const pace = paceOf(480).look(begun, { backfill: 3, all: 3 }, 0);
    expect(pace).toEqual({
      requests: 3,
      requestsPerMinute: undefined,
      budgetShare: undefined,
      minutesLeft: 10,
    });
    expect(paceText(pace)).toBe('3 requests, about 10 min left');
  });

  it('is told by the last two minutes: its own pages, and the budget that both lanes use', () => {
    const pace = paceOf(4_800);
    pace.look(begun, { backfill: 0, all: 0 }, 0);
    pace.look(begun, { backfill: 10, all: 12 }, 60_000);
    const now = pace.look(begun, { backfill: 100, all: 106 }, 180_000);
    expect(now).toMatchObject({ requests: 100, requestsPerMinute: 45 });
    expect(now.budgetShare).toBeCloseTo((94 * SPACING_MS) / 120_000);
    expect(paceText(now)).toBe('100 requests (45 pages a minute, 98 % of the budget), about 1 h 40 min left');
  });
});

describe('the time that is left', () => {
  it('goes by what was expected, until a tenth is done, then by what was found', () => {
    const pace = paceOf(480);
    const left = (windowsDone: number, rows: number): number =>
      pace.look({ ...begun, windowsDone, rows }, { backfill: 0, all: 0 }, 0).minutesLeft;
    expect(left(90, 900_000)).toBeCloseTo((480 * 0.91 * SPACING_MS) / 60_000);
    // 10,000 calls a window: 9,000 requests for the other 900.
    expect(left(100, 1_000_000)).toBeCloseTo((9_000 * SPACING_MS) / 60_000);
    expect(left(1_000, 10_000_000)).toBe(0);
  });

  it('counts a window that failed as over', () => {
    const failed = [{ window: '2026-11-20T10Z', reason: 'x' }];
    expect(
      paceOf(10).look({ windows: 1, windowsDone: 0, rows: 0, failed }, { backfill: 0, all: 0 }, 0)
        .minutesLeft,
    ).toBe(0);
  });
});

describe('requests that are counted', () => {
  const NOW = Date.parse('2026-11-24T06:30:00Z');
  const put = (table: ReturnType<typeof memoryTable>, hour: string, live: number, backfill: number) =>
    table.transact('graph', [
      {
        kind: 'replace',
        rowKey: `use|${hour}`,
        properties: { hour: `${hour.slice(0, 13)}:00:00.000Z`, live, backfill },
      },
    ]);

  it('are those since then, in whichever hour', async () => {
    const table = memoryTable('budget');
    await put(table, '2026-11-24T06Z', 5, 7);
    const count = await countRequests(table, NOW);
    expect(await count()).toEqual({ backfill: 0, all: 0 });
    await put(table, '2026-11-24T06Z', 6, 17);
    await put(table, '2026-11-24T07Z', 1, 20);
    expect(await count()).toEqual({ backfill: 30, all: 32 });
  });

  it('are unknown where the table is missing, and any other fault is one', async () => {
    const failing = (error: Error) => ({
      query: () => ({ [Symbol.asyncIterator]: () => ({ next: () => Promise.reject(error) }) }),
    });
    const missing = await countRequests(failing(new StorageError(404, 'TableNotFound', 'x')), NOW);
    expect(await missing()).toBeUndefined();
    await expect(
      countRequests(failing(new StorageError(403, 'AuthenticationFailed', 'x')), NOW),
    ).rejects.toThrow();
  });
});
