import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  DAY_MS,
  dateOf,
  datesBetween,
  type Window,
  WINDOW_MS,
  windowsBetween,
} from '../../src/windows/grid.ts';
import { packJobs, windowsOfJob } from '../../src/windows/packJobs.ts';
import { type Plan, planWindows } from '../../src/windows/planner.ts';
import type { PlannerSettings } from '../../src/windows/plannerSettings.ts';
import { type MemoryLedger, memoryLedger, ms } from './memoryLedger.ts';
import { settings } from './settings.ts';

const TICK_MS = 15 * 60_000;
const startMs = ms('2026-11-10T13:07:00Z');

async function daysOf(ledger: MemoryLedger, fromMs: number, toMs: number) {
  const dates = datesBetween(fromMs, toMs);
  return new Map(await Promise.all(dates.map(async (date) => [date, await ledger.readDay(date)] as const)));
}

interface Simulation {
  /** Start of coverage before the first tick. */
  coverageDays: number;
  /** Instants of the ticks. */
  ticks: readonly number[];
  settings: PlannerSettings;
  /** How long after its tick a job claims; undefined: the job is lost. */
  delayMs: (job: number, tickMs: number) => number | undefined;
  afterTick?: (nowMs: number, plan: Plan, jobs: number, ledger: MemoryLedger) => void;
}

interface Read {
  window: Window;
  atMs: number;
}

/** Plans tick by tick and reads every job that is not lost before the next tick. */
async function simulate({
  coverageDays,
  ticks,
  settings,
  delayMs,
  afterTick,
}: Simulation): Promise<{ reads: Read[]; ledger: MemoryLedger }> {
  const ledger = memoryLedger();
  const coverageFromMs = Math.floor(startMs / DAY_MS - coverageDays) * DAY_MS;
  const reads: Read[] = [];
  let number = 0;
  for (const nowMs of ticks) {
    const days = await daysOf(ledger, coverageFromMs, nowMs);
    const plan = planWindows({ nowMs, days, coverageFromMs, settings });
    let jobs = 0;
    for (const lane of ['live', 'backfill'] as const) {
      const windows = plan[lane].map((due) => due.window);
      const packed = packJobs({ windows, lane, plannedMs: nowMs, expectedRows: () => 100 });
      jobs += packed.length;
      await ledger.markPlanned(windows, lane, nowMs);
      for (const job of packed) {
        const delay = delayMs(number++, nowMs);
        if (delay === undefined) continue;
        const inside = windowsOfJob(job);
        await ledger.read(inside, nowMs + delay);
        reads.push(...inside.map((window) => ({ window, atMs: nowMs + delay })));
      }
    }
    afterTick?.(nowMs, plan, jobs, ledger);
  }
  return { reads, ledger };
}

const everyQuarter = (days: number, jitterMs: (tick: number) => number = () => 0): number[] =>
  Array.from({ length: (days * DAY_MS) / TICK_MS }, (_, i) => startMs + i * TICK_MS + jitterMs(i));

function countByWindow(reads: readonly Read[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const { window } of reads) counts.set(window.id, (counts.get(window.id) ?? 0) + 1);
  return counts;
}

