import { toMessage, type WindowJob } from '../queues/messages.ts';
import { type Lane, queueOfLane } from '../queues/names.ts';
import type { MessageSender } from '../queues/sender.ts';
import type { Clock } from '../runtime/clock.ts';
import type { NewId } from '../runtime/ids.ts';
import type { Log } from '../runtime/log.ts';
import type { BlobContainer } from '../storage/blobs.ts';
import type { Table } from '../storage/tables.ts';
import { DAY_MS, toInstant, windowAt } from '../windows/grid.ts';
import type { Ledger, LedgerEntry } from '../windows/ledger.ts';
import { groupOperations } from './batches.ts';
import { type DayHead, sameVector } from './dayHead.ts';
import { diffEntities } from './diff.ts';
import { toEntities } from './entities.ts';
import { FOLD_VERSION, type FoldedDay, foldDay } from './fold.ts';
import {
  checkNoneMissing,
  listRawDay,
  type RawBlob,
  RawMovedError,
  readBlobRows,
  vectorOf,
} from './rawDay.ts';
import type { DayFence } from './tableWriter.ts';

export interface AggregateDeps {
  raw: BlobContainer;
  dailyTotals: Table;
  ledger: Pick<Ledger, 'readDay'>;
  sender: MessageSender;
  clock: Clock;
  newId: NewId;
  log: Log;
  /** Real time after which a run whose head has not moved is taken for dead; a live one moves it four times as often. */
  delayMs: number;
  /** Windows older than this many days are not read again without a command. */
  sourceDays: number;
  /** A clock of real time that never jumps, in milliseconds. */
  monotonicMs?: () => number;
}

export interface WrittenDay {
  generation: number;
  /** Rows counted, and rows left out because a newer blob has the same id. */
  rows: number;
  repeatedIds: number;
  upserts: number;
  deletes: number;
  transactions: number;
}

/** Every restart is caused by a blob that was replaced: so many within one fold is a storm, better waited for. */
const MAX_LISTINGS = 10;

/** True if the totals are those of the raw blobs and nothing is left to do. */
export async function isFolded(
  { raw, ledger }: AggregateDeps,
  date: string,
  head: DayHead | undefined,
): Promise<boolean> {
  if (head?.complete !== true || head.foldVersion !== FOLD_VERSION) return false;
  const rejected = rejectedOf(await ledger.readDay(date));
  const blobs = await listRawDay(raw, date);
  return sameVector(head.vector, vectorOf(blobs)) && head.rejected === rejected;
}

/**
 * Folds the raw blobs and replaces the totals under the fence. All sources are read after the claim: whoever
 * claims later has also seen later.
 */
export async function rewriteDay(deps: AggregateDeps, date: string, fence: DayFence): Promise<WrittenDay> {
  const { dailyTotals, clock } = deps;
  const beat = heartbeat(fence, deps);
  const { entries, blobs, folded } = await foldRaw(deps, date, beat);
  if (folded.repeatedIds > 0) await readDayAgain(deps, date, entries, folded);

  const updatedAt = new Date(clock.nowMs()).toISOString();
  const wanted = toEntities(folded.totals, updatedAt);
  const diff = await diffEntities(withBeat(dailyTotals.query(date), beat), wanted);
  const groups = groupOperations(diff.operations);
  await fence.write(groups, {
    vector: vectorOf(blobs),
    foldVersion: FOLD_VERSION,
    state: 'provisional',
    rows: folded.rows,
    rejected: rejectedOf(entries),
    updatedAt,
  });
  return {
    generation: fence.generation,
    rows: folded.rows,
    repeatedIds: folded.repeatedIds,
    upserts: diff.upserts,
    deletes: diff.deletes,
    transactions: groups.length,
  };
}

interface RawFold {
  entries: LedgerEntry[];
  blobs: RawBlob[];
  folded: FoldedDay;
}

/** The ledger first, then the listing, then each blob as listed; a blob that is another by then starts it over. */
async function foldRaw({ raw, ledger }: AggregateDeps, date: string, beat: Beat): Promise<RawFold> {
  for (let listings = 1; ; listings += 1) {
    const entries = await ledger.readDay(date);
    const blobs = await listRawDay(raw, date);
    checkNoneMissing(entries, blobs);
    const sources = blobs.map((blob) => ({ ...blob, rows: withBeat(readBlobRows(raw, blob), beat) }));
    try {
      return { entries, blobs, folded: await foldDay(sources) };
    } catch (error) {
      if (!(error instanceof RawMovedError) || listings === MAX_LISTINGS) throw error;
    }
  }
}

/** A call that moved to another window was met in both: one job reads all its ended windows by one claim. */
async function readDayAgain(
  { sender, clock, sourceDays }: AggregateDeps,
  date: string,
  entries: readonly LedgerEntry[],
  { rows }: FoldedDay,
): Promise<void> {
  const nowMs = clock.nowMs();
  const fromMs = Date.parse(`${date}T00:00:00Z`);
  const toMs = Math.min(fromMs + DAY_MS, windowAt(nowMs).fromMs);
  if (toMs <= fromMs || fromMs < nowMs - sourceDays * DAY_MS) return;
  const lane: Lane = entries.some((entry) => entry.lane === 'live') ? 'live' : 'backfill';
  const job: WindowJob = {
    from: toInstant(fromMs),
    to: toInstant(toMs),
    lane,
    planned: new Date(nowMs).toISOString(),
    expectedRows: rows,
  };
  await sender.send(queueOfLane(lane), toMessage(job));
}

const rejectedOf = (entries: readonly LedgerEntry[]): number =>
  entries.reduce((sum, { rejected }) => sum + rejected, 0);

type Beat = () => Promise<void>;

function heartbeat(fence: DayFence, { delayMs, monotonicMs = () => performance.now() }: AggregateDeps): Beat {
  let lastMs = monotonicMs();
  return async () => {
    if (monotonicMs() - lastMs < delayMs / 4) return;
    await fence.touch();
    lastMs = monotonicMs();
  };
}

async function* withBeat<T>(items: AsyncIterable<T>, beat: Beat): AsyncGenerator<T> {
  for await (const item of items) {
    await beat();
    yield item;
  }
}
