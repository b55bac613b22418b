import type { MemoryContainer } from '../../support/memoryBlobs.ts';
import type { MemoryTable } from '../../support/memoryTables.ts';

/** What is stored once nothing changes any more, and what the oracle has to know to judge it. */
export interface FinalState {
  /** Rows that Graph would give now, as JSON texts, each once. */
  rows: readonly string[];
  /**
   * Rows that Graph gave at some time, where they matter: blobs of rows that name no day stay for ever. Without it,
   * such blobs of rows that Graph does not have now are taken for rows of earlier.
   */
  formerRows?: readonly string[];
  raw: MemoryContainer;
  control: MemoryContainer;
  windows: MemoryTable;
  dailyTotals: MemoryTable;
  monthlyTotals: MemoryTable;
  /** By ETag, every version of every blob in `pstn-raw` that was ever stored, in the order of the writes. */
  history: ReadonlyMap<string, BlobVersion>;
  /** Windows that had to be read: whole hours `[from, to)`. */
  coveredFromMs: number;
  coveredToMs: number;
  nowMs: number;
  settleHours: number;
  /** Day of the month on which a billing month begins. */
  billingDay: number;
  /** How far apart two clocks of the pipeline may be; 0 if it is not given. */
  clocksApartMs?: number;
  /**
   * Reads that the ledger has recorded as accepted, if they are known: a settled day must hold what settled it. A
   * read of which nobody can tell whether its record landed belongs to them: rather one too many than one too few.
   */
  reads?: readonly AcceptedRead[];
}

export interface BlobVersion {
  name: string;
  text: string;
  metadata: Readonly<Record<string, string>>;
}

export interface AcceptedRead {
  /** For example `2026-11-23T10Z`. */
  windowId: string;
  claim: number;
  /** When it claimed, by the clock of its worker. */
  atMs: number;
}
