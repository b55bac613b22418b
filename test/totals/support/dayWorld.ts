import { expect } from 'vitest';
import { type DayChanged, parseDayChanged } from '../../../src/queues/messages.ts';
import { QUEUES } from '../../../src/queues/names.ts';
import { silentLog } from '../../../src/runtime/log.ts';
import type { Table } from '../../../src/storage/tables.ts';
import { aggregateDay } from '../../../src/totals/aggregateDay.ts';
import type { DayHead, DayState } from '../../../src/totals/dayHead.ts';
import type { AggregateDeps } from '../../../src/totals/rewriteDay.ts';
import { readSnapshot } from '../../../src/totals/snapshot.ts';
import { readBreakdowns, readDay, readDayHead } from '../../../src/totals/totalsReader.ts';
import { rawBlobName, windowsOfDay } from '../../../src/windows/grid.ts';
import type { LedgerEntry } from '../../../src/windows/ledger.ts';
import { memoryContainer } from '../../support/memoryBlobs.ts';
import { memorySender } from '../../support/memoryQueues.ts';
import { memoryTable } from '../../support/memoryTables.ts';
import { type TestBlob, toBody } from './calls.ts';
import { byKey, expectedDay } from './oracle.ts';

export const DATE = '2026-11-23';
export const DELAY_MS = 30_000;

export type DayWorld = ReturnType<typeof dayWorld>;

/** One day on in-memory storage and queue. */
export function dayWorld(blobs: readonly TestBlob[] = []) {
  const raw = memoryContainer('pstn-raw');
  const control = memoryContainer('pstn-control');
  const dailyTotals = memoryTable('dailyTotals');
  const sender = memorySender();
  const landed = new Map<number, TestBlob>();
  const history = new Map<string, TestBlob>();
  const ledger = new Map<number, LedgerEntry>();
  const told: string[] = [];
  let ids = 0;
  let nowMs = Date.parse('2026-11-26T00:00:00Z');

  const land = async (blob: TestBlob, entry: Partial<LedgerEntry> = {}): Promise<void> => {
    landed.set(blob.hour, blob);
    const { window, name } = rawBlob(blob.hour);
    const { etag } = await raw.put(name, toBody(DATE, blob), { metadata: { claim: String(blob.claim) } });
    history.set(etag, blob);
    const { claim, calls } = blob;
    ledger.set(blob.hour, {
      ...{ window, etag: '', state: 'read', claim, done: claim, attempts: 0, rows: calls.length },
      ...{ rejected: 0, reads: 1, lane: 'live', ...entry },
    });
  };

  const deps: AggregateDeps = {
    raw,
    control,
    dailyTotals,
    sender,
    ledger: { readDay: async () => Promise.resolve([...ledger.values()]) },
    clock: { nowMs: () => (nowMs += 1_000) },
    newId: () => `run-${++ids}`,
    log: silentLog,
    delayMs: DELAY_MS,
    sourceDays: 88,
    settleHours: 72,
    monotonicMs: () => 0,
    nextStages: async (_, snapshot) => {
      await Promise.resolve();
      told.push(snapshot);
    },
  };

  return {
    raw,
    control,
    dailyTotals,
    sender,
    ledger,
    landed,
    /** Snapshots of which the next stages were told. */
    told,
    /** The snapshot that the head names. */
    inForce: async () => (await readDayHead(dailyTotals, DATE))?.snapshot,
    /** Every blob that was ever landed, by its ETag. */
    history,
    deps,
    land,
    landAll: async (): Promise<void> => {
      for (const blob of blobs) await land(blob);
    },
    run: (message: DayChanged = { date: DATE }, change: Partial<AggregateDeps> = {}) =>
      aggregateDay(message, { ...deps, ...change }),
  };
}

export function rawBlob(hour: number) {
  const window = windowsOfDay(DATE)[hour];
  if (window === undefined) throw new RangeError(`no hour ${hour}`);
  return { window, name: rawBlobName(window) };
}

