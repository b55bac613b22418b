import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { QUEUES } from '../../src/queues/names.ts';
import { DAY_HEADS, type DayState, readDayHead } from '../../src/totals/dayHead.ts';
import { MAX_FOLD_TRIES } from '../../src/totals/fencedRun.ts';
import { daysOfMonth, monthOf, possibleMonths } from '../../src/totals/monthCalendar.ts';
import { MONTH_HEADS } from '../../src/totals/monthHead.ts';
import { readMonth, readMonthBreakdowns, readMonthHead } from '../../src/totals/monthReader.ts';
import { memoryTable } from '../support/memoryTables.ts';
import { gatedMonth } from './support/gatedMonth.ts';
import { aMonthCall, anyMonthCall, type MonthCall } from './support/monthOracle.ts';
import {
  DELAY_MS,
  drain,
  etags,
  expectExact,
  MONTH,
  monthWorld,
  type MonthWorld,
  takeMessages,
} from './support/monthWorld.ts';

const users = (from: number, to: number, change: Partial<MonthCall> = {}): MonthCall[] =>
  Array.from({ length: to - from }, (_, i) => aMonthCall({ userId: `user-${from + i}`, ...change }));

/** Every day of the month with calls of two users. */
async function fullMonth(): Promise<MonthWorld> {
  const world = monthWorld();
  for (const date of daysOfMonth(MONTH, 1)) await world.fold(date, users(0, 2), { state: 'settled' });
  return world;
}

/** Counts the calls of one run by name. */
function counting(world: MonthWorld): { counts: Record<string, number>; deps: MonthWorld['deps'] } {
  const counts: Record<string, number> = {};
  const deps = gatedMonth(world.deps, (call, effect) => {
    counts[call] = (counts[call] ?? 0) + 1;
    return effect();
  });
  return { counts, deps };
}

