import { inParallel } from '../runtime/inParallel.ts';
import { settlementOf } from '../totals/settlement.ts';
import type { Backfill } from './backfill.ts';
import { byDate } from './byDate.ts';
import type { DayHead, ReadDayHead } from './dayHeads.ts';
import type { Window } from './grid.ts';
import type { Ledger, LedgerEntry } from './ledger.ts';

export interface UnfoldedDay {
  date: string;
  reason?: string;
  /** Its totals are right; only that they are settled is not yet noted. */
  settling?: boolean;
}

export interface BackfillProgress {
  windows: number;
  /** Windows that were read since the backfill began. */
  windowsDone: number;
  /** Rows in the windows done. */
  rows: number;
  /** Rows of the windows done that do not fit. */
  rejected: number;
  days: number;
  /** Days of which all windows are done or failed and whose totals count what was read, or were given up. */
  daysDone: number;
  /** Windows that failed, ascending, with the ledger's reason. */
  failed: { window: string; reason: string }[];
  /** Windows that were tried since and are tried again, ascending, with the reason. */
  retrying: { window: string; reason: string }[];
  /** Windows whose read lost rows and waits to be confirmed; they count as done unless that is awaited. */
  shrunk: string[];
  /** Days that are read but not folded, with the reason if their last fold failed. */
  unfolded: UnfoldedDay[];
  finished: boolean;
}

export interface ProgressServices {
  ledger: Pick<Ledger, 'readDay'>;
  readDayHead: ReadDayHead;
}

export interface ProgressOptions {
  /** A read that lost rows is confirmed without delay, so its confirmation is waited for. */
  awaitConfirmation: boolean;
  /** A day of windows that were read this long after their ends is waited for until it is settled. */
  settleHours: number;
  /** What nobody works on any more; may grow between looks. */
  abandoned?: Abandoned;
}

/** Work that was given up, each with the reason: waiting for it would never end. */
export interface Abandoned {
  /** By window id. */
  windows: ReadonlyMap<string, string>;
  /** By date: days that are not summed. */
  dates: ReadonlyMap<string, string>;
  /** Dates that are taken as they are: the app may count a day as settled later than this process would. */
  settling: ReadonlySet<string>;
}

const PARALLEL_DAYS = 8;

type DayProgress = Pick<
  BackfillProgress,
  'windowsDone' | 'rows' | 'rejected' | 'failed' | 'retrying' | 'shrunk'
> & {
  unfolded?: UnfoldedDay;
  finished: boolean;
};

/** Looks at a backfill each time it is called; a day that is finished is not looked at again. */
export function watchBackfill(
  { ledger, readDayHead }: ProgressServices,
  { range, noted }: Pick<Backfill, 'range' | 'noted'>,
  options: ProgressOptions,
): () => Promise<BackfillProgress> {
  const windowsByDate = byDate(range.windows);
  const finished = new Map<string, DayProgress>();

  const lookAtDay = async (date: string, windows: readonly Window[]): Promise<DayProgress> => {
    const entries = await ledger.readDay(date);
    const day = readProgress(windows, entries, noted, options);
    if (day.windowsDone + day.failed.length < windows.length) return { ...day, finished: false };
    const blobs = blobsOf(windows, entries);
    // Windows without rows have no blob, and a day without blobs needs no totals.
    const head = blobs.length === 0 ? undefined : await readDayHead(date);
    const settles =
      head?.state === 'provisional' && settlementOf(entries, date, options.settleHours) === 'settled';
    if (isFolded(blobs, head)) {
      if (!settles || options.abandoned?.settling.has(date) === true) return { ...day, finished: true };
      return { ...day, unfolded: { date, settling: true }, finished: false };
    }
    const abandoned = options.abandoned?.dates.get(date);
    const reason = head?.lastError ?? abandoned;
    const unfolded = reason === undefined ? { date } : { date, reason };
    return { ...day, unfolded, finished: abandoned !== undefined };
  };

  return async () => {
    const days = new Map(finished);
    const unfinished = [...windowsByDate].filter(([date]) => !finished.has(date));
    await inParallel(unfinished, PARALLEL_DAYS, async ([date, windows]) => {
      const day = await lookAtDay(date, windows);
      if (day.finished) finished.set(date, day);
      days.set(date, day);
    });
    const inOrder = [...windowsByDate.keys()].flatMap((date) => days.get(date) ?? []);
    return total(range.windows.length, inOrder);
  };
}

