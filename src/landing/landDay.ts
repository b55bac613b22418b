import { toMessage } from '../queues/messages.ts';
import { QUEUES } from '../queues/names.ts';
import type { MessageSender } from '../queues/sender.ts';
import { inParallel } from '../runtime/inParallel.ts';
import type { BlobContainer } from '../storage/blobs.ts';
import type { Ledger } from '../windows/ledger.ts';
import { commitSpool, type CommitResult } from './commitSpool.ts';
import type { LineSpool } from './lineSpool.ts';
import type { ReadWindow } from './readRun.ts';

export interface LandDayDeps {
  raw: BlobContainer;
  ledger: Ledger;
  sender: MessageSender;
  /** How long the day's message waits, so that a burst of changes becomes one fold. */
  dayDelayMs: number;
}

type Landed = Exclude<CommitResult, { kind: 'blocksLost' }>;

/** A window that has been landed: its blobs, the day's message and the ledger agree on it. */
export interface LandedWindow {
  window: ReadWindow;
  lines: Landed;
  rejected: Landed;
}

const PARALLEL_WINDOWS = 8;

/**
 * Lands the windows of one day: the blobs, then the day's message, then the ledger. In this order a crash
 * anywhere leaves something behind that the next run sees: a blob whose ETag the ledger does not know as told.
 *
 * @returns the windows that were landed; one that is missing lost its staged blocks and has to be read again
 */
export async function landDay(
  date: string,
  windows: readonly ReadWindow[],
  { raw, ledger, sender, dayDelayMs }: LandDayDeps,
): Promise<LandedWindow[]> {
  const landed: LandedWindow[] = [];
  await inParallel(windows, PARALLEL_WINDOWS, async (window) => {
    const rejected = await commit(raw, window, window.rejected);
    const lines = rejected && (await commit(raw, window, window.lines));
    if (rejected !== undefined && lines !== undefined) landed.push({ window, lines, rejected });
  });

  // Read late or early, an ETag that stands here has been told to the day.
  const told = new Map((await ledger.readDay(date)).map((entry) => [entry.window.id, entry.notified]));
  if (landed.some(({ window, lines }) => lines.etag !== told.get(window.window.id))) {
    await sender.send(QUEUES.days, toMessage({ date }), { delayMs: dayDelayMs });
  }

  await inParallel(landed, PARALLEL_WINDOWS, ({ window, lines, rejected }) =>
    ledger.recordRead(window.window, {
      claim: window.claim,
      changed: lines.changed,
      rows: lines.rows,
      digest: lines.digest,
      rejected: rejected.rows,
      notified: lines.etag,
    }),
  );
  return landed;
}

async function commit(
  raw: BlobContainer,
  { read }: ReadWindow,
  spool: LineSpool,
): Promise<Landed | undefined> {
  const result = await commitSpool(raw, spool, { ...read, digest: spool.digest, rows: spool.rows });
  spool.release();
  return result.kind === 'blocksLost' ? undefined : result;
}