describe('the totals of a month', () => {
  it('are those of its days: of every date, in every currency, whatever the billing day', async () => {
    const given = fc.record({
      month: fc.constantFrom('2024-02', '2023-02', '2024-01', '2026-12'),
      billingDay: fc.constantFrom(1, 15, 28),
      calls: fc.array(fc.array(anyMonthCall, { maxLength: 3 }), { minLength: 40, maxLength: 70 }),
      offset: fc.integer({ min: 1, max: 20 }),
    });
    await fc.assert(
      fc.asyncProperty(given, async ({ month, billingDay, calls, offset }) => {
        const world = monthWorld();
        const firstMs = Date.parse(daysOfMonth(month, billingDay)[0] ?? '') - offset * 86_400_000;
        const dates = calls.map((_, at) => new Date(firstMs + at * 86_400_000).toISOString().slice(0, 10));
        for (const [at, date] of dates.entries()) await world.fold(date, calls[at] ?? []);
        for (const one of possibleMonths(dates)) {
          await world.run({ month: one }, { billingDay });
          const hasDays = dates.some((date) => monthOf(date, billingDay) === one);
          if (hasDays) await expectExact(world, { month: one, billingDay });
          else expect(await readMonthHead(world.monthlyTotals, one)).toBeUndefined();
        }
      }),
      { numRuns: 25 },
    );
  });

  it('are made of at most 31 snapshots, each read once', async () => {
    const world = await fullMonth();
    const { counts, deps } = counting(world);
    expect(await world.run({ month: MONTH }, deps)).toMatchObject({
      month: MONTH,
      outcome: 'completed',
      state: 'settled',
      days: 30,
      rows: 60,
      upserts: 2,
      breakdownUpserts: 6,
      transactions: 1,
    });
    expect(counts['snapshot']).toBe(30);
    await expectExact(world);
  });

  it('are left alone, every ETag of them, where no day has changed', async () => {
    const world = await fullMonth();
    await world.run();
    const before = etags(world);
    const { counts, deps } = counting(world);
    expect(await world.run({ month: MONTH }, deps)).toEqual({ month: MONTH, outcome: 'unchanged' });
    expect(counts).toEqual({ get: 1, day: 30 });
    expect(etags(world)).toEqual(before);
  });

  it('change where a day has changed, and nowhere else', async () => {
    const world = await fullMonth();
    await world.run();
    const before = etags(world);
    await world.fold('2026-11-07', [...users(0, 1), ...users(1, 2, { chargeMicros: 7n })]);
    expect(await world.run()).toMatchObject({ upserts: 1, deletes: 0, breakdownDeletes: 0 });
    const moved = Object.keys(before).filter((key) => etags(world)[key] !== before[key]);
    expect(moved).toContain(`${MONTH} user-1|USD`);
    expect(moved).not.toContain(`${MONTH} user-0|USD`);
    await expectExact(world);
  });

  it('lose a user and a value that no day has any more', async () => {
    const world = monthWorld();
    await world.fold('2026-11-01', users(0, 150, { values: { operator: 'gone' } }));
    await world.fold('2026-11-02', users(0, 1, { values: {} }));
    await world.run();
    await world.fold('2026-11-01', []);
    expect(await world.run()).toMatchObject({ deletes: 149, breakdownDeletes: 1 });
    await expectExact(world);
    const keys = world.monthlyTotals.all().map(({ rowKey }) => rowKey);
    expect(keys.filter((key) => key.includes('gone'))).toEqual([]);
  });

  it('count a day that is being folded as its snapshot has it', async () => {
    const world = await fullMonth();
    const head = await readDayHead(world.dailyTotals, '2026-11-05');
    if (head === undefined) throw new Error('no head');
    const begun = { ...head, open: true, complete: false, writer: 'at-work', step: 1 };
    await world.dailyTotals.transact('2026-11-05', [DAY_HEADS.operation(begun, head.etag)]);
    await world.run();
    await expectExact(world);
    expect(await readMonthHead(world.monthlyTotals, MONTH)).toMatchObject({ state: 'settled', rows: 60 });
  });

  it('come back from the snapshots alone when the table is emptied', async () => {
    const world = await fullMonth();
    await world.run();
    const emptied = memoryTable('monthlyTotals');
    expect(await world.run({ month: MONTH }, { monthlyTotals: emptied })).toMatchObject({
      outcome: 'completed',
      generation: 1,
    });
    await expectExact(world, { table: emptied });
  });

  it('need no partition where there is no day', async () => {
    const world = monthWorld();
    await world.fold('2026-10-31', users(0, 1));
    await world.fold('2026-12-01', users(0, 1));
    expect(await world.run()).toEqual({ month: MONTH, outcome: 'unchanged' });
    expect(world.monthlyTotals.all()).toEqual([]);
    expect(await readMonth(world.monthlyTotals, MONTH)).toEqual({
      head: undefined,
      totals: [],
      consistent: true,
    });
  });
});

describe('how final a month is', () => {
  const settle = async (states: (DayState | undefined)[]) => {
    const world = monthWorld();
    for (const [at, date] of daysOfMonth(MONTH, 1).entries()) {
      const state = at < states.length ? states[at] : 'settled';
      if (state !== undefined) await world.fold(date, users(0, 1), { state, rejected: 2 });
    }
    await world.run();
    await expectExact(world);
    return readMonthHead(world.monthlyTotals, MONTH);
  };

  it.each<[string, (DayState | undefined)[], DayState]>([
    ['settled if every day is', [], 'settled'],
    ['provisional while one day is', ['provisional'], 'provisional'],
    ['provisional while one day is missing', [undefined], 'provisional'],
    ['restated if one day is', ['settled', 'restated'], 'restated'],
    ['provisional while one day is, though another is restated', ['restated', 'provisional'], 'provisional'],
    [
      'provisional while one day is missing, though another is restated',
      ['restated', undefined],
      'provisional',
    ],
  ])('%s', async (_, states, expected) => {
    expect(await settle(states)).toMatchObject({ state: expected });
  });

  it('counts the rows that did not fit', async () => {
    expect(await settle([])).toMatchObject({ rows: 30, rejected: 60 });
  });
});