/** What came of the windows of one day since they were noted. */
function readProgress(
  windows: readonly Window[],
  entries: readonly LedgerEntry[],
  noted: Backfill['noted'],
  { awaitConfirmation, abandoned }: ProgressOptions,
): Omit<DayProgress, 'unfolded' | 'finished'> {
  const known = new Map(entries.map((entry) => [entry.window.id, entry]));
  const day: Omit<DayProgress, 'unfolded' | 'finished'> = {
    windowsDone: 0,
    rows: 0,
    rejected: 0,
    failed: [],
    retrying: [],
    shrunk: [],
  };
  for (const { id } of windows) {
    const entry = known.get(id);
    const before = noted.get(id);
    const givenUp = abandoned?.windows.get(id);
    if (entry === undefined || before === undefined) {
      if (givenUp !== undefined) day.failed.push({ window: id, reason: givenUp });
      continue;
    }
    const isRead = entry.done > before.claim;
    const isShrunk = isRead && entry.state === 'shrunk';
    if (isShrunk) day.shrunk.push(id);
    if (isRead && !(isShrunk && awaitConfirmation)) {
      day.windowsDone += 1;
      day.rows += entry.rows;
      day.rejected += entry.rejected;
    } else if (entry.state === 'failed' && entry.attempts > before.attempts) {
      // A failure from before does not count: the window is being tried again.
      day.failed.push({ window: id, reason: entry.lastError ?? 'no reason was left' });
    } else if (givenUp !== undefined) {
      day.failed.push({ window: id, reason: entry.lastError ?? givenUp });
    } else if (!isRead && entry.attempts > before.attempts && entry.lastError !== undefined) {
      day.retrying.push({ window: id, reason: entry.lastError });
    }
  }
  return day;
}

interface BlobVersion {
  id: string;
  etag: string;
}

function blobsOf(windows: readonly Window[], entries: readonly LedgerEntry[]): BlobVersion[] {
  const wanted = new Set(windows.map((window) => window.id));
  return entries.flatMap(({ window, notified }) =>
    notified !== undefined && wanted.has(window.id) ? [{ id: window.id, etag: notified }] : [],
  );
}

/** True if a day's totals are whole and count exactly these versions. */
const isFolded = (blobs: readonly BlobVersion[], head: DayHead | undefined): boolean =>
  blobs.every(({ id, etag }) => head?.complete === true && head.vector[id] === etag);

function total(windows: number, days: readonly DayProgress[]): BackfillProgress {
  const sum = (of: (day: DayProgress) => number) => days.reduce((all, day) => all + of(day), 0);
  const daysDone = days.filter((day) => day.finished).length;
  return {
    windows,
    windowsDone: sum((day) => day.windowsDone),
    rows: sum((day) => day.rows),
    rejected: sum((day) => day.rejected),
    days: days.length,
    daysDone: daysDone - days.filter((day) => day.finished && day.unfolded !== undefined).length,
    failed: days.flatMap((day) => day.failed),
    retrying: days.flatMap((day) => day.retrying),
    shrunk: days.flatMap((day) => day.shrunk),
    unfolded: days.flatMap((day) => day.unfolded ?? []),
    finished: daysDone === days.length,
  };
}

/**
 * Looks until all is read and folded, or has failed.
 * @param wait resolves after that many milliseconds; a rejection (Ctrl-C) ends the wait.
 */
export async function waitForBackfill(
  look: () => Promise<BackfillProgress>,
  wait: (ms: number) => Promise<void>,
  options: { pollMs: number; onProgress?: (progress: BackfillProgress) => void | Promise<void> },
): Promise<BackfillProgress> {
  for (;;) {
    const progress = await look();
    await options.onProgress?.(progress);
    if (progress.finished) return progress;
    await wait(options.pollMs);
  }
}
