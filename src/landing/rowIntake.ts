import { COLUMNS } from '../graph/columns.ts';
import type { PageRows } from '../graph/pageRows.ts';
import type { BlobContainer } from '../storage/blobs.ts';
import type { Window } from '../windows/grid.ts';
import { sha256 } from './digest.ts';
import type { BufferPool } from './bufferPool.ts';
import { hourAt } from './hourAt.ts';
import { type LineSpool, relieve } from './lineSpool.ts';
import { SeenIds } from './seenIds.ts';
import { rejectMisfit, type RejectedRow, rejectStray } from './rejectedRow.ts';
import type { StartHour } from './startHour.ts';
import { type FittingRow, toLine } from './toLine.ts';
import { UnknownDayRows } from './unknownDayRows.ts';

/** A window that is being read, with what has been found in it. */
export interface OpenWindow {
  window: Window;
  lines: LineSpool;
  rejected: LineSpool;
}

export interface IntakePlan {
  container: BlobContainer;
  /** By begin of the window. */
  windows: ReadonlyMap<number, OpenWindow>;
  /** End of what was asked for, which the API includes. */
  toMs: number;
  /** Begins of windows of the job that are not read this time. */
  skippedHours: ReadonlySet<number>;
  /** Keys under which earlier reads of the job met different rows. */
  movedKeys: ReadonlySet<string>;
  /** The job is not read again: where two rows of one id differ, the later one wins. */
  last: boolean;
  pool: BufferPool;
}

/** The log kept changing while it was read. The job may well succeed when it is delivered again. */
export class LogMovedError extends Error {
  override readonly name = 'LogMovedError';
}

/** More moved rows than this are not a log that moves, but an answer that cannot be trusted. */
const MAX_MOVED_KEYS = 5_000;

const QUOTE = 0x22;
const ID = COLUMNS.findIndex(({ name }) => name === 'id');
const START = COLUMNS.findIndex(({ name }) => name === 'startDateTime');

type EncodedRow = FittingRow | RejectedRow;
type Place = OpenWindow | 'unknownDay' | 'elsewhere';
interface HeldRow {
  row: EncodedRow;
  place: Exclude<Place, 'elsewhere'>;
  hashed: string;
}

/** Routes the rows of one read into its windows, each id once. */
export class RowIntake {
  /** Keys under which this read met different rows. */
  readonly moved = new Set<string>();
  readonly unknownDay: UnknownDayRows;
  /** Rows that were there already. */
  repeated = 0;
  /** Rows of a neighbouring window, which that window's own read lands. */
  elsewhere = 0;
  readonly #plan: IntakePlan;
  readonly #spools: LineSpool[];
  readonly #seen = new SeenIds();
  /** Rows under moved keys: they wait for the end of the read, because a later one may replace them. */
  readonly #held = new Map<string, HeldRow | undefined>();
  /** Moved keys that this read met. */
  readonly #heldBefore = new Set<string>();
  #anyFull = false;

  constructor(plan: IntakePlan) {
    this.#plan = plan;
    this.#spools = [...plan.windows.values()].flatMap(({ lines, rejected }) => [lines, rejected]);
    this.unknownDay = new UnknownDayRows(plan.container);
    for (const key of plan.movedKeys) this.#held.set(key, undefined);
  }

  /** True once {@link relieve} has to be awaited before the next row. */
  get presses(): boolean {
    return this.#anyFull;
  }

