import { describe, expect, it } from 'vitest';
import { describeStatus } from '../../src/cli/commands/status.ts';
import { QUEUE_NAMES } from '../../src/queues/names.ts';
import { frozenClock } from '../../src/runtime/clock.ts';
import { readStatus } from '../../src/report/status.ts';
import { StorageError } from '../../src/storage/blobs.ts';
import { windowOfId, windowsOfDay } from '../../src/windows/grid.ts';
import type { Ledger } from '../../src/windows/ledger.ts';
import { createPlannerState } from '../../src/windows/plannerState.ts';
import { createTableLedger } from '../../src/windows/tableLedger.ts';
import { memoryContainer } from '../support/memoryBlobs.ts';
import { memoryTable } from '../support/memoryTables.ts';
import { configOf } from '../windows/settings.ts';

const NOW = Date.parse('2026-11-24T06:20:00Z');

async function setUp(readAll?: Ledger['readAll']) {
  const control = memoryContainer('pstn-control');
  const ledger = createTableLedger(memoryTable('windows'));
  await createPlannerState(control, Date.parse('2026-11-24T00:00:00Z'));
  const status = () =>
    readStatus({
      config: configOf(),
      ...{ clock: frozenClock(NOW), realNowMs: () => NOW },
      raw: memoryContainer('pstn-raw'),
      control,
      ledger: { readAll: readAll ?? (() => ledger.readAll()) },
      dailyTotals: memoryTable('dailyTotals'),
      budgetTable: memoryTable('budget'),
      peeker: {
        figures: (queue) =>
          Promise.resolve({ queue, active: 0, scheduled: 0, deadLetters: 0, orMore: false }),
        deadLetters: () => Promise.resolve([]),
      },
    });
  return { ledger, status };
}

describe('status', () => {
  it('knows of what was asked for before the coverage begins, though nothing of it was ever read', async () => {
    const { ledger, status } = await setUp();
    const failed = windowsOfDay('2025-03-01');
    const planned = windowsOfDay('2024-01-01');
    await ledger.markPlanned([...failed, ...planned], 'backfill', NOW);
    await ledger.recordFailure(failed, 'Graph denies access', true);
    const empty = windowOfId('2024-06-01T10Z');
    const claim = await ledger.claim([empty], NOW, () => Promise.resolve(0));
    const nothing = { changed: false, rows: 0, digest: '', rejected: 0, notified: undefined, isOld: true };
    await ledger.recordReads([{ window: empty, claim, ...nothing }]);

    const found = await status();
    expect(found.windows).toEqual({ planned: 24, read: 1, shrunk: 0, failed: 24 });
    expect(found.unread).toMatchObject({
      failed: [
        { windows: 24, first: '2025-03-01T00Z', last: '2025-03-01T23Z', reason: 'Graph denies access' },
      ],
      planned: [{ windows: 24, first: '2024-01-01T00Z', last: '2024-01-01T23Z' }],
      unverified: [{ windows: 1, first: '2024-06-01T10Z', last: '2024-06-01T10Z' }],
    });
    // What waits is estimated as well, and the coverage still is what the pipeline reads unasked.
    expect(found.backfill.windows).toBe(24);
    expect(found.coverage.gaps).toEqual([
      { from: '2026-11-24T00:00:00Z', to: '2026-11-24T04:00:00Z', hours: 4 },
    ]);
    const lines = describeStatus(found);
    expect(lines).toContain('planned   24 windows, 2024-01-01T00Z to 2024-01-01T23Z: not tried yet');
    expect(lines).toContain('  - Failed: 24 windows, 2025-03-01T00Z to 2025-03-01T23Z: Graph denies access');
    expect(
      lines.filter((line) => line.startsWith('unverified 1 window, 2024-06-01T10Z: no calls')),
    ).toHaveLength(1);
    expect(lines.filter((line) => line.startsWith('queue'))).toHaveLength(QUEUE_NAMES.length);
  });

  it('names a ledger that is missing, and says nothing of windows', async () => {
    const { status } = await setUp(() => Promise.reject(new StorageError(404, 'TableNotFound', 'x')));
    const { missing, windows, unread } = await status();
    expect({ missing, windows, unread }).toEqual({
      missing: ['table windows'],
      windows: { planned: 0, read: 0, shrunk: 0, failed: 0 },
      unread: { failed: [], planned: [], stranded: [], unverified: [] },
    });
  });
});
