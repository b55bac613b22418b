import { describe, expect, it } from 'vitest';
import { sendLost } from '../../../src/local/pipeline/sendLost.ts';
import { parseWindowJob } from '../../../src/queues/messages.ts';
import { silentLog } from '../../../src/runtime/log.ts';
import { MONTH_HEADS } from '../../../src/totals/monthHead.ts';
import type { DayHead } from '../../../src/windows/dayHeads.ts';
import { rawBlobName, windowOfId, windowsOfDay } from '../../../src/windows/grid.ts';
import { windowsOfJob } from '../../../src/windows/packJobs.ts';
import { planAndSend } from '../../../src/windows/planWindows.ts';
import { createTableLedger } from '../../../src/windows/tableLedger.ts';
import { memoryContainer } from '../../support/memoryBlobs.ts';
import { memorySender } from '../../support/memoryQueues.ts';
import { memoryTable } from '../../support/memoryTables.ts';
import { iso, ms } from '../../windows/memoryLedger.ts';
import { configOf } from '../../windows/settings.ts';

const NOW = ms('2026-11-24T06:30:00Z');
const HOUR_MS = 3_600_000;

function world(environment: Record<string, string> = {}) {
  const ledger = createTableLedger(memoryTable('windows'));
  const sender = memorySender();
  const raw = memoryContainer('pstn-raw');
  const heads = new Map<string, DayHead>();
  const services = {
    ...{ ledger, sender, raw },
    control: memoryContainer('pstn-control'),
    clock: { nowMs: () => NOW },
    config: configOf({ INITIAL_BACKFILL_DAYS: '0', ...environment }),
    dailyTotals: memoryTable('dailyTotals'),
    monthlyTotals: memoryTable('monthlyTotals'),
    readDayHead: (date: string) => Promise.resolve(heads.get(date)),
  };
  const sentTo = (queue: string) => sender.sent.filter((sent) => sent.queue === queue);
  return {
    ...{ services, ledger, heads, raw, sender, sentTo },
    run: () => sendLost(services, silentLog),
    jobs: (queue: string) => sentTo(queue).map(({ message }) => parseWindowJob(message)),
    windows: (queue: string) =>
      sentTo(queue)
        .map(({ message }) => parseWindowJob(message))
        .flatMap((job) => [job, ...(job.then === undefined ? [] : [job.then])].flatMap(windowsOfJob))
        .map(({ id }) => id)
        .sort(),
    read: async (id: string, claimedMs: number, shrunk = false): Promise<void> => {
      const window = windowOfId(id);
      const claim = await ledger.claim([window], claimedMs, () => Promise.resolve(0));
      const found = { changed: true, rows: 1, digest: '', rejected: 0, notified: 'e', isOld: false };
      if (shrunk) await ledger.recordShrunk(window, { claim, isWitness: true, notified: 'e' });
      else await ledger.recordReads([{ window, claim, ...found }]);
    },
    fill: async (id: string): Promise<string> =>
      (await raw.put(rawBlobName(windowOfId(id)), Buffer.from('{}\n'))).etag,
  };
}

const head = (values: Partial<DayHead>): DayHead => ({
  ...{ etag: 'h1', complete: true, open: false, state: 'provisional', vector: {}, rejected: 0 },
  ...values,
});

