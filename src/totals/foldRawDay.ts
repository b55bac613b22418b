import type { Clock } from '../runtime/clock.ts';
import type { BlobContainer } from '../storage/blobs.ts';
import type { Ledger, LedgerEntry } from '../windows/ledger.ts';
import type { DayVector } from './dayHead.ts';
import { addWindow, packFold, readDaySums, type WindowFold, writeDaySums } from './daySums.ts';
import { type FoldedDay, foldWindow } from './fold.ts';
import type { Beat } from './heartbeat.ts';
import { withBeat } from './heartbeat.ts';
import { idHash } from './idHash.ts';
import {
  checkNoneMissing,
  countRejected,
  listRawDay,
  type RawBlob,
  RawMovedError,
  readBlobRows,
  vectorOf,
} from './rawDay.ts';
import { losersOf, suspectsOf, type WindowIds } from './repeatedIds.ts';
import { noSums, toBreakdowns, toTotals } from './sums.ts';
import { readWindowRows, type WindowRows, writeWindowRows } from './windowRows.ts';

export interface FoldServices {
  raw: BlobContainer;
  control: BlobContainer;
  ledger: Pick<Ledger, 'readDay'>;
  clock: Clock;
}

/** A day as its raw blobs have it. */
export interface RawDay extends FoldedDay {
  /** The ledger as it was before the blobs were listed. */
  entries: LedgerEntry[];
  vector: DayVector;
  /** Rows of the day that do not fit. */
  rejected: number;
  /** By window id: ids that count from a newer blob. Windows without are missing. */
  repeated: Readonly<Record<string, readonly string[]>>;
  /** What is remembered of the rows of one of the day's blobs. */
  rowsOf: (windowId: string) => Promise<WindowRows>;
  /** Keeps the folds of the windows for the next time. */
  remember: () => Promise<void>;
}

/** Every restart is caused by a blob that was replaced: so many within one fold is a storm, better waited for. */
const MAX_LISTINGS = 10;

/**
 * Folds the raw blobs of a day: the ledger first, then the listing, then each blob as listed; a blob that is
 * another by then starts it over. Only blobs whose fold is not remembered are read. What is remembered is a
 * cache: without it, the result is the same.
 */
export async function foldRawDay(
  services: FoldServices,
  date: string,
  beat: Beat,
  { remembers }: { remembers: boolean },
): Promise<RawDay> {
  const { raw, control, ledger } = services;
  const stored = await readDaySums(control, date);
  const before = remembers ? stored : { ...stored, windows: [] };
  const known = new Map(before.windows.map((window) => [window.windowId, window]));
  for (let listings = 1; ; listings += 1) {
    const entries = await ledger.readDay(date);
    const rejected = await countRejected(raw, date);
    const blobs = await listRawDay(raw, date);
    checkNoneMissing(entries, blobs);
    try {
      const { windows, rowsOf } = await foldListed(services, blobs, known, beat);
      const isKept =
        windows.length === before.windows.length && windows.every((one) => before.windows.includes(one));
      return {
        entries,
        vector: vectorOf(blobs),
        rejected,
        ...(await joinWindows(windows, beat)),
        repeated: Object.fromEntries(
          windows.filter(({ excluded }) => excluded.length > 0).map((one) => [one.windowId, one.excluded]),
        ),
        rowsOf,
        remember: async () => {
          if (!isKept) await writeDaySums(control, date, { windows, over: before.over }, nowText(services));
        },
      };
    } catch (error) {
      if (!(error instanceof RawMovedError) || listings === MAX_LISTINGS) throw error;
    }
  }
}

const nowText = ({ clock }: Pick<FoldServices, 'clock'>): string => new Date(clock.nowMs()).toISOString();

/** @param known by window id, folds of any version of its blob; what is folded anew is added. */
async function foldListed(
  services: FoldServices,
  blobs: readonly RawBlob[],
  known: Map<string, WindowFold>,
  beat: Beat,
): Promise<{ windows: WindowFold[]; rowsOf: RawDay['rowsOf'] }> {
  const { raw, control } = services;

  const fold = async (blob: RawBlob, excluded: readonly string[]): Promise<WindowFold> => {
    const { windowId, etag, claim } = blob;
    const folded = await foldWindow(withBeat(readBlobRows(raw, blob), beat), new Set(excluded));
    await writeWindowRows(control, blob, folded.marks, nowText(services));
    return packFold({ windowId, etag, claim, excluded }, folded);
  };

  const rowsOf = async (windowId: string): Promise<WindowRows> => {
    const blob = blobs.find((one) => one.windowId === windowId);
    if (blob === undefined) throw new RangeError(`${windowId} has no raw blob`);
    const remembered = await readWindowRows(control, windowId, blob.etag);
    if (remembered !== undefined) return remembered;
    await fold(blob, []);
    const rows = await readWindowRows(control, windowId, blob.etag);
    if (rows === undefined) throw new Error(`the rows of ${windowId}, just written, cannot be read back`);
    return rows;
  };

  const windows: WindowFold[] = [];
  for (const blob of blobs) {
    const remembered = known.get(blob.windowId);
    const window = remembered?.etag === blob.etag ? remembered : await fold(blob, []);
    known.set(blob.windowId, window);
    windows.push(window);
    await beat();
  }
  const losers = await findLosers(windows, rowsOf);
  for (const [at, window] of windows.entries()) {
    const excluded = losers.get(window.windowId) ?? [];
    const blob = blobs[at];
    if (blob === undefined || sameTexts(window.excluded, excluded)) continue;
    const again = await fold(blob, excluded);
    known.set(blob.windowId, again);
    windows[at] = again;
  }
  return { windows, rowsOf };
}

/** By window id, the ids that count from a newer blob. */
async function findLosers(
  windows: readonly WindowFold[],
  rowsOf: RawDay['rowsOf'],
): Promise<Map<string, string[]>> {
  const suspects = suspectsOf(windows);
  const candidates: WindowIds[] = [];
  for (const { windowId, claim } of windows) {
    const hashes = suspects.get(windowId);
    if (hashes === undefined) continue;
    const { marks } = await rowsOf(windowId);
    const ids = marks.flatMap(({ id }) => (id !== null && hashes.has(idHash(id)) ? [id] : []));
    candidates.push({ windowId, claim, ids });
  }
  return losersOf(candidates);
}

/** One window's sums at a time: those of all windows would need far more memory than those of the day. */
async function joinWindows(windows: readonly WindowFold[], beat: Beat): Promise<FoldedDay> {
  const sums = noSums();
  let rows = 0;
  let repeatedIds = 0;
  for (const window of windows) {
    addWindow(sums, window);
    rows += window.rows;
    repeatedIds += window.repeatedIds;
    await beat();
  }
  return { totals: toTotals(sums), breakdowns: toBreakdowns(sums), rows, repeatedIds };
}

const sameTexts = (a: readonly string[], b: readonly string[]): boolean =>
  a.length === b.length && a.every((text, at) => text === b[at]);
