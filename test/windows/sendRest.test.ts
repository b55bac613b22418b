import { describe, expect, it } from 'vitest';
import { parseWindowJob, type WindowJob } from '../../src/queues/messages.ts';
import { windowsBetween } from '../../src/windows/grid.ts';
import { windowsOfJob } from '../../src/windows/packJobs.ts';
import { sendRest } from '../../src/windows/sendRest.ts';
import { memorySender } from '../support/memoryQueues.ts';
import { iso, memoryLedger, ms } from './memoryLedger.ts';

const plannedMs = ms('2026-11-24T06:00:00.500Z');
const nowMs = plannedMs + 60_000;
const job = {
  lane: 'backfill',
  planned: iso(plannedMs),
  soon: true,
  then: { from: '2026-10-01T00:00:00Z', to: '2026-10-31T00:00:00Z' },
} as const;

function world() {
  const [ledger, sender] = [memoryLedger(), memorySender()];
  const deps = { ledger, sender, clock: { nowMs: () => nowMs }, settleHours: 72 };
  const jobs = (): WindowJob[] => sender.sent.map(({ message }) => parseWindowJob(message));
  const read = (from: string, to: string, atMs: number, rows = 10) =>
    ledger.read(windowsBetween(ms(from), ms(to)), atMs, () => rows);
  return { ledger, sender, deps, jobs, read };
}

describe('what a job leaves to its worker', () => {
  it('is nothing for most', async () => {
    const { deps, jobs } = world();
    expect(await sendRest({ lane: 'live', planned: job.planned }, deps)).toBe(0);
    expect(jobs()).toEqual([]);
  });

  it('goes on with six days once one is known, planned as the job was', async () => {
    const { deps, jobs, read, sender } = world();
    await read('2026-10-31T00:00Z', '2026-11-01T00:00Z', plannedMs + 1);
    expect(await sendRest(job, deps)).toBe(1);
    expect(jobs()).toEqual([
      {
        from: '2026-10-25T00:00:00Z',
        to: '2026-10-31T00:00:00Z',
        lane: 'backfill',
        planned: job.planned,
        expectedRows: 6 * 24 * 10,
        soon: true,
        then: { from: '2026-10-01T00:00:00Z', to: '2026-10-25T00:00:00Z' },
      },
    ]);
    expect(sender.sent[0]?.queue).toBe('pstn-windows-backfill');
  });

  it('is sent whole once a week is known', async () => {
    const { deps, jobs, read } = world();
    await read('2026-10-31T00:00Z', '2026-11-07T00:00Z', plannedMs + 1);
    await sendRest(job, deps);
    expect(jobs().map(({ from, to, then }) => [from, to, then])).toEqual([
      [job.then.from, job.then.to, undefined],
    ]);
  });

  it('is sent whole if the job failed: another one would teach no more', async () => {
    const { deps, jobs } = world();
    await sendRest(job, deps, false);
    expect(jobs().flatMap(windowsOfJob)).toHaveLength(30 * 24);
    expect(jobs().some(({ then }) => then !== undefined)).toBe(false);
  });

  it('holds no window that was read since the job was planned', async () => {
    const { deps, jobs, read } = world();
    await read('2026-10-31T00:00Z', '2026-11-07T00:00Z', plannedMs + 1);
    await read('2026-10-05T00:00Z', '2026-10-06T00:00Z', plannedMs);
    await read('2026-10-08T00:00Z', '2026-10-09T00:00Z', plannedMs - 1);
    await sendRest(job, deps);
    const days = new Set(
      jobs()
        .flatMap(windowsOfJob)
        .map(({ date }) => date),
    );
    expect(days.size).toBe(29);
    expect(days.has('2026-10-05')).toBe(false);
  });

  it('is nothing if all was read, however often it is asked for', async () => {
    const { deps, jobs, read } = world();
    await read('2026-10-01T00:00Z', '2026-10-31T00:00Z', plannedMs + 1);
    expect(await sendRest(job, deps)).toBe(0);
    expect(await sendRest(job, deps)).toBe(0);
    expect(jobs()).toEqual([]);
  });
});