describe('ten days of planning', () => {
  it('leave no ended window unread, honour each re-read hour once, and need few jobs', async () => {
    const coverageDays = 3;
    const ticks = everyQuarter(10);
    const jobsATick: number[] = [];
    const { reads } = await simulate({
      coverageDays,
      ticks,
      settings,
      delayMs: () => 5_000,
      afterTick: (nowMs, _plan, jobs, ledger) => {
        jobsATick.push(jobs);
        // What was read stays read: after the first tick, what ended lately is left to look at.
        const coverageMs = Math.floor(startMs / DAY_MS - coverageDays) * DAY_MS;
        const endedMs = Math.floor(nowMs / WINDOW_MS) * WINDOW_MS;
        const ended = windowsBetween(nowMs === startMs ? coverageMs : endedMs - 6 * WINDOW_MS, endedMs);
        const unread = ended.filter(({ id }) => ledger.entries.get(id)?.lastReadAt === undefined);
        expect(unread).toEqual([]);
      },
    });

    const lastTickMs = ticks.at(-1) ?? 0;
    const counts = countByWindow(reads);
    const beforeSweeps = new Map(
      [...counts].filter(([id]) => ms(`${id.slice(0, 13)}:00:00Z`) > startMs - WINDOW_MS),
    );
    expect(beforeSweeps.size).toBeGreaterThan(9 * 24);
    for (const [id, count] of beforeSweeps) {
      const toMs = ms(`${id.slice(0, 13)}:00:00Z`) + WINDOW_MS;
      const passed = settings.rereadHours.filter((hours) => toMs + hours * WINDOW_MS <= lastTickMs);
      // The sweep comes on the seventh date after the last re-read.
      const sweptMs = Math.floor((toMs + 72 * WINDOW_MS + TICK_MS) / DAY_MS + settings.sweepDays) * DAY_MS;
      expect(count, id).toBe(1 + passed.length + (sweptMs + TICK_MS <= lastTickMs ? 1 : 0));
    }
    // The first tick needs a job a day, and one more where the lanes meet; a later one a job for the new
    // window and one for each re-read hour.
    const [first = 0, ...later] = jobsATick;
    expect(first).toBeLessThanOrEqual(coverageDays + 2);
    expect(Math.max(...later)).toBeLessThanOrEqual(settings.rereadHours.length + 1);
    expect(later.filter((jobs) => jobs > 0).length).toBeLessThanOrEqual(10 * 24);
  });

  it('read each window at the first tick after each hour at which it is due', async () => {
    const { reads } = await simulate({
      coverageDays: 0,
      ticks: everyQuarter(5),
      settings,
      delayMs: () => 1_000,
    });
    const ofOne = reads.filter(({ window }) => window.id === '2026-11-10T15Z');
    const hoursAfterEnd = ofOne.map(({ atMs, window }) => Math.floor((atMs - window.toMs) / WINDOW_MS));
    expect(hoursAfterEnd).toEqual([0, ...settings.rereadHours]);
    for (const { atMs, window } of ofOne) expect((atMs - window.toMs) % WINDOW_MS).toBeLessThan(TICK_MS);
  });

  it('sweep each window every seven days, a whole day in one job, when looked at once a day', async () => {
    const day = (i: number) => ms('2026-11-20T00:00:00Z') + i * DAY_MS;
    const sweeps: { at: string; swept: string; jobs: number }[] = [];
    const { reads } = await simulate({
      coverageDays: 0,
      ticks: Array.from({ length: 32 }, (_, i) => day(i)),
      settings,
      delayMs: () => 60_000,
      afterTick: (nowMs, { backfill }) => {
        const windows = backfill.filter((due) => due.reason === 'sweep').map((due) => due.window);
        for (const swept of new Set(windows.map((window) => window.date))) {
          const ofDay = windows.filter((window) => window.date === swept);
          const packing = {
            windows: ofDay,
            lane: 'backfill',
            plannedMs: nowMs,
            expectedRows: () => 0,
          } as const;
          sweeps.push({ at: dateOf(nowMs), swept, jobs: packJobs(packing).length });
        }
      },
    });
    const ofOne = reads.filter(({ window }) => window.id === '2026-11-22T05Z');
    expect(ofOne.map(({ atMs }) => dateOf(atMs))).toEqual([
      '2026-11-23', // first
      '2026-11-24', // 24 h
      '2026-11-25', // 48 h
      '2026-11-26', // 72 h
      '2026-12-03',
      '2026-12-10',
      '2026-12-17',
    ]);
    expect(sweeps.filter(({ swept }) => swept === '2026-11-22')).toEqual([
      { at: '2026-12-03', swept: '2026-11-22', jobs: 1 },
      { at: '2026-12-10', swept: '2026-11-22', jobs: 1 },
      { at: '2026-12-17', swept: '2026-11-22', jobs: 1 },
    ]);
  });

  it('heal whatever jobs are lost, with any re-read hours and irregular ticks', async () => {
    const world = fc.record({
      rereadHours: fc
        .uniqueArray(fc.integer({ min: 1, max: 60 }), { minLength: 1, maxLength: 5 })
        .map((hours) => [...hours, 72].sort((a, b) => a - b)),
      jitter: fc.array(fc.integer({ min: 0, max: TICK_MS - 1 }), { minLength: 5, maxLength: 17 }),
      skewMs: fc.integer({ min: -60_000, max: 60_000 }),
      lost: fc.array(fc.boolean(), { minLength: 1, maxLength: 40 }),
    });
    await fc.assert(
      fc.asyncProperty(world, async ({ rereadHours, jitter, skewMs, lost }) => {
        const ticks = everyQuarter(3, (tick) => jitter[tick % jitter.length] ?? 0);
        const healedMs = ticks[Math.floor(ticks.length / 2)] ?? 0;
        const isLost = (job: number, tickMs: number) => tickMs < healedMs && lost[job % lost.length] === true;
        const { reads, ledger } = await simulate({
          coverageDays: 1,
          ticks,
          settings: { ...settings, rereadHours },
          delayMs: (job, tickMs) => (isLost(job, tickMs) ? undefined : 2_000 + skewMs),
        });
        const lastMs = ticks.at(-1) ?? 0;
        const fromMs = Math.floor(startMs / DAY_MS - 1) * DAY_MS;
        for (const window of windowsBetween(fromMs, Math.floor(lastMs / WINDOW_MS) * WINDOW_MS)) {
          // What was lost comes an hour and a tick later; what a slow clock misdates by a minute, as well.
          const readMs = ms(ledger.entries.get(window.id)?.lastReadAt ?? '1970-01-01T00:00:00Z');
          const owed = rereadHours.filter((h) => window.toMs + (h + 2) * WINDOW_MS <= lastMs).at(-1) ?? 0;
          if (window.toMs + 2 * WINDOW_MS > lastMs) continue;
          expect(readMs, window.id).toBeGreaterThanOrEqual(window.toMs + owed * WINDOW_MS - 120_000);
        }
        const perWindow = Math.max(...countByWindow(reads).values());
        expect(perWindow).toBeLessThanOrEqual(2 * (rereadHours.length + 1));
      }),
      { numRuns: 8 },
    );
  });
});