describe('another billing day', () => {
  it('moves each day to its month, and leaves nothing in a month that has none any more', async () => {
    const world = monthWorld();
    const dates = [...daysOfMonth('2026-10', 15)];
    for (const date of dates) await world.fold(date, users(0, 2));
    await world.run({ month: '2026-10' }, { billingDay: 15 });
    await expectExact(world, { month: '2026-10', billingDay: 15 });

    // From the 20th on, the first five days belong to the month before.
    for (const month of possibleMonths(dates)) await world.run({ month }, { billingDay: 20 });
    await expectExact(world, { month: '2026-09', billingDay: 20 });
    await expectExact(world, { month: '2026-10', billingDay: 20 });
    expect(Object.keys((await readMonthHead(world.monthlyTotals, '2026-09'))?.vector ?? {})).toHaveLength(5);

    const early = monthWorld();
    for (const date of daysOfMonth('2026-10', 15).slice(17)) await early.fold(date, users(0, 2));
    await early.run({ month: '2026-10' }, { billingDay: 15 });
    expect(await early.run({ month: '2026-10' }, { billingDay: 1 })).toMatchObject({
      outcome: 'completed',
      days: 0,
      deletes: 2,
      breakdownDeletes: 6,
    });
    await early.run({ month: '2026-11' }, { billingDay: 1 });
    await expectExact(early, { month: '2026-11', billingDay: 1 });
    expect((await readMonth(early.monthlyTotals, '2026-10')).totals).toEqual([]);
    expect((await readMonthBreakdowns(early.monthlyTotals, '2026-10')).breakdowns).toEqual([]);
    expect(await early.run({ month: '2026-10' }, { billingDay: 1 })).toMatchObject({ outcome: 'unchanged' });
  });
});

describe('a snapshot that is gone', () => {
  it('because its day was folded meanwhile: the heads are read again', async () => {
    const world = await fullMonth();
    let folded = false;
    const deps = gatedMonth(world.deps, async (call, effect) => {
      if (call === 'snapshot' && !folded) {
        folded = true;
        await world.fold('2026-11-01', users(5, 9));
        await world.deleteOldSnapshots();
      }
      return effect();
    });
    expect(await world.run({ month: MONTH }, deps)).toMatchObject({ outcome: 'completed', rows: 62 });
    await expectExact(world);
  });

  it('though the head names it: the old totals stand, the head says why, the day makes it again', async () => {
    const world = await fullMonth();
    await world.run();
    const before = await readMonth(world.monthlyTotals, MONTH);
    const name = await world.fold('2026-11-01', users(5, 9));
    await world.control.delete(name);
    const report = await world.run();
    expect(report).toMatchObject({ outcome: 'failed', reason: expect.stringContaining(name) as string });
    const after = await readMonth(world.monthlyTotals, MONTH);
    expect(after.consistent).toBe(true);
    expect(after.totals).toEqual(before.totals);
    expect(after.head).toMatchObject({
      open: false,
      lastError: expect.stringContaining('is gone') as string,
    });
    expect(takeMessages(world)).toEqual([{ date: '2026-11-01' }, { month: MONTH, tries: 1 }]);

    await world.foldAndTell('2026-11-01', users(5, 9));
    await drain(world);
    await expectExact(world);
  });

  it('or that cannot be read is named, and the month is sent again later each time, then given up', async () => {
    const world = await fullMonth();
    const name = await world.fold('2026-11-01', users(0, 1));
    await world.control.put(name, Buffer.from('{"v":1'));
    const delays: number[] = [];
    for (let tries = 0; tries < MAX_FOLD_TRIES - 1; tries += 1) {
      const report = await world.run({ month: MONTH, tries });
      expect(report).toMatchObject({ outcome: 'failed', reason: expect.stringContaining(name) as string });
      const [sent] = world.sender.sent.splice(0);
      expect(sent).toMatchObject({
        queue: QUEUES.days,
        message: { v: 1, data: { month: MONTH, tries: tries + 1 } },
      });
      delays.push(sent?.delayMs ?? 0);
    }
    expect(delays).toEqual(delays.map((_, tries) => Math.min(DELAY_MS * 2 ** tries, 3_600_000)));
    const last = world.run({ month: MONTH, tries: MAX_FOLD_TRIES - 1 });
    await expect(last).rejects.toThrow(/not JSON/);
    expect(world.sender.sent).toEqual([]);
  });
});

