import type { Log } from '../runtime/log.ts';
import type { BlobContainer } from '../storage/blobs.ts';
import type { Table, TableOperation } from '../storage/tables.ts';
import { currencySums } from './currencySums.ts';
import { type DayHead, type DayState, sameVector } from './dayHead.ts';
import type { UserTotals } from './fold.ts';
import { type CountedRows, rowChanges, type RowChanges } from './rowChanges.ts';
import {
  type Restatement,
  restatedKey,
  restatedOperation,
  restatementName,
  writeRestatement,
} from './restatement.ts';
import { restoreFinality } from './restoreFinality.ts';
import { BadSnapshotError, type DaySnapshot, readSnapshot, snapshotName } from './snapshot.ts';
import { readDay } from './totalsReader.ts';
import { readWindowRows } from './windowRows.ts';

/** How final a day is. */
export interface Finality {
  state: DayState;
  settledSnapshot?: string;
  /** Number of the last restatement. */
  restatements: number;
}

export interface FinalityServices {
  control: BlobContainer;
  dailyTotals: Table;
  log: Log;
}

/** A day as it has been folded now. */
export interface FoldedNow {
  snapshot: DaySnapshot;
  rowsOf: CountedRows['rowsOf'];
  /** Every window has been read for the last time that matters. */
  isSettled: boolean;
  /** Instant, ISO text. */
  at: string;
}

export interface Judgement {
  finality: Finality;
  /** Entities of restatements; the new one, if there is one, is the last. */
  operations: TableOperation[];
  /** Number of the new restatement. */
  restatement: number | undefined;
}

/**
 * How final a day is with the totals that are about to be completed, and the entities that say so, for the
 * transaction that completes them. The records behind these are written here: a run that ends before that
 * transaction leaves records that do not count.
 * @param head the day's head as it was claimed.
 */
export async function judgeDay(
  services: FinalityServices,
  head: DayHead,
  now: FoldedNow,
): Promise<Judgement> {
  const { date } = now.snapshot;
  const restored = head.snapshot === undefined ? await restoreFinality(services.control, date) : undefined;
  const past: Past =
    restored === undefined
      ? head
      : {
          state: restored.restatements.length > 0 ? 'restated' : 'settled',
          settledSnapshot: restored.settledSnapshot,
          restatements: restored.restatements.at(-1)?.n ?? 0,
          snapshot: restored.inForce,
          record: restored.record,
        };
  const operations = (restored?.restatements ?? []).map(restatedOperation);
  if (past.state === 'provisional') {
    const finality = now.isSettled ? await settle(services, now) : PROVISIONAL;
    return { finality, operations, restatement: undefined };
  }
  const kept: Finality = {
    state: past.state,
    restatements: past.restatements,
    ...(past.settledSnapshot === undefined ? {} : { settledSnapshot: past.settledSnapshot }),
  };
  const made = await restate(services, head, past, now);
  if (made === undefined) return { finality: kept, operations, restatement: undefined };
  return {
    finality: { ...kept, state: 'restated', restatements: made.n },
    operations: [...operations, restatedOperation(made)],
    restatement: made.n,
  };
}

const PROVISIONAL: Finality = { state: 'provisional', restatements: 0 };

/** What was last completed. */
type Past = Pick<DayHead, 'state' | 'restatements' | 'snapshot' | 'settledSnapshot'> & {
  /** Blob name of the last record, where it has been restored. */
  record?: string;
};

async function settle({ control, log }: FinalityServices, { snapshot, at }: FoldedNow): Promise<Finality> {
  const { date } = snapshot;
  const to = snapshotName(snapshot);
  const unknown = { rowsCame: null, rowsWent: null, rowsChanged: null };
  const settlement: Restatement = {
    ...{ date, n: 0, at, previous: null, from: null, to, ...unknown },
    before: [],
    after: currencySums(snapshot.totals),
  };
  await writeRestatement(control, settlement, undefined);
  log.info('daySettled', { date, rows: snapshot.rows });
  return { state: 'settled', settledSnapshot: to, restatements: 0 };
}

/** The record of a change, written; undefined if no row has changed. */
async function restate(
  services: FinalityServices,
  head: DayHead,
  past: Past,
  { snapshot, rowsOf, at }: FoldedNow,
): Promise<Restatement | undefined> {
  const { control, log } = services;
  const { date } = snapshot;
  // Equal blobs have equal rows; another version of the fold changes none.
  if (head.snapshot !== undefined && sameVector(head.vector, snapshot.vector)) return undefined;
  const before = await inForce(services, date, head, past);
  if (before === undefined || past.snapshot === undefined) {
    log.error('settledTotalsUnknown', { date, snapshot: past.snapshot ?? null });
    return undefined;
  }
  const changes = await rowChanges(before, { ...snapshot, rowsOf });
  const sums = { before: currencySums(before.totals), after: currencySums(snapshot.totals) };
  const isChanged =
    changes === undefined ? JSON.stringify(sums.before) !== JSON.stringify(sums.after) : hasAny(changes);
  if (!isChanged) return undefined;
  const restatement: Restatement = {
    date,
    n: past.restatements + 1,
    at,
    previous: await lastRecord(services, date, past),
    from: past.snapshot,
    to: snapshotName(snapshot),
    ...sums,
    rowsCame: changes?.came.length ?? null,
    rowsWent: changes?.went.length ?? null,
    rowsChanged: changes?.changed.length ?? null,
  };
  await writeRestatement(control, restatement, changes);
  const { n, rowsCame, rowsWent, rowsChanged } = restatement;
  log.warn('dayRestated', { date, n, rowsCame, rowsWent, rowsChanged });
  return restatement;
}

const hasAny = ({ came, went, changed }: RowChanges): boolean =>
  came.length + went.length + changed.length > 0;

/** The totals in force and their rows: by the snapshot, or by the table if that was lost and the table is whole. */
async function inForce(
  { control, dailyTotals, log }: FinalityServices,
  date: string,
  head: DayHead,
  { snapshot: name }: Past,
): Promise<(CountedRows & { totals: UserTotals[] }) | undefined> {
  const rowsIn =
    (vector: DayHead['vector']): CountedRows['rowsOf'] =>
    async (windowId) => {
      const etag = vector[windowId];
      return etag === undefined ? undefined : readWindowRows(control, windowId, etag);
    };
  const snapshot = name === undefined ? undefined : await orUndefined(() => readSnapshot(control, name), log);
  if (snapshot !== undefined) return { ...snapshot, rowsOf: rowsIn(snapshot.vector) };
  if (!head.complete) return undefined;
  const { totals } = await readDay(dailyTotals, date);
  return { totals, vector: head.vector, repeated: {}, rowsOf: rowsIn(head.vector) };
}

async function orUndefined(
  read: () => Promise<DaySnapshot | undefined>,
  log: Log,
): Promise<DaySnapshot | undefined> {
  try {
    return await read();
  } catch (error) {
    if (!(error instanceof BadSnapshotError)) throw error;
    log.error('snapshotUnreadable', { reason: error.message });
    return undefined;
  }
}

/** Blob name of the record before; null if it cannot be told. */
async function lastRecord(
  { dailyTotals }: FinalityServices,
  date: string,
  { restatements: n, settledSnapshot, record: restored }: Past,
): Promise<string | null> {
  if (restored !== undefined) return restored;
  if (n === 0) return settledSnapshot === undefined ? null : restatementName(0, settledSnapshot);
  const entity = await dailyTotals.get(date, restatedKey(n));
  const record = entity?.properties['record'];
  return typeof record === 'string' ? record : null;
}
