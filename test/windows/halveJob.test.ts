import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseWindowJob, toMessage } from '../../src/queues/messages.ts';
import { type Window, WINDOW_MS, windowsBetween } from '../../src/windows/grid.ts';
import { halveJob, type HalveInput } from '../../src/windows/halveJob.ts';
import { windowsOfJob } from '../../src/windows/packJobs.ts';
import { ms } from './memoryLedger.ts';

const FROM = ms('2026-10-05T00:00Z');
const hours = (from: number, to: number): Window[] =>
  windowsBetween(FROM + from * WINDOW_MS, FROM + to * WINDOW_MS);
const halve = (failed: readonly Window[], more: Partial<HalveInput> = {}) =>
  halveJob({
    job: { lane: 'live', planned: '2026-11-24T06:00:00.123Z', soon: true },
    failed,
    others: [],
    tries: 2,
    expectedRows: () => 10,
    ...more,
  });
const shown = (jobs: ReturnType<typeof halve>) =>
  jobs.map(({ from, to, tries }) => [(ms(from) - FROM) / WINDOW_MS, (ms(to) - FROM) / WINDOW_MS, tries]);

describe('a job that cannot be read', () => {
  it('is cut in the middle of its time, wherever its rows are', () => {
    const expectedRows = ({ fromMs }: Window) => (fromMs === FROM ? 40_000 : 0);
    expect(shown(halve(hours(0, 10), { expectedRows }))).toEqual([
      [5, 10, 2],
      [0, 5, 2],
    ]);
    expect(shown(halve(hours(0, 3)))).toEqual([
      [1, 3, 2],
      [0, 1, 2],
    ]);
  });

  it('leaves what was not tried whole, and as new as it is', () => {
    const others = [...hours(0, 2), ...hours(9, 12)];
    expect(shown(halve(hours(4, 8), { others }))).toEqual([
      [9, 12, undefined],
      [6, 8, 2],
      [4, 6, 2],
      [0, 2, undefined],
    ]);
  });

  it('that is a single hour goes on without the others', () => {
    expect(shown(halve(hours(4, 5), { others: hours(7, 9), tries: 0 }))).toEqual([
      [7, 9, undefined],
      [4, 5, undefined],
    ]);
  });

  it('is partitioned into smaller jobs that are as it was', () => {
    const input = fc.record({
      failed: fc.integer({ min: 1, max: 90 * 24 }),
      others: fc.integer({ min: 0, max: 50 }),
      rows: fc.integer({ min: 0, max: 3_000 }),
      tries: fc.integer({ min: 0, max: 2 }),
    });
    fc.assert(
      fc.property(input, ({ failed, others, rows, tries }) => {
        const windows = [...hours(0, failed), ...hours(failed + 1, failed + 1 + others)];
        const jobs = halve(windows.slice(0, failed), {
          ...{ others: windows.slice(failed), tries, expectedRows: () => rows },
        });
        const covered = jobs.flatMap(windowsOfJob).sort((a, b) => a.fromMs - b.fromMs);
        expect(covered).toEqual(windows);
        for (const job of jobs) {
          expect(parseWindowJob(toMessage(job))).toEqual(job);
          expect(job).toMatchObject({ lane: 'live', planned: '2026-11-24T06:00:00.123Z', soon: true });
          expect(windowsOfJob(job).length).toBeLessThanOrEqual(Math.max(others, (failed + 1) >> 1));
        }
      }),
      { numRuns: 30 },
    );
  });
});
