import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseWindowJob, toMessage, type WindowJob } from '../../src/queues/messages.ts';
import { toInstant, type Window, WINDOW_MS, windowAt, windowsBetween } from '../../src/windows/grid.ts';
import { PACK_LIMITS, windowsOfJob } from '../../src/windows/packJobs.ts';
import { splitJob } from '../../src/windows/splitJob.ts';
import { ms } from './memoryLedger.ts';

const FROM = '2026-10-05T00:00:00Z';
const hours = (count: number): Window[] => windowsBetween(ms(FROM), ms(FROM) + count * WINDOW_MS);
const jobOver = (windows: readonly Window[], more: Partial<WindowJob> = {}): WindowJob => ({
  from: toInstant(windows[0]?.fromMs ?? 0),
  to: toInstant(windows.at(-1)?.toMs ?? 0),
  lane: 'backfill',
  planned: '2026-11-24T06:00:00.123Z',
  expectedRows: 1,
  ...more,
});

function split(
  count: number,
  expected: (index: number) => number,
  seen: (index: number) => number,
): WindowJob[] {
  const windows = hours(count);
  const index = ({ fromMs }: Window): number => (fromMs - ms(FROM)) / WINDOW_MS;
  return splitJob({
    job: jobOver(windows),
    windows,
    expectedRows: (window) => expected(index(window)),
    seenRows: (window) => seen(index(window)),
  });
}
const sizes = (jobs: readonly WindowJob[]) => jobs.map((job) => [windowsOfJob(job).length, job.expectedRows]);

describe('a job that turned out too large', () => {
  it('is cut at the boundary nearest to the middle of its rows, newest first', () => {
    expect(
      sizes(
        split(
          4,
          () => 5_000,
          () => 0,
        ),
      ),
    ).toEqual([
      [2, 10_000],
      [2, 10_000],
    ]);
    expect(
      sizes(
        split(
          4,
          (hour) => (hour === 0 ? 30_000 : 1_000),
          () => 0,
        ),
      ),
    ).toEqual([
      [3, 3_000],
      [1, 30_000],
    ]);
    expect(
      sizes(
        split(
          4,
          (hour) => (hour === 3 ? 30_000 : 1_000),
          () => 0,
        ),
      ),
    ).toEqual([
      [1, 30_000],
      [3, 3_000],
    ]);
  });

  it('is cut in the middle of its time where nothing was expected', () => {
    expect(
      sizes(
        split(
          4,
          () => 0,
          () => 0,
        ),
      ),
    ).toEqual([
      [2, 2],
      [2, 2],
    ]);
  });

  it('expects of all windows what came of those among which rows came, in whatever order of time', () => {
    const first = split(
      24,
      () => 100,
      (hour) => (hour < 6 ? 500 : 0),
    );
    expect(sizes(first)).toEqual([
      [12, 6_000],
      [12, 6_000],
    ]);
    expect(
      sizes(
        split(
          24,
          () => 100,
          (hour) => (hour >= 18 ? 500 : 0),
        ),
      ),
    ).toEqual(sizes(first));
  });

  it('expects at least twice as much where rows came in no order', () => {
    expect(
      sizes(
        split(
          24,
          () => 500,
          () => 1_000,
        ),
      ),
    ).toEqual([
      [12, 12_000],
      [12, 12_000],
    ]);
  });

  it('expects no less than before where it gave up for lack of time', () => {
    expect(
      sizes(
        split(
          24,
          () => 500,
          (hour) => (hour < 12 ? 100 : 0),
        ),
      ),
    ).toEqual([
      [12, 6_000],
      [12, 6_000],
    ]);
  });

  it('becomes as many jobs as are right for what is expected now', () => {
    const jobs = split(
      30 * 24,
      () => 1,
      (hour) => (hour < 20 ? 1_000 : 0),
    );
    expect(jobs).toHaveLength(18);
    for (const { expectedRows } of jobs) expect(expectedRows).toBeLessThanOrEqual(PACK_LIMITS.maxRows);
  });

  it('leaves its kind to all of them, and to the last one what it leaves to its worker', () => {
    const windows = hours(48);
    const then = { from: '2026-09-01T00:00:00Z', to: FROM };
    const jobs = splitJob({
      job: jobOver(windows, { lane: 'live', soon: true, then, tries: 3 }),
      windows,
      expectedRows: () => 10_000,
      seenRows: () => 0,
    });
    for (const job of jobs) {
      expect(job).toMatchObject({ lane: 'live', soon: true, planned: '2026-11-24T06:00:00.123Z' });
      expect(job.tries).toBeUndefined();
    }
    expect(jobs.map((job) => job.then)).toEqual([...jobs.slice(1).map(() => undefined), then]);
  });

  it('is partitioned, whatever was expected and seen, into smaller jobs that ask for at least what was seen', () => {
    const rows = fc.array(fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 30_000 })), {
      minLength: 1,
      maxLength: 40,
    });
    const input = fc.record({
      offsets: fc.uniqueArray(fc.integer({ min: 0, max: 400 }), { minLength: 2, maxLength: 120 }),
      expected: rows,
      seen: rows,
    });
    fc.assert(
      fc.property(input, ({ offsets, expected, seen }) => {
        const windows = offsets
          .sort((a, b) => a - b)
          .map((offset) => windowAt(ms(FROM) + offset * WINDOW_MS));
        const at = (values: readonly number[], { fromMs }: Window) =>
          values[(fromMs / WINDOW_MS) % values.length] ?? 0;
        const jobs = splitJob({
          job: jobOver(windows),
          windows,
          expectedRows: (window) => at(expected, window),
          seenRows: (window) => at(seen, window),
        });
        expect(jobs.length).toBeGreaterThan(1);
        const covered = jobs.flatMap(windowsOfJob).sort((a, b) => a.fromMs - b.fromMs);
        expect(covered).toEqual(windows);
        for (const job of jobs) {
          expect(parseWindowJob(toMessage(job))).toEqual(job);
          const least = windowsOfJob(job).reduce((sum, w) => sum + Math.max(at(seen, w), at(expected, w)), 0);
          expect(job.expectedRows).toBeGreaterThanOrEqual(least);
        }
      }),
    );
  });
});
