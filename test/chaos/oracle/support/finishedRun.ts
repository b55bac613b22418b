import { landWindowJob } from '../../../../src/landing/landJob.ts';
import { parseDayChanged } from '../../../../src/queues/messages.ts';
import { QUEUES } from '../../../../src/queues/names.ts';
import { silentLog } from '../../../../src/runtime/log.ts';
import type { BlobContainer } from '../../../../src/storage/blobs.ts';
import { aggregateDay } from '../../../../src/totals/aggregateDay.ts';
import { aggregateMonth } from '../../../../src/totals/aggregateMonth.ts';
import { monthNextStage } from '../../../../src/totals/monthNextStage.ts';
import { windowsBetween } from '../../../../src/windows/grid.ts';
import { createTableLedger } from '../../../../src/windows/tableLedger.ts';
import { fakeLog, jobOf } from '../../../support/landingWorld.ts';
import { type MemoryContainer, memoryContainer } from '../../../support/memoryBlobs.ts';
import { memorySender } from '../../../support/memoryQueues.ts';
import { memoryTable } from '../../../support/memoryTables.ts';
import type { AcceptedRead, BlobVersion, FinalState } from '../state.ts';

export const SETTLE_HOURS = 6;
export const FROM = '2026-11-21T00:00:00Z';
export const TO = '2026-11-26T05:00:00Z';

export type Row = Record<string, unknown>;

/**
 * The product over stores in memory, one step after the other: what it leaves behind is what the oracle is tried on.
 */
export function quietPipeline() {
  const raw = memoryContainer('pstn-raw');
  const control = memoryContainer('pstn-control');
  const windows = memoryTable('windows');
  const dailyTotals = memoryTable('dailyTotals');
  const monthlyTotals = memoryTable('monthlyTotals');
  const sender = memorySender();
  const log = fakeLog();
  const history = new Map<string, BlobVersion>();
  const reads: AcceptedRead[] = [];
  const tableLedger = createTableLedger(windows);
  let nowMs = Date.parse(FROM);
  let ids = 0;
  const billingDay = 25;
  const ledger = {
    ...tableLedger,
    recordReads: async (recorded: Parameters<typeof tableLedger.recordReads>[0]): Promise<void> => {
      await tableLedger.recordReads(recorded);
      for (const { window, claim } of recorded) {
        reads.push({ windowId: window.id, claim: claim.number, atMs: claim.atMs });
      }
    },
  };
  const deps = {
    raw: recording(raw, history),
    control,
    ledger,
    dailyTotals,
    monthlyTotals,
    sender,
    source: log,
    clock: { nowMs: () => nowMs },
    newId: () => `id-${++ids}`,
    log: silentLog,
    sourceDays: 88,
    settleHours: SETTLE_HOURS,
    shrinkConfirmMinutes: 60,
    delayMs: 30_000,
    billingDay,
    monotonicMs: () => 0,
    nextStages: async (date: string, snapshot: string): Promise<void> => {
      await monthNextStage(date, snapshot, { monthlyTotals, sender, billingDay });
    },
  };
  /** Delivers what was sent, and what that sends, until nothing is left. */
  const drain = async (): Promise<void> => {
    for (;;) {
      const messages = sender.sent.splice(0);
      if (messages.length === 0) return;
      for (const { queue, message } of messages) {
        if (queue !== QUEUES.days) {
          await landWindowJob(message.data as Parameters<typeof landWindowJob>[0], deps);
          continue;
        }
        const changed = parseDayChanged(message);
        if ('date' in changed) await aggregateDay(changed, deps);
        else await aggregateMonth(changed, deps);
      }
    }
  };
  return {
    log,
    deps,
    drain,
    /** Reads a range at an instant, and folds every day of the whole range. */
    read: async (at: string, from = FROM, to = TO): Promise<void> => {
      nowMs = Date.parse(at);
      await tableLedger.markPlanned(windowsBetween(Date.parse(from), Date.parse(to)), 'live', nowMs);
      await landWindowJob(jobOf(from, to, { planned: new Date(nowMs).toISOString() }), deps);
      await drain();
      for (const date of datesOf(FROM, TO)) await aggregateDay({ date }, deps);
      await drain();
    },
    finalState: (): FinalState => ({
      rows: log.rows.map((row) => JSON.stringify(row)),
      raw,
      control,
      windows,
      dailyTotals,
      monthlyTotals,
      history,
      reads,
      coveredFromMs: Date.parse(FROM),
      coveredToMs: Date.parse(TO),
      nowMs,
      settleHours: SETTLE_HOURS,
      billingDay,
    }),
  };
}

const datesOf = (from: string, to: string): string[] => {
  const dates: string[] = [];
  for (let at = Date.parse(from); at < Date.parse(to); at += 86_400_000) {
    dates.push(new Date(at).toISOString().slice(0, 10));
  }
  return dates;
};

