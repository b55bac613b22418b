import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseWindowJob, toMessage, type WindowJob } from '../../src/queues/messages.ts';
import { type Window, windowAt, WINDOW_MS, windowOfId, windowsBetween } from '../../src/windows/grid.ts';
import {
  MAX_RANGE_WINDOWS,
  PACK_LIMITS,
  packJobs,
  type PackLimits,
  windowsOfJob,
} from '../../src/windows/packJobs.ts';
import { ms } from './memoryLedger.ts';

const plannedMs = ms('2026-11-24T06:00:00.123Z');
const hours = (from: string, to: string): Window[] => windowsBetween(ms(from), ms(to));

function pack(
  windows: readonly Window[],
  rows: (window: Window) => number,
  limits?: PackLimits,
): WindowJob[] {
  return packJobs({
    windows,
    lane: 'backfill',
    plannedMs,
    expectedRows: rows,
    ...(limits === undefined ? {} : { limits }),
  });
}
const ranges = (jobs: readonly WindowJob[]): string[] => jobs.map(({ from, to }) => `${from}/${to}`);

describe('packing', () => {
  it('makes one job of a quiet day, with all that its worker has to know', () => {
    expect(pack(hours('2026-11-23T00:00Z', '2026-11-24T00:00Z'), () => 10)).toEqual([
      {
        from: '2026-11-23T00:00:00Z',
        to: '2026-11-24T00:00:00Z',
        lane: 'backfill',
        planned: '2026-11-24T06:00:00.123Z',
        expectedRows: 240,
      },
    ]);
  });

  it('says so if somebody waits', () => {
    const windows = [windowOfId('2026-11-23T10Z')];
    const jobs = packJobs({ windows, lane: 'live', plannedMs, expectedRows: () => 1, soon: true });
    expect(jobs[0]).toMatchObject({ soon: true, lane: 'live' });
  });

  it('makes no job of nothing', () => {
    expect(pack([], () => 1)).toEqual([]);
  });

  it('never joins over a gap', () => {
    const windows = ['2026-11-23T07Z', '2026-11-23T08Z', '2026-11-23T10Z'].map(windowOfId);
    expect(ranges(pack(windows, () => 1))).toEqual([
      '2026-11-23T10:00:00Z/2026-11-23T11:00:00Z',
      '2026-11-23T07:00:00Z/2026-11-23T09:00:00Z',
    ]);
  });

  it('gives an hour that is expected to exceed the limit a job of its own', () => {
    const windows = hours('2026-11-23T08:00Z', '2026-11-23T12:00Z');
    const jobs = pack(windows, ({ hour }) => (hour === 9 ? 120_000 : 100));
    expect(jobs.map((job) => [job.from.slice(11, 13), job.expectedRows])).toEqual([
      ['10', 200],
      ['09', 120_000],
      ['08', 100],
    ]);
  });

  it('fills a job up to the limit of rows exactly', () => {
    const windows = hours('2026-11-23T08:00Z', '2026-11-23T10:00Z');
    expect(pack(windows, () => 25_000)).toHaveLength(1);
    expect(pack(windows, () => 25_001)).toHaveLength(2);
  });

  it('cuts at midnight where that costs no job', () => {
    const days = (windows: readonly Window[]) => pack(windows, () => 1, { maxWindows: 24, maxRows: 50_000 });
    const twoDays = days(hours('2026-11-22T06:00Z', '2026-11-24T00:00Z'));
    expect(ranges(twoDays)).toEqual([
      '2026-11-23T00:00:00Z/2026-11-24T00:00:00Z',
      '2026-11-22T06:00:00Z/2026-11-23T00:00:00Z',
    ]);
    const dayAndMore = days(hours('2026-11-22T06:00Z', '2026-11-23T10:00Z'));
    expect(ranges(dayAndMore)).toEqual([
      '2026-11-23T00:00:00Z/2026-11-23T10:00:00Z',
      '2026-11-22T06:00:00Z/2026-11-23T00:00:00Z',
    ]);
    const overNight = days(hours('2026-11-22T20:00Z', '2026-11-23T04:00Z'));
    expect(ranges(overNight)).toEqual(['2026-11-22T20:00:00Z/2026-11-23T04:00:00Z']);
  });

  it('makes one job of three quiet months, but none that Graph refuses', () => {
    const limits = { maxWindows: 1_000_000, maxRows: 50_000 };
    expect(pack(hours('2026-08-03T00:00Z', '2026-11-01T00:00Z'), () => 1)).toHaveLength(1);
    const halfYear = pack(hours('2026-01-01T00:00Z', '2026-07-01T00:00Z'), () => 1, limits);
    expect(halfYear).toHaveLength(3);
    for (const job of halfYear) expect(windowsOfJob(job).length).toBeLessThanOrEqual(MAX_RANGE_WINDOWS);
  });

  it('covers exactly the windows given, each once, newest first, within the limits, in as few jobs as can be', () => {
    const base = windowAt(ms('2026-11-20T00:00:00Z')).fromMs;
    const input = fc.record({
      offsets: fc.uniqueArray(fc.integer({ min: 0, max: 120 }), { maxLength: 100 }),
      rows: fc.array(fc.oneof(fc.integer({ min: 0, max: 500 }), fc.integer({ min: 0, max: 80_000 })), {
        minLength: 7,
        maxLength: 31,
      }),
      maxWindows: fc.integer({ min: 1, max: 40 }),
      maxRows: fc.integer({ min: 1, max: 60_000 }),
    });
    fc.assert(
      fc.property(input, ({ offsets, rows, maxWindows, maxRows }) => {
        const windows = offsets.map((offset) => windowAt(base + offset * WINDOW_MS));
        const rowsOf = (window: Window): number => rows[(window.fromMs / WINDOW_MS) % rows.length] ?? 0;
        const jobs = pack(windows, rowsOf, { maxWindows, maxRows });

        const covered = jobs.flatMap((job) => windowsOfJob(job)).map((window) => window.fromMs);
        const ascending = (a: number, b: number) => a - b;
        expect(covered.toSorted(ascending)).toEqual(windows.map((window) => window.fromMs).sort(ascending));
        const starts = jobs.map((job) => ms(job.from));
        expect(starts).toEqual(starts.toSorted((a, b) => b - a));
        for (const job of jobs) {
          const inside = windowsOfJob(job);
          const sum = inside.reduce((all, window) => all + rowsOf(window), 0);
          expect(job.expectedRows).toBe(sum);
          expect(inside.length).toBeLessThanOrEqual(maxWindows);
          if (inside.length > 1) expect(sum).toBeLessThanOrEqual(maxRows);
          expect(parseWindowJob(toMessage(job))).toEqual(job);
        }
        expect(jobs).toHaveLength(fewestJobs(windows, rowsOf, { maxWindows, maxRows }));
        expect(pack(windows.toReversed(), rowsOf, { maxWindows, maxRows })).toEqual(jobs);
      }),
    );
  });

  it('adds fractions of rows before it rounds them up: two calls in three months are two', () => {
    const hour = 1 / 24;
    const [job] = pack(hours('2026-11-01T00:00Z', '2026-11-11T00:00Z'), () => hour);
    expect(job?.expectedRows).toBe(10);
    expect(pack(hours('2026-11-01T00:00Z', '2026-11-01T05:00Z'), () => hour)[0]?.expectedRows).toBe(1);
    expect(pack(hours('2026-11-01T00:00Z', '2026-11-11T00:00Z'), () => 0)[0]?.expectedRows).toBe(0);
  });

  it('packs three busy months of hours at once, into jobs of about fifty pages', () => {
    const jobs = pack(hours('2026-08-26T00:00Z', '2026-11-23T00:00Z'), () => 1000);
    expect(jobs).toHaveLength(Math.ceil((89 * 24 * 1000) / PACK_LIMITS.maxRows));
    expect(PACK_LIMITS).toEqual({ maxWindows: MAX_RANGE_WINDOWS, maxRows: 50_000 });
  });
});

/** Filling each job from the oldest window on is known to need the fewest. */
function fewestJobs(
  windows: readonly Window[],
  rows: (window: Window) => number,
  limits: PackLimits,
): number {
  let jobs = 0;
  let sum = 0;
  let count = 0;
  let endMs = NaN;
  for (const window of windows.toSorted((a, b) => a.fromMs - b.fromMs)) {
    const fits = window.fromMs === endMs && count < limits.maxWindows && sum + rows(window) <= limits.maxRows;
    if (!fits) {
      jobs += 1;
      sum = 0;
      count = 0;
    }
    sum += rows(window);
    count += 1;
    endMs = window.toMs;
  }
  return jobs;
}
