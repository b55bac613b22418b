import { toMessage, type WindowJob } from '../queues/messages.ts';
import { type Lane, queueOfLane } from '../queues/names.ts';
import type { MessageSender } from '../queues/sender.ts';
import type { NewId } from '../runtime/ids.ts';
import type { Log } from '../runtime/log.ts';
import type { Table } from '../storage/tables.ts';
import { sourceStartMs, toInstant, windowAt, windowsOfDay } from '../windows/grid.ts';
import { plannedAfter } from '../windows/plannedAfter.ts';
import { groupOperations } from './batches.ts';
import { type DayHead, type DayState, sameVector } from './dayHead.ts';
import { diffEntities } from './diff.ts';
import { toBreakdownEntities, toEntities } from './entities.ts';
import { judgeDay } from './finality.ts';
import type { Fence } from './fence.ts';
import { FOLD_VERSION } from './fold.ts';
import { foldRawDay, type FoldServices, type RawDay } from './foldRawDay.ts';
import { heartbeat, withBeat } from './heartbeat.ts';
import { countRejected, listRawDay, vectorOf } from './rawDay.ts';
import { settlementOf } from './settlement.ts';
import { type DaySnapshot, writeSnapshot } from './snapshot.ts';

export interface AggregateDeps extends FoldServices {
  dailyTotals: Table;
  sender: MessageSender;
  newId: NewId;
  log: Log;
  /** Real time after which a run whose head has not moved is taken for dead; a live one moves it four times as often. */
  delayMs: number;
  /** Windows older than this many days are not read again without a command. */
  sourceDays: number;
  /** A window is settled by a read this long after its end. */
  settleHours: number;
  /** Folds from the raw calls alone, and even if nothing has changed: believes neither head nor memory. */
  anew?: boolean;
  /**
   * Tells whatever is made of a day's totals, if it does not know them yet: called with the name of the snapshot
   * in force, after the day was completed and also when nothing was to be done, each time before its message ends.
   */
  nextStages?: (date: string, snapshot: string) => Promise<void>;
  /** A clock of real time that never jumps, in milliseconds. */
  monotonicMs?: () => number;
}

export interface WrittenDay {
  generation: number;
  state: DayState;
  snapshot: string;
  /** Number of the restatement that was made; undefined if none was. */
  restatement: number | undefined;
  /** Rows counted, and rows left out because a newer blob has the same id. */
  rows: number;
  repeatedIds: number;
  /** Totals of users. */
  upserts: number;
  deletes: number;
  breakdownUpserts: number;
  breakdownDeletes: number;
  transactions: number;
}

/** True if the totals are those of the raw blobs and nothing is left to do. */
export async function isFolded(
  { raw, control, ledger, settleHours, anew = false }: AggregateDeps,
  date: string,
  head: DayHead | undefined,
): Promise<boolean> {
  if (head?.frozen === true) return true;
  if (anew || head?.complete !== true || head.foldVersion !== FOLD_VERSION || head.snapshot === undefined)
    return false;
  if (!sameVector(head.vector, vectorOf(await listRawDay(raw, date)))) return false;
  if (head.rejected !== (await countRejected(raw, date))) return false;
  if (head.state === 'provisional') {
    const entries = await ledger.readDay(date);
    if (settlementOf(entries, date, settleHours) === 'settled') return false;
  }
  return (await control.properties(head.snapshot)) !== undefined;
}

/**
 * Folds the raw blobs and replaces the totals under the fence. All sources are read after the claim: whoever
 * claims later has also seen later.
 */
export async function rewriteDay(
  deps: AggregateDeps,
  date: string,
  fence: Fence<DayHead>,
): Promise<WrittenDay> {
  const { control, dailyTotals, clock, delayMs, settleHours, monotonicMs = () => performance.now() } = deps;
  const beat = heartbeat(() => fence.touch(), delayMs / 4, monotonicMs);
  const day = await foldRawDay(deps, date, beat, { remembers: deps.anew !== true });
  const { entries, rowsOf, totals, breakdowns } = day;
  if (day.repeatedIds > 0) await readDayAgain(deps, date, day);

  const updatedAt = new Date(clock.nowMs()).toISOString();
  const content = snapshotOf(date, fence, day);
  const snapshot = await writeSnapshot(control, content, updatedAt);
  await beat();
  const { finality, operations, restatement } = await judgeDay(deps, fence.claimed, {
    snapshot: content,
    rowsOf: async (windowId) => {
      await beat();
      return rowsOf(windowId);
    },
    isSettled: settlementOf(entries, date, settleHours) === 'settled',
    at: updatedAt,
  });
  await beat();
  await day.remember();

  const wanted = new Map([...toEntities(totals, updatedAt), ...toBreakdownEntities(breakdowns, updatedAt)]);
  const diff = await diffEntities(withBeat(dailyTotals.query(date), beat), wanted);
  // A restatement comes last: it belongs into the transaction that completes the day.
  const groups = groupOperations([...diff.operations, ...operations]);
  await fence.write(groups, {
    vector: day.vector,
    foldVersion: FOLD_VERSION,
    rows: day.rows,
    rejected: day.rejected,
    snapshot,
    ...finality,
    frozen: fence.claimed.frozen,
    updatedAt,
  });
  return {
    generation: fence.claimed.generation,
    state: finality.state,
    snapshot,
    restatement,
    rows: day.rows,
    repeatedIds: day.repeatedIds,
    upserts: diff.totals.upserts,
    deletes: diff.totals.deletes,
    breakdownUpserts: diff.breakdowns.upserts,
    breakdownDeletes: diff.breakdowns.deletes,
    transactions: groups.length,
  };
}

const snapshotOf = (date: string, { claimed }: Fence<DayHead>, day: RawDay): DaySnapshot => ({
  date,
  generation: claimed.generation,
  writer: claimed.writer,
  foldVersion: FOLD_VERSION,
  vector: day.vector,
  rows: day.rows,
  rejected: day.rejected,
  repeated: day.repeated,
  totals: day.totals,
  breakdowns: day.breakdowns,
});

/**
 * A call that moved to another window was met in both: one job reads all windows of the day that have ended and
 * that somebody has asked for, by one claim.
 */
async function readDayAgain(
  { sender, clock, sourceDays }: AggregateDeps,
  date: string,
  { entries, rows }: RawDay,
): Promise<void> {
  const nowMs = clock.nowMs();
  const known = entries.length > 0 ? entries.map(({ window }) => window) : windowsOfDay(date);
  const fromMs = known[0]?.fromMs ?? nowMs;
  const toMs = Math.min(known.at(-1)?.toMs ?? 0, windowAt(nowMs).fromMs);
  if (toMs <= fromMs || fromMs < sourceStartMs(nowMs, sourceDays)) return;
  const lane: Lane = entries.some((entry) => entry.lane === 'live') ? 'live' : 'backfill';
  const job: WindowJob = {
    from: toInstant(fromMs),
    to: toInstant(toMs),
    lane,
    planned: new Date(plannedAfter(nowMs, entries)).toISOString(),
    expectedRows: rows,
  };
  await sender.send(queueOfLane(lane), toMessage(job));
}
