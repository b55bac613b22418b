import type { Lane } from '../queues/names.ts';
import type { Window } from './grid.ts';

/**
 * `planned`: never read. `read`: at least one accepted read. `shrunk`: a read that lost rows waits to be
 * confirmed. `failed`: the last job ended in an error that trying again at once does not mend.
 */
export type WindowState = 'planned' | 'read' | 'shrunk' | 'failed';

/** What is known of one window. Instants are ISO text, `2026-11-23T10:00:00.000Z`. */
export interface LedgerEntry {
  window: Window;
  etag: string;
  state: WindowState;
  plannedAt?: string;
  /** Number of the last read that began; 0 if none did. */
  claim: number;
  /** Largest claim of a read that ended. */
  done: number;
  /** When the last read began. */
  claimedAt?: string;
  /** ETag of the raw blob that was last announced to the day. */
  notified?: string;
  attempts: number;
  rows: number;
  digest?: string;
  rejected: number;
  reads: number;
  firstReadAt?: string;
  /** Time of the claim of the newest accepted read: rows that Graph published before it are in. */
  lastReadAt?: string;
  changedAt?: string;
  lane?: Lane;
  lastError?: string;
  shrunkAt?: string;
  shrunkClaim?: number;
  /** Nobody has read it when Graph had it for sure: old when its first read found nothing, or known from blobs. */
  unverified?: boolean;
}

/** A read that has begun: its number orders it among all reads of the day. */
export interface Claim {
  number: number;
  /** When it was taken, by the pipeline's clock. */
  atMs: number;
  /** By window id: no other read of the window was unfinished when this one claimed. */
  alone: ReadonlyMap<string, boolean>;
}

/** What a finished read found in one window. */
export interface ReadOutcome {
  claim: Claim;
  /** False if the blob already carried what was read, or a newer read. */
  changed: boolean;
  rows: number;
  digest: string;
  rejected: number;
  /** ETag of the raw blob as the day was told; undefined if there is no blob. */
  notified: string | undefined;
  /** The window was so old that Graph may no longer have had its calls. */
  isOld: boolean;
}

export interface WindowRead extends ReadOutcome {
  window: Window;
}

/** What a finished read of one window is that lost rows and is not believed: the blob stays as it was. */
export interface ShrunkOutcome {
  claim: Claim;
  /** This read was kept aside, and later ones are compared with it. */
  isWitness: boolean;
  /** ETag of the raw blob as the day was told; undefined if there is no blob. */
  notified: string | undefined;
}

/** A window as its blobs tell of it. */
export interface RestoredWindow {
  window: Window;
  claim: number;
  rows: number;
  digest: string;
  rejected: number;
}

/** What shows that a window has been read meanwhile, whatever became of the job that tells of a failure. */
export interface Unless {
  /** An accepted read claimed at that time or later has been recorded. */
  readSinceMs?: number;
  /** The read of this claim, or of a later one, has ended. */
  endedClaim?: number;
}

/** The `windows` table: one entity a window, and a counter of claims a day. */
export interface Ledger {
  /** Entries of a day in the order of windows; windows nobody planned are missing. */
  readDay(date: string): Promise<LedgerEntry[]>;
  /** By date, ascending: all that was ever asked for or read. Reads the whole table: for commands. */
  readAll(): Promise<Map<string, LedgerEntry[]>>;
  /**
   * Writes `plannedAt` and lane; a window without an entry gets one in state `planned`. All windows are of one day or
   * several. With `anew`, a window that failed is no longer given up: a person says that its fault is mended.
   */
  markPlanned(
    windows: readonly Window[],
    lane: Lane,
    plannedAtMs: number,
    options?: { anew?: boolean },
  ): Promise<void>;
  /**
   * Takes one claim for windows of **one** day, in one transaction with the day's counter. An answer that is
   * lost burns a number. `firstClaim` is asked for the largest claim in the day's blobs when the day has no
   * counter (a lost table must not let every new read look older than what is stored).
   */
  claim(windows: readonly Window[], atMs: number, firstClaim: () => Promise<number>): Promise<Claim>;
  /**
   * Takes back a claim under which nothing was written and nothing will be: where no other read was or is unfinished,
   * windows of **one** day are as if it had never been taken, and the next read is alone. Its number stays used.
   */
  withdraw(windows: readonly Window[], claim: Claim): Promise<void>;
  /**
   * `done = max`, and what was found, unless a newer read was accepted: windows of **one** day, in one transaction.
   * Tried again on a conflict.
   */
  recordReads(reads: readonly WindowRead[]): Promise<void>;
  /**
   * If no newer read ended: `done`, `notified` and the state `shrunk`. What the window holds stays, and so does
   * the read that a later one is compared with, unless this one takes its place.
   */
  recordShrunk(window: Window, outcome: ShrunkOutcome): Promise<void>;
  /** Makes entries, `unverified`, of windows of one day of which nothing is known. Gives the windows. */
  restore(date: string, windows: readonly RestoredWindow[]): Promise<Window[]>;
  /**
   * Counts an attempt and keeps the reason; `final` makes the state `failed`, which anything later ends. A window of
   * which the exception holds by now did not fail.
   */
  recordFailure(windows: readonly Window[], reason: string, final: boolean, unless?: Unless): Promise<void>;
}
