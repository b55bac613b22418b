import { toMessage } from '../queues/messages.ts';
import { QUEUES } from '../queues/names.ts';
import type { MessageSender } from '../queues/sender.ts';
import { inParallel } from '../runtime/inParallel.ts';
import type { BlobContainer } from '../storage/blobs.ts';
import { sourceStartMs } from '../windows/grid.ts';
import type { Ledger, LedgerEntry } from '../windows/ledger.ts';
import type { Beliefs } from './beliefs.ts';
import { commitSpool, type CommitResult } from './commitSpool.ts';
import { completeRead, type ReadWindow } from './readRun.ts';

export interface LandDayDeps {
  raw: BlobContainer;
  ledger: Pick<Ledger, 'recordReads' | 'recordShrunk'>;
  sender: MessageSender;
  beliefs: Beliefs;
  /** By window id, of the ledger as it was after the last page. */
  entries: ReadonlyMap<string, LedgerEntry>;
  /** How long the day's message waits, so that a burst of changes becomes one fold. */
  dayDelayMs: number;
  /** Windows that begin earlier than this many days ago may no longer be answered for. */
  sourceDays: number;
}

type Landed = Exclude<CommitResult, { kind: 'blocksLost' | 'doubted' }>;

/** A window that has been landed: its blobs, the day's message and the ledger agree on it. */
export interface LandedWindow {
  window: ReadWindow;
  lines: Landed;
  rejected: Landed;
}

/** Windows in none of the lists lost their staged blocks and have to be read again. */
export interface LandedDay {
  landed: LandedWindow[];
  /** Not believed: kept aside, the blobs stay as they were. */
  shrunk: ReadWindow[];
  /** Rows that fit were landed, those that do not lost their blocks: to be read again, whoever has read them since. */
  torn: ReadWindow[];
}

const PARALLEL_WINDOWS = 8;

/**
 * Lands the windows of one day: the blobs, then the day's message, then the ledger. In this order a crash
 * anywhere leaves something behind that the next run sees: a blob whose ETag the ledger does not know as told.
 */
export async function landDay(
  date: string,
  windows: readonly ReadWindow[],
  deps: LandDayDeps,
): Promise<LandedDay> {
  const { beliefs, entries, ledger, sender, dayDelayMs } = deps;
  const day: LandedDay = { landed: [], shrunk: [], torn: [] };
  await inParallel(windows, PARALLEL_WINDOWS, async (window) => {
    const landed = await commit(window, deps);
    if (landed === 'doubted') day.shrunk.push(window);
    else if (landed === 'torn') day.torn.push(window);
    else if (landed !== 'blocksLost') day.landed.push(landed);
  });
  await beliefs.setAside(day.shrunk);
  for (const { lines, rejected } of windows) {
    lines.release();
    rejected.release();
  }

  // What stands in the ledger has been told to the day.
  const isNews = ({ window, lines, rejected }: LandedWindow): boolean => {
    const entry = entries.get(window.window.id);
    return lines.etag !== entry?.notified || rejected.rows !== (entry?.rejected ?? 0);
  };
  const isUntold = (window: ReadWindow): boolean =>
    beliefs.asideOf(window)?.etag !== entries.get(window.window.id)?.notified;
  if (day.landed.some(isNews) || day.shrunk.some(isUntold)) {
    await sender.send(QUEUES.days, toMessage({ date }), { delayMs: dayDelayMs });
  }

  await ledger.recordReads(
    day.landed.map(({ window: { window, claim }, lines, rejected }) => ({
      window,
      claim,
      changed: lines.changed,
      rows: lines.rows,
      digest: lines.digest,
      rejected: rejected.rows,
      notified: lines.etag,
      isOld: window.fromMs < sourceStartMs(claim.atMs, deps.sourceDays),
    })),
  );
  await inParallel(day.shrunk, PARALLEL_WINDOWS, async (window) => {
    const aside = beliefs.asideOf(window);
    const isWitness = aside?.isWitness ?? false;
    await ledger.recordShrunk(window.window, { claim: window.claim, isWitness, notified: aside?.etag });
  });
  return day;
}

/** The rows that fit first: if they are not believed, those that do not fit stay as they were as well. */
async function commit(
  window: ReadWindow,
  { raw, beliefs }: LandDayDeps,
): Promise<LandedWindow | 'doubted' | 'blocksLost' | 'torn'> {
  const lines = await commitSpool(raw, window.lines, completeRead(window), (etag) =>
    beliefs.mayReplace(window, etag),
  );
  if (lines.kind === 'doubted' || lines.kind === 'blocksLost') return lines.kind;
  window.lines.release();
  const { digest, rows } = window.rejected;
  const rejected = await commitSpool(raw, window.rejected, { ...window.read, digest, rows });
  if (rejected.kind === 'doubted' || rejected.kind === 'blocksLost') return 'torn';
  window.rejected.release();
  return { window, lines, rejected };
}
