import { expect } from 'vitest';
import { type DayChanged, parseDayChanged } from '../../../src/queues/messages.ts';
import { QUEUES } from '../../../src/queues/names.ts';
import { silentLog } from '../../../src/runtime/log.ts';
import type { Table } from '../../../src/storage/tables.ts';
import { aggregateDay } from '../../../src/totals/aggregateDay.ts';
import type { AggregateDeps } from '../../../src/totals/rewriteDay.ts';
import { readDay, readDayHead } from '../../../src/totals/totalsReader.ts';
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
  const dailyTotals = memoryTable('dailyTotals');
  const sender = memorySender();
  const landed = new Map<number, TestBlob>();
  const history = new Map<string, TestBlob>();
  const ledger = new Map<number, LedgerEntry>();
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
    dailyTotals,
    sender,
    ledger: { readDay: async () => Promise.resolve([...ledger.values()]) },
    clock: { nowMs: () => (nowMs += 1_000) },
    newId: () => `run-${++ids}`,
    log: silentLog,
    delayMs: DELAY_MS,
    sourceDays: 88,
    monotonicMs: () => 0,
  };

  return {
    raw,
    dailyTotals,
    sender,
    ledger,
    landed,
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

/** Totals, counts and vector are those of what is landed. */
export async function expectExact(world: DayWorld): Promise<void> {
  expect(await expectTrueIfConsistent(world)).toBe(true);
  const hours = [...world.landed.keys()].map((hour) => {
    const { window, name } = rawBlob(hour);
    return [window.id, world.raw.blobs.get(name)?.etag];
  });
  const head = await readDayHead(world.dailyTotals, DATE);
  expect(head).toMatchObject({ open: false, state: 'provisional' });
  expect(head?.vector).toEqual(Object.fromEntries(hours));
  expect(head).not.toHaveProperty('lastError');
}

/**
 * Reads the day as any reader does. What is said to be consistent equals the rows of the very blobs that the
 * head names. False if it is not said to be.
 */
export async function expectTrueIfConsistent(
  world: DayWorld,
  table: Table = world.dailyTotals,
): Promise<boolean> {
  const { head, totals, consistent } = await readDay(table, DATE);
  if (!consistent) return false;
  const blobs = Object.values(head?.vector ?? {}).map((etag) => {
    const blob = world.history.get(etag);
    if (blob === undefined) throw new Error('the head names a blob that never was');
    return blob;
  });
  const expected = expectedDay(DATE, blobs);
  const found = totals.map((one) => ({
    ...one,
    chargeMicros: String(one.chargeMicros),
    connectionChargeMicros: String(one.connectionChargeMicros),
  }));
  expect(found.sort(byKey)).toEqual(
    expected.totals.map((one) => expect.objectContaining({ ...one }) as unknown),
  );
  if (head !== undefined) expect(head).toMatchObject({ complete: true, rows: expected.rows });
  return true;
}

/** Row key to ETag of everything in the table. */
export const etags = (world: DayWorld): Record<string, string> =>
  Object.fromEntries(world.dailyTotals.all().map(({ rowKey, etag }) => [rowKey, etag]));

/** The same without the head: of the totals alone. */
export const totalsEtags = (world: DayWorld): Record<string, string> =>
  Object.fromEntries(Object.entries(etags(world)).filter(([key]) => !key.startsWith('!')));
