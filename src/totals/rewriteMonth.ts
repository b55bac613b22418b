import { toMessage } from '../queues/messages.ts';
import { QUEUES } from '../queues/names.ts';
import type { MessageSender } from '../queues/sender.ts';
import type { Clock } from '../runtime/clock.ts';
import type { NewId } from '../runtime/ids.ts';
import type { Log } from '../runtime/log.ts';
import { type BlobContainer, StorageError } from '../storage/blobs.ts';
import type { Table } from '../storage/tables.ts';
import { groupOperations } from './batches.ts';
import { type DayState, readDayHead } from './dayHead.ts';
import { diffEntities } from './diff.ts';
import { toBreakdownEntities, toEntities } from './entities.ts';
import type { Fence } from './fence.ts';
import { type FoldedMonth, foldMonth, monthFoldVersion } from './foldMonth.ts';
import { type Beat, heartbeat, withBeat } from './heartbeat.ts';
import { type MonthDays, readMonthDays } from './monthDays.ts';
import type { MonthHead } from './monthHead.ts';
import { type DaySnapshot, readSnapshot } from './snapshot.ts';

export interface AggregateMonthDeps {
  dailyTotals: Table;
  monthlyTotals: Table;
  /** Holds the snapshots of days. */
  control: BlobContainer;
  sender: MessageSender;
  clock: Clock;
  newId: NewId;
  log: Log;
  /** Real time after which a run whose head has not moved is taken for dead; a live one moves it four times as often. */
  delayMs: number;
  /** Day of the month on which a billing month begins, 1 to 28. */
  billingDay: number;
  /** Derives the totals again although nothing has changed. */
  anew?: boolean;
  /** A clock of real time that never jumps, in milliseconds. */
  monotonicMs?: () => number;
}

export interface WrittenMonth {
  generation: number;
  state: DayState;
  /** Days that were counted; the others have no totals yet. */
  days: number;
  /** Rows counted. */
  rows: number;
  /** Totals of users. */
  upserts: number;
  deletes: number;
  breakdownUpserts: number;
  breakdownDeletes: number;
  transactions: number;
}

/** A head names a snapshot that is not there. */
export class SnapshotMissingError extends Error {
  override readonly name = 'SnapshotMissingError';
}

/** Every restart is caused by a day that was folded meanwhile: so many within one fold is a storm, better waited for. */
const MAX_LOOKS = 10;

/**
 * Folds the snapshots of a month's days and replaces the month's totals under the fence. All heads of days are
 * read after the claim: whoever claims later has also seen later.
 */
export async function rewriteMonth(
  deps: AggregateMonthDeps,
  month: string,
  fence: Fence<MonthHead>,
): Promise<WrittenMonth> {
  const { monthlyTotals, clock, billingDay, delayMs, monotonicMs = () => performance.now() } = deps;
  const beat = heartbeat(() => fence.touch(), delayMs / 4, monotonicMs);
  const { days, folded } = await foldSnapshots(deps, month, beat);

  const updatedAt = new Date(clock.nowMs()).toISOString();
  const wanted = new Map([
    ...toEntities(folded.totals, updatedAt),
    ...toBreakdownEntities(folded.breakdowns, updatedAt),
  ]);
  const diff = await diffEntities(withBeat(monthlyTotals.query(month), beat), wanted);
  const groups = groupOperations(diff.operations);
  await fence.write(groups, {
    ...days,
    foldVersion: monthFoldVersion(billingDay),
    rows: folded.rows,
    rejected: folded.rejected,
    updatedAt,
  });
  return {
    generation: fence.claimed.generation,
    state: days.state,
    days: Object.keys(days.vector).length,
    rows: folded.rows,
    upserts: diff.totals.upserts,
    deletes: diff.totals.deletes,
    breakdownUpserts: diff.breakdowns.upserts,
    breakdownDeletes: diff.breakdowns.deletes,
    transactions: groups.length,
  };
}

/** A snapshot is deleted some time after no head names it any more: then the heads are read again. */
async function foldSnapshots(
  deps: AggregateMonthDeps,
  month: string,
  beat: Beat,
): Promise<{ days: MonthDays; folded: FoldedMonth }> {
  for (let looks = 1; ; looks += 1) {
    const days = await readMonthDays(deps.dailyTotals, month, deps.billingDay);
    try {
      return { days, folded: await foldMonth(withBeat(snapshotsOf(deps, days), beat)) };
    } catch (error) {
      if (!(error instanceof SnapshotMovedError) || looks === MAX_LOOKS) throw error;
    }
  }
}

/** The head of a day names another snapshot than it did. */
class SnapshotMovedError extends Error {
  override readonly name = 'SnapshotMovedError';
}

async function* snapshotsOf(
  { dailyTotals, control, sender }: AggregateMonthDeps,
  { vector }: MonthDays,
): AsyncGenerator<DaySnapshot> {
  for (const [date, name] of Object.entries(vector)) {
    const snapshot = await readIfThere(control, name);
    if (snapshot === undefined) {
      const head = await readDayHead(dailyTotals, date);
      if (head?.snapshot !== name) {
        throw new SnapshotMovedError(`the totals of ${date} were folded again each time they were read`);
      }
      // The day finds it missing and is folded again; the month hears of it then.
      await sender.send(QUEUES.days, toMessage({ date }));
      throw new SnapshotMissingError(
        `snapshot ${name} is gone, though the head of ${date} names it. The totals of the month stay as they were; ` +
          `the day is told to make it again from the raw calls`,
      );
    }
    yield snapshot;
  }
}

async function readIfThere(control: BlobContainer, name: string): Promise<DaySnapshot | undefined> {
  try {
    return await readSnapshot(control, name);
  } catch (error) {
    // Deleted while it was read.
    if (error instanceof StorageError && (error.status === 404 || error.status === 412)) return undefined;
    throw error;
  }
}
