import { expect } from 'vitest';
import { type DayChanged, parseDayChanged } from '../../../src/queues/messages.ts';
import { QUEUES } from '../../../src/queues/names.ts';
import { silentLog } from '../../../src/runtime/log.ts';
import type { Table } from '../../../src/storage/tables.ts';
import { aggregateMonth } from '../../../src/totals/aggregateMonth.ts';
import { DAY_HEADS, type DayState, readDayHead } from '../../../src/totals/dayHead.ts';
import { daysOfMonth } from '../../../src/totals/monthCalendar.ts';
import { monthNextStage } from '../../../src/totals/monthNextStage.ts';
import { readMonth, readMonthBreakdowns, readMonthHead } from '../../../src/totals/monthReader.ts';
import type { AggregateMonthDeps } from '../../../src/totals/rewriteMonth.ts';
import { writeSnapshot } from '../../../src/totals/snapshot.ts';
import { memoryContainer } from '../../support/memoryBlobs.ts';
import { memorySender } from '../../support/memoryQueues.ts';
import { memoryTable } from '../../support/memoryTables.ts';
import { expectedTotals, inOrder, type MonthCall } from './monthOracle.ts';

export const MONTH = '2026-11';
export const DELAY_MS = 30_000;

export type MonthWorld = ReturnType<typeof monthWorld>;

/** What a day's snapshot was made of. */
interface FoldedDay {
  date: string;
  calls: readonly MonthCall[];
  state: DayState;
  rejected: number;
}

/** The days of some months, as their aggregators leave them, on in-memory storage and queue. */
export function monthWorld() {
  const control = memoryContainer('pstn-control');
  const dailyTotals = memoryTable('dailyTotals');
  const monthlyTotals = memoryTable('monthlyTotals');
  const sender = memorySender();
  const days = new Map<string, FoldedDay>();
  const history = new Map<string, FoldedDay>();
  let ids = 0;
  let nowMs = Date.parse('2026-12-26T00:00:00Z');

  const deps: AggregateMonthDeps = {
    dailyTotals,
    monthlyTotals,
    control,
    sender,
    clock: { nowMs: () => (nowMs += 1_000) },
    newId: () => `run-${++ids}`,
    log: silentLog,
    delayMs: DELAY_MS,
    billingDay: 1,
    monotonicMs: () => 0,
  };

  /** Completes a day: the snapshot under a new name, then the head that names it. The old snapshot stays. */
  const fold = async (
    date: string,
    calls: readonly MonthCall[],
    { state = 'provisional', rejected = 0 }: { state?: DayState; rejected?: number } = {},
  ): Promise<string> => {
    const before = await readDayHead(dailyTotals, date);
    const base = before ?? DAY_HEADS.empty('');
    const generation = base.generation + 1;
    const writer = `day-run-${++ids}`;
    const content = {
      date,
      generation,
      writer,
      foldVersion: 'any',
      vector: {},
      rows: calls.length,
      rejected,
    };
    const sums = expectedTotals(new Map([[date, calls]]));
    const snapshot = await writeSnapshot(control, { ...content, repeated: {}, ...sums }, '');
    history.set(snapshot, { date, calls, state, rejected });
    const head = { ...base, ...{ generation, writer, complete: true, rows: calls.length, rejected } };
    const write = DAY_HEADS.operation({ ...head, state, snapshot }, before?.etag);
    await dailyTotals.transact(date, [write]);
    days.set(date, { date, calls, state, rejected });
    return snapshot;
  };

  return {
    control,
    dailyTotals,
    monthlyTotals,
    sender,
    /** The days as they are, by date. */
    days,
    /** By name, what every snapshot was made of. */
    history,
    deps,
    fold,
    /** As the planner does long after: what no head names is deleted. */
    deleteOldSnapshots: async (): Promise<void> => {
      for (const name of [...history.keys()]) {
        const { date } = history.get(name) ?? { date: '' };
        if ((await readDayHead(dailyTotals, date))?.snapshot !== name) await control.delete(name);
      }
    },
    /** Completes a day and tells its month, as a day's message does. */
    foldAndTell: async (...day: Parameters<typeof fold>): Promise<void> => {
      await monthNextStage(day[0], await fold(...day), deps);
    },
    run: (message: DayChanged = { month: MONTH }, change: Partial<AggregateMonthDeps> = {}) => {
      if (!('month' in message)) throw new TypeError('a message of a day');
      return aggregateMonth(message, { ...deps, ...change });
    },
  };
}