describe('the planner', () => {
  it('decides the same for the same input, in whatever order the days come', () => {
    const input = fc.record({
      nowMs: fc.integer({ min: startMs, max: startMs + 3 * DAY_MS }),
      readHours: fc.array(fc.integer({ min: 0, max: 200 }), { maxLength: 40 }),
    });
    fc.assert(
      fc.property(input, ({ nowMs, readHours }) => {
        const dates = datesBetween(startMs - 5 * DAY_MS, nowMs);
        const ledger = memoryLedger();
        void ledger.markPlanned(
          windowsBetween(ms(`${dates[0] ?? ''}T00:00Z`), ms(`${dateOf(nowMs)}T00:00Z`)).filter((_, i) =>
            readHours.includes(i),
          ),
          'live',
          startMs,
        );
        const entries = [...ledger.entries.values()];
        const daysIn = (order: readonly string[]) =>
          new Map(order.map((date) => [date, entries.filter((entry) => entry.window.date === date)]));
        const plan = (order: readonly string[]) =>
          planWindows({ nowMs, days: daysIn(order), coverageFromMs: startMs - 4 * DAY_MS, settings });
        expect(plan(dates.toReversed())).toEqual(plan(dates));
        for (const { window } of [...plan(dates).live, ...plan(dates).backfill]) {
          expect(window.toMs).toBeLessThanOrEqual(nowMs);
        }
      }),
    );
  });
});
