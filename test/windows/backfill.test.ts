import { describe, expect, it } from 'vitest';
import { parseWindowJob } from '../../src/queues/messages.ts';
import { packBackfill, startBackfill } from '../../src/windows/backfill.ts';
import { planBackfill } from '../../src/windows/backfillRange.ts';
import { UNKNOWN_WINDOW_ROWS } from '../../src/windows/expectedRows.ts';
import { windowsBetween } from '../../src/windows/grid.ts';
import { windowsOfJob } from '../../src/windows/packJobs.ts';
import { memorySender } from '../support/memoryQueues.ts';
import { entryOf, memoryLedger, ms, readEntry } from './memoryLedger.ts';

const nowMs = ms('2026-11-24T06:00:00.500Z');
const options = { nowMs, settleHours: 72 };
const rangeOf = (from: string, to: string) => planBackfill({ fromMs: ms(from), toMs: ms(to), nowMs });
const week = rangeOf('2026-11-14T00:00Z', '2026-11-21T00:00Z');

describe('a backfill', () => {
  it('asks for every window of its range once, newest first, in the backfill lane, with somebody waiting', async () => {
    const [ledger, sender] = [memoryLedger(), memorySender()];
    const backfill = await packBackfill(ledger, week, options);
    await startBackfill({ ledger, sender }, backfill);

    const jobs = sender.sent.map(({ message }) => parseWindowJob(message));
    expect(new Set(sender.sent.map(({ queue }) => queue))).toEqual(new Set(['pstn-windows-backfill']));
    for (const job of jobs) expect(job).toMatchObject({ lane: 'backfill', soon: true });
    const windows = jobs.flatMap((job) =>
      [job, ...(job.then === undefined ? [] : [job.then])].flatMap(windowsOfJob),
    );
    expect(windows.sort((a, b) => a.fromMs - b.fromMs)).toEqual(week.windows);
    expect(ledger.get('2026-11-14T00Z')).toMatchObject({
      state: 'planned',
      lane: 'backfill',
      plannedAt: '2026-11-24T06:00:00.500Z',
    });
  });

  it('sends and notes nothing while it is only packed', async () => {
    const ledger = memoryLedger();
    expect((await packBackfill(ledger, week, options)).jobs).toHaveLength(1);
    expect(ledger.entries.size).toBe(0);
  });

  it('notes what each window had before, so that a wait sees what is new', async () => {
    const ledger = memoryLedger();
    ledger.set(entryOf('2026-11-14T05Z', { claim: 9, done: 8, attempts: 3 }));
    const { noted } = await packBackfill(ledger, week, options);
    expect(noted.size).toBe(7 * 24);
    expect(noted.get('2026-11-14T05Z')).toEqual({ claim: 9, attempts: 3 });
    expect(noted.get('2026-11-14T06Z')).toEqual({ claim: 0, attempts: 0 });
  });

  it('of a tenant that nobody knows begins with its newest day, and leaves the rest to the worker of that', async () => {
    const { jobs } = await packBackfill(memoryLedger(), week, options);
    expect(jobs).toEqual([
      {
        from: '2026-11-20T00:00:00Z',
        to: '2026-11-21T00:00:00Z',
        lane: 'backfill',
        planned: '2026-11-24T06:00:00.500Z',
        expectedRows: 24 * UNKNOWN_WINDOW_ROWS,
        soon: true,
        then: { from: '2026-11-14T00:00:00Z', to: '2026-11-20T00:00:00Z' },
      },
    ]);
  });

  it('of a tenant that is known, within the range or near it, is sent at once, by what is known', async () => {
    const ledger = memoryLedger();
    const longAfter = ms('2026-11-24T00:00Z');
    await ledger.read(windowsBetween(ms('2026-11-07T00:00Z'), ms('2026-11-14T00:00Z')), longAfter, () => 100);
    ledger.set(
      readEntry('2026-11-14T05Z', '2026-11-20T00:00Z', { rows: 70_000 }),
      readEntry('2026-11-08T09Z', '2026-11-20T00:00Z', { rows: 80_000 }),
    );
    const { jobs, expected } = await packBackfill(ledger, week, options);
    expect(jobs.some((job) => job.then !== undefined)).toBe(false);
    const alone = jobs.filter((job) => windowsOfJob(job).length === 1);
    expect(alone.map((job) => [job.from, job.expectedRows])).toEqual([
      ['2026-11-15T09:00:00Z', 80_000],
      ['2026-11-14T05:00:00Z', 70_000],
    ]);
    expect(jobs.flatMap(windowsOfJob)).toHaveLength(week.windows.length);
    expect(expected.known).toBe(7 * 24 + 1);
  });

  it.each([
    { what: 'read', entry: readEntry('2026-11-14T05Z', '2026-11-24T06:00:00.500Z') },
    {
      what: 'claimed',
      entry: entryOf('2026-11-14T05Z', { claim: 1, claimedAt: '2026-11-24T06:00:00.500Z' }),
    },
  ])('is planned later than what was $what before, by a clock that stands still', async ({ entry }) => {
    const ledger = memoryLedger();
    ledger.set(entry);
    const { jobs } = await packBackfill(ledger, week, options);
    for (const job of jobs) expect(job.planned).toBe('2026-11-24T06:00:00.501Z');
  });

  it('is planned now when all reads lie behind', async () => {
    const ledger = memoryLedger();
    ledger.set(readEntry('2026-11-14T05Z', '2026-11-23T06:00:00Z'));
    const { jobs } = await packBackfill(ledger, week, options);
    for (const job of jobs) expect(job.planned).toBe('2026-11-24T06:00:00.500Z');
  });

  it('of more than 90 days is sent in jobs that Graph accepts, whatever the limits', async () => {
    const range = rangeOf('2026-01-01T00:00Z', '2026-07-01T00:00Z');
    const limits = { maxWindows: 100_000, maxRows: 1e9 };
    const ledger = memoryLedger();
    await ledger.read(range.windows.slice(-7 * 24), nowMs);
    const { jobs } = await packBackfill(ledger, range, { ...options, limits });
    expect(jobs).toHaveLength(3);
    expect(jobs.flatMap(windowsOfJob)).toHaveLength(181 * 24);
  });

  it('leaves windows outside its range alone', async () => {
    const [ledger, sender] = [memoryLedger(), memorySender()];
    const hour = rangeOf('2026-11-14T05:00Z', '2026-11-14T06:00Z');
    await startBackfill({ ledger, sender }, await packBackfill(ledger, hour, options));
    expect([...ledger.entries.keys()]).toEqual(['2026-11-14T05Z']);
    expect(hour.windows).toEqual(windowsBetween(ms('2026-11-14T05:00Z'), ms('2026-11-14T06:00Z')));
  });
});