  /**
   * Takes one row of a page.
   * @throws LogMovedError if a row changed that has been staged already, in a last read.
   */
  take(rows: PageRows, index: number): void {
    if (this.#takeUsual(rows, index)) return;
    const text = rows.textOf(index);
    const row = toLine(JSON.parse(text), () => text);
    const place = this.#placeOf(row.start);
    if (place === 'elsewhere') this.elsewhere += 1;
    else if (row.kind === 'misfit') this.#admit(rejectMisfit(row, text), place);
    else if (place === 'unknownDay') this.#admit(rejectStray(row, text), place);
    else this.#admit(row, place);
  }

  /**
   * Takes a row as nearly all are: one that fits, is new, and lies in a window of the job. It is copied from the
   * page and never parsed. False, and nothing is done, for any other.
   */
  #takeUsual(rows: PageRows, row: number): boolean {
    if (this.#held.size > 0 || this.#isVoid || !rows.isKnown(row)) return false;
    const { bytes } = rows;
    const idFrom = rows.valueFrom(row, ID) + 1;
    const idEnd = rows.valueEnd(row, ID) - 1;
    if (!isPlainText(rows, row, ID) || idFrom === idEnd || !isPlainText(rows, row, START)) return false;
    const hourMs = hourAt(bytes, rows.valueFrom(row, START) + 1, rows.valueEnd(row, START) - 1);
    const spool = this.#plan.windows.get(hourMs)?.lines;
    const line = spool?.writeRow(rows, row);
    if (spool === undefined || line === undefined) return false;
    const hashed = sha256(line);
    if (this.#seen.addFrom(bytes, idFrom, idEnd, hashed) !== 'new') return false;
    spool.accept(line.length, hashed);
    this.#anyFull ||= spool.isFull || this.#plan.pool.isOverdrawn();
    return true;
  }

  /** Stages blocks until what is held is within bounds again. */
  async relieve(): Promise<void> {
    this.#anyFull = false;
    await relieve(this.#spools, this.#plan.pool);
    if (this.unknownDay.isFull) await this.unknownDay.write();
  }

  /** Ends the read: every row is in its place now. */
  finish(): void {
    for (const [key, held] of this.#held) {
      if (held === undefined) continue;
      this.#heldBefore.add(key);
      const spool = spoolOf(held.row, held.place);
      this.#store(held.row, spool, spool?.write(held.row.line).length ?? 0, held.hashed);
    }
    this.#held.clear();
  }

  /** Whether a row with this key came, wherever it belongs; after {@link finish}. */
  has(key: string): boolean {
    return this.#seen.hasKey(key) || this.#heldBefore.has(key);
  }

  /** True when the job is going to be read again: then only keys matter. */
  get #isVoid(): boolean {
    return !this.#plan.last && this.moved.size > 0;
  }

  #placeOf(start: StartHour | undefined): Place {
    if (start === undefined) return 'unknownDay';
    const open = this.#plan.windows.get(start.hourMs);
    if (open !== undefined) return open;
    const atTheEnd = start.hourMs === this.#plan.toMs && start.onTheHour;
    return atTheEnd || this.#plan.skippedHours.has(start.hourMs) ? 'elsewhere' : 'unknownDay';
  }

  #admit(row: EncodedRow, place: OpenWindow | 'unknownDay'): void {
    const { key } = row;
    const spool = spoolOf(row, place);
    const bytes = spool?.write(row.line);
    const hashed = sha256(bytes ?? row.line);
    if (this.#held.size > 0 && this.#held.has(key)) {
      const before = this.#held.get(key);
      this.#held.set(key, { row, place, hashed });
      if (before === undefined) return;
      this.repeated += 1;
      if (before.hashed !== hashed) this.moved.add(key);
      return;
    }
    const sighting = this.#seen.add(key, hashed);
    if (sighting === 'new') {
      if (!this.#isVoid) this.#store(row, spool, bytes?.length ?? 0, hashed);
      return;
    }
    this.repeated += 1;
    if (sighting === 'different') this.#meetMoved(key, { row, place, hashed });
  }

  #meetMoved(key: string, later: HeldRow): void {
    this.moved.add(key);
    if (this.moved.size > MAX_MOVED_KEYS) {
      throw new LogMovedError(`more than ${MAX_MOVED_KEYS} ids came with different rows in one read`);
    }
    if (!this.#plan.last) {
      this.#letGo();
      return;
    }
    const isEarlier = (hashed: string): boolean => this.#seen.has(key, hashed);
    const removed =
      this.unknownDay.remove(isEarlier) || this.#spools.some((spool) => spool.remove(isEarlier));
    if (!removed) {
      throw new LogMovedError(
        'the log changed during each of three reads, the last time in a row that was staged already; ' +
          'the job starts again when it is delivered again',
      );
    }
    this.#held.set(key, later);
  }

  /** Nothing of a read that is going to be repeated is needed but the keys. */
  #letGo(): void {
    for (const spool of this.#spools) spool.release();
  }

  /** @param length bytes of the row's line, which was just written to the spool */
  #store(row: EncodedRow, spool: LineSpool | undefined, length: number, hashed: string): void {
    if (spool !== undefined) {
      spool.accept(length, hashed);
      this.#anyFull ||= spool.isFull || this.#plan.pool.isOverdrawn();
    } else if (row.kind === 'rejected') {
      this.unknownDay.add(row, hashed);
      this.#anyFull ||= this.unknownDay.isFull;
    }
  }
}

/** Undefined where each row becomes a blob of its own. */
function spoolOf(row: EncodedRow, place: OpenWindow | 'unknownDay'): LineSpool | undefined {
  if (place === 'unknownDay') return undefined;
  return row.kind === 'line' ? place.lines : place.rejected;
}

const isPlainText = (rows: PageRows, row: number, column: number): boolean =>
  rows.isPlain(row, column) && rows.bytes[rows.valueFrom(row, column)] === QUOTE;