/** Keeps each version that is written. */
function recording(raw: MemoryContainer, history: Map<string, BlobVersion>): BlobContainer {
  const keep = <T extends { etag: string }>(name: string, written: T): T => {
    const blob = raw.blobs.get(name);
    if (blob?.etag !== written.etag) throw new Error(`${name} was replaced at once`);
    const text = Buffer.from(blob.content).toString('utf8');
    history.set(blob.etag, { name, text, metadata: blob.metadata });
    return written;
  };
  return {
    ...raw,
    put: async (name, content, options) => keep(name, await raw.put(name, content, options)),
    commitBlocks: async (name, blocks, options) => keep(name, await raw.commitBlocks(name, blocks, options)),
  };
}

/** Call `number` of the log: users, currencies, values and hours by number, so that all of them meet. */
export function rowOf(number: number, change: Row = {}): Row {
  const hour = number % 24;
  const date = ['2026-11-23', '2026-11-24', '2026-11-25'][number % 3] ?? '';
  const two = (value: number): string => String(value).padStart(2, '0');
  return {
    '@odata.type': '#microsoft.graph.callRecords.pstnCallLogRow',
    id: number % 37 === 5 ? null : `call-${number}`,
    callId: `conference-${number}`,
    userId: ['User-A', 'user-b', 'a/b|c', null, '-'][number % 5],
    userPrincipalName: number % 7 === 0 ? null : `user${number % 5}@example.test`,
    userDisplayName: number % 11 === 0 ? ' ' : `User\u2028 ${number % 5}`,
    startDateTime: `${date}T${two(hour)}:${two(number % 60)}:00.${String(number).padStart(7, '0')}Z`,
    duration: number % 13 === 0 ? null : number * 7,
    charge: number % 9 === 0 ? null : (number * 1_234) / 1_000_000,
    connectionCharge: 0.000001,
    callType: ['user_in', 'user_out', 'conf_out', null, 'ucap_in_x'][number % 5],
    currency: ['USD', 'EUR', null, 'USD'][number % 4],
    usageCountryCode: ['DE', 'US'][number % 2],
    destinationName: number % 3 === 0 ? 'Côte d’Ivoire' : null,
    licenseCapability: 'MCOPSTN1',
    inventoryType: number % 6 === 0 ? 'x'.repeat(300) : 'Subscriber',
    operator: 'Operator!',
    administrativeUnitInfos: number % 4 === 0 ? [{ id: 'unit', b: 1.5, a: [] }] : null,
    ...(number % 10 === 0 ? { somethingNew: { z: 1, a: 0.1 } } : {}),
    ...change,
  };
}

/**
 * A run with late, changed, moved, withdrawn and unfit rows. 21 November is settled without a call, 22 November with
 * some; 23 to 25 November are restated, and 26 November is provisional.
 */
export async function finishedRun(rows = 90): Promise<FinalState> {
  const pipeline = quietPipeline();
  const { log, read } = pipeline;
  log.pageSize = 500;
  log.rows = Array.from({ length: rows }, (_, at) => rowOf(at + 1));
  log.rows.push(
    ...[3001, 3002, 3003].map((number) =>
      rowOf(number, { startDateTime: `2026-11-22T09:00:0${number % 10}Z` }),
    ),
    rowOf(4001, { id: '' }),
    rowOf(4025, { id: '' }),
    rowOf(1001, { charge: 0.0000001 }),
    rowOf(1002, { duration: '7', charge: 'much' }),
    rowOf(1003, { startDateTime: null }),
    'no object',
    rowOf(1004, { startDateTime: '2026-11-26T02:00:00Z', charge: 0 }),
  );
  const change = (number: number, by: Row | undefined): void => {
    const at = log.rows.findIndex((row) => (row as Row)['callId'] === `conference-${number}`);
    log.rows.splice(at, 1, ...(by === undefined ? [] : [rowOf(number, by)]));
  };
  await read('2026-11-26T05:30:00Z');
  // Late, changed and moved, before the third day is settled; the first two are settled already.
  log.rows.push(rowOf(2001), rowOf(2002));
  change(3, { startDateTime: '2026-11-23T20:00:00.0000003Z' });
  change(4, { charge: 9.5 });
  await read('2026-11-26T07:00:00Z');
  // A withdrawn row, and one that moves to another day.
  change(6, undefined);
  change(8, { startDateTime: '2026-11-24T08:00:00Z' });
  await read('2026-11-27T07:00:00Z', FROM, '2026-11-26T00:00:00Z');
  change(10, { duration: 1 });
  await read('2026-11-27T09:00:00Z', FROM, '2026-11-26T00:00:00Z');
  return pipeline.finalState();
}