/** Takes the day messages that wait in the queue. */
export function takeDays(world: DayWorld): DayChanged[] {
  const { sent } = world.sender;
  const days = sent.filter(({ queue }) => queue === QUEUES.days);
  const others = sent.filter(({ queue }) => queue !== QUEUES.days);
  sent.splice(0, sent.length, ...others);
  return days.map(({ message }) => parseDayChanged(message));
}

/** Delivers day messages, one after the other, until none is left. */
export async function drain(world: DayWorld): Promise<void> {
  for (let rounds = 0; rounds < 50; rounds += 1) {
    const messages = takeDays(world);
    if (messages.length === 0) return;
    for (const message of messages) await world.run(message);
  }
  throw new Error('the queue does not run dry');
}

/** Totals, breakdowns, snapshot, counts and vector are those of what is landed. */
export async function expectExact(world: DayWorld, state?: DayState): Promise<void> {
  expect(await expectTrueIfConsistent(world)).toBe(true);
  const hours = [...world.landed.keys()].map((hour) => {
    const { window, name } = rawBlob(hour);
    return [window.id, world.raw.blobs.get(name)?.etag];
  });
  const head = await readDayHead(world.dailyTotals, DATE);
  expect(head).toMatchObject({ open: false, ...(state === undefined ? {} : { state }) });
  expect(head?.vector).toEqual(Object.fromEntries(hours));
  expect(head).not.toHaveProperty('lastError');

  const { rows, totals, breakdowns } = expectedDay(DATE, [...world.landed.values()]);
  const snapshot = await readSnapshot(world.control, head?.snapshot ?? 'none');
  expect(snapshot).toMatchObject({ date: DATE, rows, rejected: head?.rejected, vector: head?.vector });
  expect(snapshot?.totals.map(asText).sort(byKey)).toEqual(totals);
  expect(snapshot?.breakdowns.map(asText).sort(byKey)).toEqual(breakdowns);
}

const asText = <T extends { chargeMicros: bigint; connectionChargeMicros: bigint }>(one: T) => ({
  ...one,
  chargeMicros: String(one.chargeMicros),
  connectionChargeMicros: String(one.connectionChargeMicros),
});

/**
 * Reads the day as any reader does. What is said to be consistent equals the rows of the very blobs that the
 * head names. False if it is not said to be.
 */
export async function expectTrueIfConsistent(
  world: DayWorld,
  table: Table = world.dailyTotals,
): Promise<boolean> {
  const { totals, ...day } = await readDay(table, DATE);
  const expected = expectedOf(world, day.head);
  if (day.consistent) {
    expect(totals.map(asText).sort(byKey)).toEqual(containing(expected.totals));
    if (day.head !== undefined) expect(day.head).toMatchObject({ complete: true, rows: expected.rows });
  }
  const { breakdowns, ...by } = await readBreakdowns(table, DATE);
  if (by.consistent) {
    expect(breakdowns.map(asText).sort(byKey)).toEqual(containing(expectedOf(world, by.head).breakdowns));
  }
  return day.consistent && by.consistent;
}

const containing = (all: readonly object[]): unknown[] =>
  all.map((one) => expect.objectContaining({ ...one }) as unknown);

/** What the blobs come to that a head names. */
function expectedOf(world: DayWorld, head: Pick<DayHead, 'vector'> | undefined) {
  const blobs = Object.values(head?.vector ?? {}).map((etag) => {
    const blob = world.history.get(etag);
    if (blob === undefined) throw new Error('the head names a blob that never was');
    return blob;
  });
  return expectedDay(DATE, blobs);
}

/** Row key to ETag of everything in the table. */
export const etags = (world: DayWorld): Record<string, string> =>
  Object.fromEntries(world.dailyTotals.all().map(({ rowKey, etag }) => [rowKey, etag]));

/** The same without the head: of the totals alone. */
export const totalsEtags = (world: DayWorld): Record<string, string> =>
  Object.fromEntries(Object.entries(etags(world)).filter(([key]) => !key.startsWith('!')));