describe('a month that another run is at work on', () => {
  /** A run that claimed and then ended, so that its head stays open. */
  const claimed = async (): Promise<MonthWorld> => {
    const world = await fullMonth();
    let dead = false;
    const deps = gatedMonth(world.deps, async (call, effect) => {
      if (dead) throw new Error('crashed');
      const answer = await effect();
      dead = call === 'transact';
      return answer;
    });
    await expect(world.run({ month: MONTH }, deps)).rejects.toThrow('crashed');
    return world;
  };
  const etagOf = async (world: MonthWorld) => (await readMonthHead(world.monthlyTotals, MONTH))?.etag;

  it('is sent again, delayed, with the head as it was seen', async () => {
    const world = await claimed();
    expect(await world.run()).toEqual({ month: MONTH, outcome: 'busy' });
    expect(world.sender.sent).toEqual([
      {
        queue: QUEUES.days,
        message: { v: 1, data: { month: MONTH, seen: await etagOf(world) } },
        delayMs: DELAY_MS,
      },
    ]);
    expect(world.monthlyTotals.all()).toHaveLength(1);
  });

  it('is taken over when its head has not moved since', async () => {
    const world = await claimed();
    await world.run();
    await drain(world);
    await expectExact(world);
  });

  it('is closed by whoever saw it unmoved, though its totals are right', async () => {
    const world = await claimed();
    await drain(world);
    await world.run({ month: MONTH, seen: (await etagOf(world)) ?? '' });
    const head = await readMonthHead(world.monthlyTotals, MONTH);
    if (head === undefined) throw new Error('no head');
    const left = { ...head, open: true, generation: head.generation + 1, writer: 'dead' };
    await world.monthlyTotals.transact(MONTH, [MONTH_HEADS.operation(left, head.etag)]);
    expect(await world.run()).toMatchObject({ outcome: 'unchanged' });
    expect(await readMonthHead(world.monthlyTotals, MONTH)).toMatchObject({ open: true });
    const { counts, deps } = counting(world);
    expect(await world.run({ month: MONTH, seen: (await etagOf(world)) ?? '' }, deps)).toMatchObject({
      outcome: 'unchanged',
    });
    expect(counts).toMatchObject({ transact: 2 });
    expect(counts).not.toHaveProperty('snapshot');
    await expectExact(world);
  });

  it('shows life while it reads and writes: no transaction is awaited longer than a quarter of the delay', async () => {
    const world = await fullMonth();
    let ms = 0;
    const gaps: number[] = [];
    let last = 0;
    const deps = gatedMonth(world.deps, (call, effect) => {
      ms += DELAY_MS / 20;
      if (call === 'transact') {
        gaps.push(ms - last);
        last = ms;
      }
      return effect();
    });
    await world.run({ month: MONTH }, { ...deps, monotonicMs: () => ms });
    await expectExact(world);
    // The claim comes after the look at all days, and the first beat after the second look at them.
    expect(gaps.length).toBeGreaterThan(6);
    expect(Math.max(...gaps.slice(2))).toBeLessThanOrEqual(DELAY_MS / 4 + DELAY_MS / 10);
  });
});
