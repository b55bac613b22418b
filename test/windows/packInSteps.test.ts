import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseWindowJob, toMessage, type WindowJob } from '../../src/queues/messages.ts';
import type { ExpectedRows } from '../../src/windows/expectedRows.ts';
import { type Window, WINDOW_MS, windowsBetween } from '../../src/windows/grid.ts';
import { packInSteps } from '../../src/windows/packInSteps.ts';
import { MAX_RANGE_WINDOWS, windowsOfJob } from '../../src/windows/packJobs.ts';
import { ms } from './memoryLedger.ts';

const nowMs = ms('2026-11-24T06:30:00Z');
const ripeMs = ms('2026-11-21T06:30:00Z');
const hours = (from: string, to: string): Window[] => windowsBetween(ms(from), ms(to));
const knowing = (known: number, rows = 10): ExpectedRows => ({ known, of: () => rows });

const pack = (windows: readonly Window[], expected: ExpectedRows): WindowJob[] =>
  packInSteps({ windows, lane: 'backfill', plannedMs: nowMs, expected, ripeMs });
const shown = (jobs: readonly WindowJob[]) =>
  jobs.map(({ from, to, then }) => [from.slice(5, 13), to.slice(5, 13), then && `${then.from} ${then.to}`]);

const quarter = hours('2026-08-01T00:00Z', '2026-11-01T00:00Z');

describe('packing for a tenant of which nothing is known', () => {
  it('makes a job of the newest day, whose worker packs the rest', () => {
    expect(shown(pack(quarter, knowing(0)))).toEqual([
      ['10-31T00', '11-01T00', '2026-08-01T00:00:00Z 2026-10-31T00:00:00Z'],
    ]);
  });

  it('makes another one of windows whose rows still come late: they tell nothing', () => {
    expect(shown(pack(hours('2026-11-10T00:00Z', '2026-11-24T06:00Z'), knowing(0)))).toEqual([
      ['11-21T06', '11-24T06', undefined],
      ['11-20T06', '11-21T06', '2026-11-10T00:00:00Z 2026-11-20T06:00:00Z'],
    ]);
  });

  it('sends a few windows more at once', () => {
    expect(shown(pack(hours('2026-10-01T00:00Z', '2026-10-03T00:00Z'), knowing(0)))).toEqual([
      ['10-01T00', '10-03T00', undefined],
    ]);
    expect(shown(pack(hours('2026-10-01T00:00Z', '2026-10-03T01:00Z'), knowing(0)))).toHaveLength(1);
    expect(pack(hours('2026-10-01T00:00Z', '2026-10-03T01:00Z'), knowing(0))[0]?.then).toEqual({
      from: '2026-10-01T00:00:00Z',
      to: '2026-10-02T01:00:00Z',
    });
    expect(shown(pack(hours('2026-11-21T06:00Z', '2026-11-24T06:00Z'), knowing(0)))).toHaveLength(1);
  });
});

describe('packing for a tenant of which little is known', () => {
  it('goes on with six days, the last of whose jobs names the rest', () => {
    expect(shown(pack(quarter, knowing(24)))).toEqual([
      ['10-26T00', '11-01T00', '2026-08-01T00:00:00Z 2026-10-26T00:00:00Z'],
    ]);
    const busy = pack(quarter, knowing(24, 1_000));
    expect(busy.at(-1)?.then?.to).toBe('2026-10-26T00:00:00Z');
    expect(busy.slice(0, -1).some(({ then }) => then !== undefined)).toBe(false);
  });

  it('makes of more than some twenty pages so many jobs that the request budget is used', () => {
    const jobsOfSixDays = (callsADay: number) => pack(quarter, knowing(24, callsADay / 24)).length;
    expect([2_000, 8_000, 21_000, 30_000].map(jobsOfSixDays)).toEqual([1, 4, 10, 15]);
    // Twelve pages each, or as many as can run at once.
    expect(pack(quarter, knowing(200, 2_000 / 24)).length).toBe(15);
    expect(pack(quarter, knowing(200, 4_000 / 24)).length).toBe(17);
  });

  it('makes one job of what is only guessed: the first rows tell more', () => {
    expect(pack(hours('2026-11-20T00:00Z', '2026-11-22T12:00Z'), knowing(0, 400))).toHaveLength(1);
    expect(pack(hours('2026-11-20T00:00Z', '2026-11-22T12:00Z'), knowing(24, 400))).toHaveLength(2);
  });

  it('sends all at once from five days on', () => {
    expect(pack(quarter, knowing(119)).some(({ then }) => then !== undefined)).toBe(true);
    expect(shown(pack(quarter, knowing(120)))).toEqual([
      ['08-03T00', '11-01T00', undefined],
      ['08-01T00', '08-03T00', undefined],
    ]);
  });
});

