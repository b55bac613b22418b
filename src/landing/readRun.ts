import type { PstnCallsSource, ReadOptions } from '../graph/pstnCalls.ts';
import type { NewId } from '../runtime/ids.ts';
import type { BlobContainer } from '../storage/blobs.ts';
import type { Claim } from '../windows/ledger.ts';
import { rawBlobName, rejectedBlobName, toInstant, type Window } from '../windows/grid.ts';
import { BufferPool } from './bufferPool.ts';
import { sha256 } from './digest.ts';
import { LineSpool } from './lineSpool.ts';
import { type OpenWindow, RowIntake } from './rowIntake.ts';
import type { CompleteRead } from './decideCommit.ts';
import { TooLargeError } from './tooLarge.ts';

/** Adjacent windows that one page sequence reads, with the claims under which they are read, by date. */
export interface Run {
  windows: readonly Window[];
  claims: ReadonlyMap<string, Claim>;
  /** Begins of windows of the job that are not read this time. */
  skippedHours: ReadonlySet<number>;
  /** Name of the blob that a window's lines are staged for; its raw blob if not given. */
  linesName?: (window: Window) => string;
}

export interface ReadRunDeps {
  source: PstnCallsSource;
  raw: BlobContainer;
  newId: NewId;
  read: ReadOptions;
  /** Bytes of lines that may wait in memory, over all windows. */
  bufferBytes: number;
  /** When a run of several windows is given up; never if not given. */
  giveUp?: GiveUp;
}

export interface GiveUp {
  /** With more rows than this. */
  maxRows: number;
  /** With the next page after it is aborted. */
  signal?: AbortSignal | undefined;
}

/** A window whose rows have all been read, and wait to be committed. */
export interface ReadWindow extends OpenWindow {
  claim: Claim;
  read: Omit<CompleteRead, 'digest' | 'rows'>;
}

export const completeRead = ({ read, lines }: ReadWindow): CompleteRead => ({
  ...read,
  digest: lines.digest,
  rows: lines.rows,
});

export interface RunRead {
  windows: ReadWindow[];
  /** Whether a row with this key came, wherever it belongs. */
  has: (key: string) => boolean;
  pages: number;
  /** Rows that came more than once. */
  repeated: number;
  /** Rows that belong to none of the windows, and were kept as such. */
  unknownDay: number;
  /** Times that all pages were read again because the log changed meanwhile. */
  readAgain: number;
}

/** The first read, and two more where the log moves. */
const MAX_READS = 3;
const NONCE_DIGITS = 16;

/**
 * Reads all pages of a run and collects their rows by window; nothing becomes visible but rows that name no
 * day. When two rows of one id differ, the log moved while it was read: all is read again, at most twice, then
 * the later row wins.
 *
 * @throws what the source throws; {@link LogMovedError} if the log moves faster than it can be read;
 *   {@link TooLargeError} where the run is to be given up.
 */
export async function readRun(run: Run, deps: ReadRunDeps): Promise<RunRead> {
  const movedKeys = new Set<string>();
  let pages = 0;
  for (let reads = 1; ; reads++) {
    const attempt = openRead(run, deps, movedKeys, reads === MAX_READS);
    pages += await readPages(run, deps, attempt);
    const { repeated, moved, unknownDay } = attempt.intake;
    if (moved.size === 0 || reads === MAX_READS) {
      await unknownDay.write();
      const { windows, intake } = attempt;
      return {
        windows,
        has: (key) => intake.has(key),
        pages,
        repeated,
        unknownDay: unknownDay.rows,
        readAgain: reads - 1,
      };
    }
    for (const key of moved) movedKeys.add(key);
  }
}

/** @returns how many pages there were */
async function readPages(
  run: Run,
  { source, read, giveUp }: ReadRunDeps,
  { intake, windows }: Attempt,
): Promise<number> {
  const [fromMs, toMs] = rangeOf(run);
  let pages = 0;
  let rows = 0;
  for await (const page of source.readPages(fromMs, toMs, read)) {
    read.signal?.throwIfAborted();
    pages += 1;
    rows += page.rows.length;
    // What is complete is kept, however large it is.
    if (page.isLast !== true && giveUp !== undefined && windows.length > 1 && isEnough(rows, giveUp)) {
      throw new TooLargeError(pages, rowsByWindow(windows));
    }
    for (let index = 0; index < page.rows.length; index++) {
      intake.take(page.rows, index);
      if (intake.presses) await intake.relieve();
    }
  }
  // Without this, a source that ends before it begins would pass for a log without calls.
  if (pages === 0) throw new Error(`no page came for calls from ${toInstant(fromMs)} to ${toInstant(toMs)}`);
  intake.finish();
  await intake.relieve();
  return pages;
}

const isEnough = (rows: number, { maxRows, signal }: GiveUp): boolean =>
  rows > maxRows || signal?.aborted === true;

const rowsByWindow = (windows: readonly ReadWindow[]): Map<number, number> =>
  new Map(windows.map(({ window, lines, rejected }) => [window.fromMs, lines.rows + rejected.rows]));

interface Attempt {
  windows: ReadWindow[];
  intake: RowIntake;
}

/** Block ids of every read differ: two reads under one claim must not mix their blocks. */
function openRead(
  run: Run,
  { raw, newId, bufferBytes }: ReadRunDeps,
  movedKeys: ReadonlySet<string>,
  last: boolean,
): Attempt {
  const attempt = newId();
  const nonce = Buffer.from(sha256(attempt), 'latin1').toString('hex').slice(0, NONCE_DIGITS);
  const pool = new BufferPool(bufferBytes);
  const windows = run.windows.map((window): ReadWindow => {
    const claim = run.claims.get(window.date);
    if (claim === undefined) throw new RangeError(`${window.id} is read without a claim`);
    const spool = (blobName: string): LineSpool =>
      new LineSpool({ container: raw, blobName, claim: claim.number, nonce }, pool);
    return {
      window,
      lines: spool((run.linesName ?? rawBlobName)(window)),
      rejected: spool(rejectedBlobName(window)),
      // A window that the claim does not know is taken for contested, which only costs a write.
      claim,
      read: { claim: claim.number, attempt, alone: claim.alone.get(window.id) ?? false },
    };
  });
  const intake = new RowIntake({
    container: raw,
    windows: new Map(windows.map((open) => [open.window.fromMs, open])),
    toMs: rangeOf(run)[1],
    skippedHours: run.skippedHours,
    movedKeys,
    last,
    pool,
  });
  return { windows, intake };
}

function rangeOf({ windows }: Run): [fromMs: number, toMs: number] {
  const first = windows[0];
  const final = windows.at(-1);
  if (first === undefined || final === undefined) throw new RangeError('a run has at least one window');
  return [first.fromMs, final.toMs];
}