/** Takes the messages that wait in the queue: of months, and of days. */
export function takeMessages({ sender }: MonthWorld): DayChanged[] {
  const taken = sender.sent.splice(0);
  expect(taken.every(({ queue }) => queue === QUEUES.days)).toBe(true);
  return taken.map(({ message }) => parseDayChanged(message));
}

/** Delivers messages of months, one after the other, until none is left. */
export async function drain(world: MonthWorld, change: Partial<AggregateMonthDeps> = {}): Promise<void> {
  for (let rounds = 0; rounds < 50; rounds += 1) {
    const messages = takeMessages(world).filter((message) => 'month' in message);
    if (messages.length === 0) return;
    for (const message of messages) await world.run(message, change);
  }
  throw new Error('the queue does not run dry');
}

interface Place {
  month?: string;
  billingDay?: number;
  table?: Table;
}

/** The totals are those of the days as they are now. */
export async function expectExact(world: MonthWorld, place: Place = {}): Promise<void> {
  const { month = MONTH, billingDay = world.deps.billingDay, table = world.monthlyTotals } = place;
  expect(await expectTrueIfConsistent(world, place)).toBe(true);
  const vector: Record<string, string> = {};
  const states: DayState[] = [];
  for (const date of daysOfMonth(month, billingDay)) {
    const head = await readDayHead(world.dailyTotals, date);
    if (head?.snapshot !== undefined) vector[date] = head.snapshot;
    states.push(head?.state ?? 'provisional');
  }
  const head = await readMonthHead(table, month);
  expect(head).toMatchObject({ open: false, vector, state: expectedState(states) });
  expect(head).not.toHaveProperty('lastError');
}

function expectedState(states: readonly DayState[]): DayState {
  if (states.includes('provisional')) return 'provisional';
  return states.includes('restated') ? 'restated' : 'settled';
}

/**
 * Reads the month as any reader does. What is said to be consistent equals the calls behind the very snapshots
 * that the head names. False if it is not said to be.
 */
export async function expectTrueIfConsistent(
  world: MonthWorld,
  { month = MONTH, table = world.monthlyTotals }: Place = {},
): Promise<boolean> {
  const totals = await readMonth(table, month);
  if (totals.consistent) expectCallsOf(world, totals.head, { totals: totals.totals });
  const breakdowns = await readMonthBreakdowns(table, month);
  if (breakdowns.consistent) expectCallsOf(world, breakdowns.head, { breakdowns: breakdowns.breakdowns });
  return totals.consistent && breakdowns.consistent;
}

function expectCallsOf(
  { history }: MonthWorld,
  head: Awaited<ReturnType<typeof readMonth>>['head'],
  found: { totals?: object[]; breakdowns?: object[] },
): void {
  const folded = Object.entries(head?.vector ?? {}).map(([date, name]) => {
    const day = history.get(name);
    if (day?.date !== date) throw new Error('the head names a snapshot that never was');
    return day;
  });
  const expected = expectedTotals(new Map(folded.map(({ date, calls }) => [date, calls])));
  for (const part of ['totals', 'breakdowns'] as const) {
    const items = found[part]?.map(withoutKeys);
    if (items !== undefined) expect(inOrder(items)).toEqual(expected[part]);
  }
  if (head === undefined) return;
  const sum = (of: (day: FoldedDay) => number) => folded.reduce((all, day) => all + of(day), 0);
  expect(head).toMatchObject({
    complete: true,
    rows: sum(({ calls }) => calls.length),
    rejected: sum(({ rejected }) => rejected),
  });
}

function withoutKeys(item: object): object {
  const copy: Record<string, unknown> = { ...item };
  delete copy['rowKey'];
  delete copy['updatedAt'];
  return copy;
}

/** Row key to ETag of everything in the table. */
export const etags = (world: MonthWorld): Record<string, string> =>
  Object.fromEntries(
    world.monthlyTotals.all().map(({ partitionKey, rowKey, etag }) => [`${partitionKey} ${rowKey}`, etag]),
  );