describe('packing in steps', () => {
  it('keeps windows in trouble out of the jobs of others', () => {
    const windows = hours('2026-10-01T00:00Z', '2026-10-02T00:00Z');
    const troubled = new Set(['2026-10-01T05Z', '2026-10-01T06Z', '2026-10-01T20Z']);
    const jobs = packInSteps({
      ...{ windows, lane: 'backfill', plannedMs: nowMs, ripeMs, expected: knowing(200) },
      isApart: ({ id }) => troubled.has(id),
    });
    expect(shown(jobs).map(([from, to]) => [from, to])).toEqual([
      ['10-01T21', '10-02T00'],
      ['10-01T20', '10-01T21'],
      ['10-01T07', '10-01T20'],
      ['10-01T05', '10-01T07'],
      ['10-01T00', '10-01T05'],
    ]);
  });

  it('leaves no window of other runs to a worker that would not know of the gap', () => {
    const windows = [
      ...hours('2026-09-01T00:00Z', '2026-09-02T00:00Z'),
      ...hours('2026-10-01T00:00Z', '2026-10-09T00:00Z'),
    ];
    expect(shown(pack(windows, knowing(0)))).toEqual([
      ['10-08T00', '10-09T00', '2026-10-01T00:00:00Z 2026-10-08T00:00:00Z'],
      ['09-01T00', '09-02T00', undefined],
    ]);
    expect(pack([], knowing(0))).toEqual([]);
  });

  it('covers each window exactly once, step by step, whatever is known and learned on the way', () => {
    const input = fc.record({
      hours: fc.integer({ min: 1, max: 366 * 24 }),
      endsBefore: fc.integer({ min: 0, max: 2_000 }),
      known: fc.integer({ min: 0, max: 200 }),
      learned: fc.array(fc.integer({ min: 0, max: 100 }), { minLength: 1, maxLength: 5 }),
      rows: fc.array(fc.double({ min: 0, max: 3_000, noNaN: true }), { minLength: 1, maxLength: 9 }),
      gap: fc.option(fc.integer({ min: 1, max: 500 }), { nil: undefined }),
    });
    fc.assert(
      fc.property(input, (given) => {
        const toMs = Math.floor(nowMs / WINDOW_MS) * WINDOW_MS - given.endsBefore * WINDOW_MS;
        const all = windowsBetween(toMs - given.hours * WINDOW_MS, toMs).filter((_, i) => i !== given.gap);
        const of = ({ fromMs }: Window): number => given.rows[(fromMs / WINDOW_MS) % given.rows.length] ?? 0;
        let known = given.known;
        let steps = 0;
        const covered: Window[] = [];
        for (let windows = all; windows.length > 0; steps += 1) {
          const jobs = pack(windows, { known, of });
          expect(jobs.length).toBeGreaterThan(0);
          for (const job of jobs) {
            expect(windowsOfJob(job).length).toBeLessThanOrEqual(MAX_RANGE_WINDOWS);
            expect(parseWindowJob(toMessage(job))).toEqual(job);
            covered.push(...windowsOfJob(job));
          }
          const rests = jobs.flatMap(({ then }) => then ?? []);
          expect(rests.length).toBeLessThanOrEqual(1);
          windows = rests.flatMap(windowsOfJob);
          known += given.learned[steps % given.learned.length] ?? 0;
        }
        covered.sort((a, b) => a.fromMs - b.fromMs);
        expect(covered).toEqual(all);
      }),
      { numRuns: 60 },
    );
  });
});
