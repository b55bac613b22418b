import { describe, expect, it } from 'vitest';
import { frozenClock } from '../../src/runtime/clock.ts';
import { type Window, windowOfId, windowsOfDay } from '../../src/windows/grid.ts';
import type { LedgerEntry } from '../../src/windows/ledger.ts';
import { markReplayed } from '../../src/windows/markReplayed.ts';
import { dueReason } from '../../src/windows/planner.ts';
import { createTableLedger } from '../../src/windows/tableLedger.ts';
import { memoryTable } from '../support/memoryTables.ts';
import { settings } from './settings.ts';

const PLANNED = Date.parse('2026-11-23T06:00:00Z');
const FAILED = Date.parse('2026-11-23T06:10:00Z');
const REPLAYED = Date.parse('2026-11-24T06:00:00Z');
const HOUR_MS = 3_600_000;
const day = windowsOfDay('2026-11-20');
const job = {
  from: '2026-11-20T10:00:00Z',
  to: '2026-11-20T12:00:00Z',
  lane: 'backfill' as const,
  planned: new Date(PLANNED).toISOString(),
  expectedRows: 1,
};
const ten = windowOfId('2026-11-20T10Z');
const eleven = windowOfId('2026-11-20T11Z');

async function failedJob(windows: readonly Window[] = [ten, eleven]) {
  const ledger = createTableLedger(memoryTable('windows'));
  const read = async (window: Window, atMs: number): Promise<void> => {
    const claim = await ledger.claim([window], atMs, () => Promise.resolve(0));
    const found = { changed: true, rows: 1, digest: '', rejected: 0, notified: 'e', isOld: false };
    await ledger.recordReads([{ window, claim, ...found }]);
  };
  await ledger.markPlanned(windows, 'backfill', PLANNED);
  await ledger.recordFailure(windows, 'Graph denies access', true);
  const entries = async (): Promise<Map<string, LedgerEntry>> =>
    new Map((await ledger.readDay('2026-11-20')).map((entry) => [entry.window.id, entry]));
  const replay = (of = job) => markReplayed(of, { ledger, clock: frozenClock(REPLAYED) });
  return { ledger, read, entries, replay };
}

describe('the windows of a job that is replayed', () => {
  it('no longer count as failed, and were asked for now; what stopped them is still known', async () => {
    const { entries, replay } = await failedJob();
    await replay();
    const found = await entries();
    expect(found.size).toBe(2);
    for (const entry of found.values()) {
      expect(entry).toMatchObject({
        ...{ state: 'planned', plannedAt: '2026-11-24T06:00:00.000Z', lane: 'backfill' },
        ...{ attempts: 1, lastError: 'Graph denies access' },
      });
    }
  });

  it('are not asked for again by the planner, before their hold has passed', async () => {
    const { entries, replay } = await failedJob();
    const due = async (nowMs: number) => dueReason(ten, (await entries()).get(ten.id), nowMs, settings);
    expect(await due(REPLAYED)).toBe('failed');
    await replay();
    expect(await due(REPLAYED)).toBeUndefined();
    expect(await due(REPLAYED + HOUR_MS - 1)).toBeUndefined();
    expect(await due(REPLAYED + 25 * HOUR_MS)).toBeDefined();
  });

  it('that were read before are so again', async () => {
    const { ledger, read, entries, replay } = await failedJob([ten]);
    await read(ten, PLANNED - HOUR_MS);
    await ledger.recordFailure([ten], 'Graph denies access', true);
    await replay();
    expect((await entries()).get(ten.id)?.state).toBe('read');
  });

  it('are left alone if they were read since the job was planned: the worker drops them', async () => {
    const { read, entries, replay } = await failedJob();
    await read(eleven, FAILED);
    const before = (await entries()).get(eleven.id);
    await replay();
    expect((await entries()).get(eleven.id)).toEqual(before);
    expect((await entries()).get(ten.id)?.state).toBe('planned');
    await read(ten, REPLAYED);
    const all = await entries();
    await replay();
    expect(await entries()).toEqual(all);
  });

  it('are also those that it leaves to its worker', async () => {
    const { entries, replay } = await failedJob(day.slice(0, 12));
    await replay({ ...job, ...{ then: { from: '2026-11-20T04:00:00Z', to: '2026-11-20T10:00:00Z' } } });
    const planned = [...(await entries()).values()].filter(({ state }) => state === 'planned');
    expect(planned.map(({ window }) => window.id)).toEqual(day.slice(4, 12).map(({ id }) => id));
  });

  it('that fail once more have failed', async () => {
    const { ledger, entries, replay } = await failedJob();
    await replay();
    await ledger.recordFailure([ten], 'still denied', true);
    expect((await entries()).get(ten.id)).toMatchObject({
      state: 'failed',
      attempts: 2,
      lastError: 'still denied',
    });
  });
});