describe('windows, at the start over data of an earlier run whose queues are gone', () => {
  it('that were asked for and not answered are sent again at once, each in its lane, however old', async () => {
    const { ledger, run, windows, read } = world();
    const old = windowsOfDay('2025-03-01');
    await ledger.markPlanned(old, 'backfill', NOW - 60_000);
    await ledger.markPlanned([windowOfId('2026-11-24T04Z')], 'live', NOW - 60_000);
    await read('2026-11-23T01Z', NOW - HOUR_MS);
    expect(await run()).toEqual({ windows: 25, days: 0, months: 0 });
    expect(windows('pstn-windows-backfill')).toEqual(old.map(({ id }) => id));
    expect(windows('pstn-windows')).toEqual(['2026-11-24T04Z']);
  });

  it('would have waited for an hour or a day, and are not sent a second time by the next tick', async () => {
    const { services, ledger, run, sender, windows } = world();
    const day = windowsOfDay('2026-11-10');
    await ledger.markPlanned(day, 'backfill', NOW - HOUR_MS);
    await planAndSend(services, silentLog);
    expect(windows('pstn-windows-backfill')).toEqual([]);
    await run();
    expect(windows('pstn-windows-backfill')).toHaveLength(24);
    sender.sent.length = 0;
    await planAndSend(services, silentLog);
    expect(windows('pstn-windows-backfill')).toEqual([]);
    expect((await ledger.readDay('2026-11-10'))[0]?.plannedAt).toBe(iso(NOW));
  });

  it('are planned after what is known of them, so that none of them is dropped as read', async () => {
    const { ledger, run, jobs, read } = world();
    // The clock of simulated data began anew with this run: what the one before did lies ahead.
    await read('2026-11-23T01Z', NOW + HOUR_MS);
    await ledger.markPlanned([windowOfId('2026-11-23T01Z')], 'live', NOW + 2 * HOUR_MS);
    await run();
    expect(jobs('pstn-windows').map(({ planned }) => planned)).toEqual([iso(NOW + HOUR_MS + 1)]);
    const [entry] = await ledger.readDay('2026-11-23');
    expect(entry?.plannedAt).toBe(iso(NOW + HOUR_MS + 1));
  });

  it('whose read is to be confirmed are confirmed at their time', async () => {
    const { run, sentTo, read } = world();
    await read('2026-11-23T01Z', NOW - 3 * HOUR_MS);
    await read('2026-11-23T01Z', NOW - HOUR_MS / 3, true);
    await read('2026-08-01T01Z', NOW - 3 * HOUR_MS);
    await read('2026-08-01T01Z', NOW - HOUR_MS / 3, true);
    expect(await run()).toMatchObject({ windows: 1 });
    const [sent, ...others] = sentTo('pstn-windows');
    expect(others).toEqual([]);
    expect(sent?.delayMs).toBeCloseTo((HOUR_MS * 2) / 3, -1);
    expect(parseWindowJob(sent?.message)).toMatchObject({
      from: '2026-11-23T01:00:00Z',
      to: '2026-11-23T02:00:00Z',
    });
    expect(sentTo('pstn-windows-backfill')).toEqual([]);
  });

  it('that were all answered are left alone', async () => {
    const { run, sender, read, ledger } = world();
    await ledger.markPlanned([windowOfId('2026-11-23T01Z')], 'live', NOW - HOUR_MS);
    await read('2026-11-23T01Z', NOW - HOUR_MS);
    await ledger.recordFailure([windowOfId('2026-11-23T02Z')], 'Graph denies access', true);
    expect(await run()).toEqual({ windows: 0, days: 0, months: 0 });
    expect(sender.sent).toEqual([]);
  });
});

describe('months, at such a start', () => {
  it('that a fold has left open are woken, and so are those that lag behind', async () => {
    const { run, sentTo, fill, services } = world();
    await fill('2026-11-23T10Z');
    const left = { ...MONTH_HEADS.empty(iso(NOW)), open: true };
    const operation = MONTH_HEADS.operation(left, undefined);
    const [etag] = await services.monthlyTotals.transact('2026-11', [operation]);
    expect(await run()).toMatchObject({ months: 1 });
    expect(sentTo('pstn-days').map(({ message }) => message.data)).toContainEqual({
      month: '2026-11',
      seen: etag,
    });
  });
});

describe('days, at such a start', () => {
  it('that lag behind are woken, whatever was done about them before: old ones, stuck ones, failed ones', async () => {
    const { run, sentTo, fill, heads } = world();
    await fill('2025-03-01T10Z');
    const etag = await fill('2026-11-23T10Z');
    heads.set('2026-11-23', head({ vector: { '2026-11-23T10Z': etag }, open: true }));
    await fill('2026-11-22T10Z');
    heads.set('2026-11-22', head({ lastError: 'out of memory' }));
    const kept = await fill('2026-11-21T10Z');
    heads.set('2026-11-21', head({ vector: { '2026-11-21T10Z': kept } }));
    expect(await run()).toMatchObject({ windows: 0, days: 3 });
    expect(sentTo('pstn-days').map(({ message }) => message.data)).toEqual([
      { date: '2025-03-01' },
      { date: '2026-11-22' },
      { date: '2026-11-23' },
    ]);
  });
});
