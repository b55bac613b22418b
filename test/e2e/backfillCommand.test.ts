import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { BackfillEstimate } from '../../src/cli/estimate/estimateBackfill.ts';
import type { Status } from '../../src/report/status.ts';
import { type Ran, runInProcess } from '../support/inProcess.ts';
import { startTestPipeline, type TestDay, type TestPipeline } from '../support/testPipeline.ts';

let pipeline: TestPipeline;
let day: TestDay;
let range: string[];

beforeAll(async () => {
  pipeline = await startTestPipeline();
  day = await pipeline.simulate();
  range = [
    '--from',
    day.date,
    '--to',
    new Date(Date.parse(day.date) + 86_400_000).toISOString().slice(0, 10),
  ];
});
afterAll(() => pipeline.stop());

/** A command in the environment of the pipeline, with the limits that Graph has. */
function pstn(...args: string[]): Promise<Ran> {
  const names = ['DATA_STORAGE', 'ServiceBusConnection', 'GRAPH_ENDPOINT', 'LOCAL_CLOCK'];
  const environment = Object.fromEntries(names.map((name) => [name, process.env[name] ?? '']));
  return runInProcess(args, environment);
}

async function status(): Promise<Status> {
  return JSON.parse((await pstn('status', '--json')).stdout) as Status;
}

async function dryRun(...args: string[]): Promise<BackfillEstimate & { dryRun: true; warnings: string[] }> {
  const { code, stdout } = await pstn('backfill', '--dry-run', '--json', ...args);
  expect(code).toBe(0);
  return JSON.parse(stdout) as BackfillEstimate & { dryRun: true; warnings: string[] };
}

describe('pstn backfill', () => {
  it('--dry-run says of an unknown tenant how little it knows, and sends and writes nothing', async () => {
    const found = await dryRun(...range);
    expect(found).toMatchObject({ dryRun: true, windows: 24, basis: 'unknown', warnings: [] });
    expect(found.low.requests).toBeLessThan(found.high.requests);
    const { stdout } = await pstn('backfill', '--dry-run', ...range);
    expect(stdout).toMatch(/^requests +\d+ to \d+$/m);
    expect(stdout).toMatch(/^how sure +not sure at all/m);
    expect(await pipeline.services.ledger.readDay(day.date)).toEqual([]);
    const { queues, backfill } = await status();
    expect(queues.every(({ active, scheduled }) => active + scheduled === 0)).toBe(true);
    expect(backfill).toMatchObject({ windows: 0, requests: 0 });
    expect(pipeline.router.requested(day.date)).toEqual([]);
  });

  it('--wait reads the range, tells how fast it goes, and status counts its requests', async () => {
    const { code, stdout, stderr } = await pstn('backfill', '--wait', '--json', ...range);
    expect(code).toBe(0);
    const requests = pipeline.router.requested(day.date).length;
    expect(JSON.parse(stdout)).toMatchObject({ windowsDone: 24, rows: day.rows.length, failed: [] });
    expect((JSON.parse(stdout) as { requests: number }).requests).toBeGreaterThanOrEqual(requests);
    expect(stderr).toMatch(/^\d+\/24 windows read, \d+ calls, \d of 1 days summed, \d+ requests/m);
    await pipeline.expectStored(day.date, day.rows);
    const { budget, backfill } = await status();
    expect(budget?.lastHour.backfill).toBeGreaterThanOrEqual(requests);
    expect(budget?.lastDay).toMatchObject({ live: 0 });
    expect(budget?.requestsPerMinute).toBeCloseTo(47.96, 1);
    expect(backfill).toMatchObject({ windows: 0 });
    expect((await pstn('status')).stdout).toMatch(
      /^requests {2}\d+ live and \d+ backfill in the last hour, /m,
    );
  });

  it('has left a line in the log for each request and each job, and nothing personal', () => {
    const requests = pipeline.eventsOf(day.date, 'graphRequest');
    expect(requests).toHaveLength(pipeline.router.requested(day.date).length);
    for (const line of requests) {
      expect(line).toEqual({
        event: 'graphRequest',
        clientRequestId: expect.stringMatching(/^[\w-]{36}$/) as string,
        requestId: expect.stringMatching(/./) as string,
        from: expect.stringMatching(/^20.*Z$/) as string,
        to: expect.stringMatching(/^20.*Z$/) as string,
        lane: 'backfill',
        page: expect.any(Number) as number,
        try: 1,
        status: 200,
        bytes: expect.any(Number) as number,
        waitMs: expect.any(Number) as number,
        durationMs: expect.any(Number) as number,
      });
    }
    const jobs = pipeline.eventsOf(day.date, 'windowJobLanded') as Record<string, unknown>[];
    expect(jobs.length).toBeGreaterThan(0);
    for (const job of jobs) {
      for (const counter of ['rows', 'pages', 'repeated', 'rejected', 'unchanged', 'shrunk']) {
        expect(job).toHaveProperty(counter, expect.any(Number));
      }
    }
    expect(jobs.reduce((sum, { rows }) => sum + Number(rows), 0)).toBe(day.rows.length);
    const everything = JSON.stringify(pipeline.logged);
    const personal = day.rows.flatMap((row) => {
      const { userId, userPrincipalName, userDisplayName, callerNumber, calleeNumber } = JSON.parse(
        row,
      ) as Record<string, unknown>;
      return [userId, userPrincipalName, userDisplayName, callerNumber, calleeNumber];
    });
    const texts = [...new Set(personal)].filter((text) => typeof text === 'string' && text !== '');
    expect(texts.length).toBeGreaterThan(10);
    expect(texts.filter((text) => everything.includes(String(text)))).toEqual([]);
    expect(everything).not.toMatch(/\+\d{7}|@[\w-]+\.\w/);
  });

  it('--dry-run of what was read before is sure, and as many requests as were made', async () => {
    const { basis, low, high, windowsRead } = await dryRun(...range);
    expect({ basis, windowsRead }).toEqual({ basis: 'read', windowsRead: 24 });
    expect(low).toEqual(high);
    expect(low.rows).toBe(day.rows.length);
    expect(low.requests).toBe(1);
    const blobs = await pipeline.stored.blobs(day.date);
    expect(blobs.length).toBeGreaterThan(0);
    expect(low.rawBytes / low.rows).toBeGreaterThan(700);
  });

  it.each([
    ['reversed', ['--from', '2026-11-02', '--to', '2026-11-01'], /must be before/],
    ['empty', ['--from', '2026-11-02', '--to', '2026-11-02'], /must be before/],
    ['in the future', ['--from', '2026-12-02', '--to', '2026-12-03'], /nothing to read yet/],
    ['dry and awaited', ['--from', '2026-11-01', '--to', '2026-11-02', '--dry-run', '--wait'], /one of them/],
  ])('that is %s ends with 2, and nothing is sent', async (_, args, message) => {
    const { code, stdout, errors } = await pstn('backfill', ...args);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(errors).toEqual([expect.stringMatching(message)]);
    expect((await status()).windows.planned).toBe(0);
  });

  it('older than SOURCE_DAYS is allowed, with a warning', async () => {
    const old = await dryRun('--from', '2026-03-02', '--to', '2026-03-03');
    expect(old.warnings).toEqual([
      expect.stringMatching(/^24 of these windows, 2026-03-02T00.*older than 88 days/),
    ]);
    const { code, stderr } = await pstn('backfill', '--from', '2026-03-02', '--to', '2026-03-02T01:00:00Z');
    expect(code).toBe(0);
    expect(stderr).toContain('warning: 1 of these windows');
  });
});
