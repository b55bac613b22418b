import { expectedRequests } from '../../windows/expectedRequests.ts';
import { byDate } from '../../windows/byDate.ts';
import { windowsOfJob } from '../../windows/packJobs.ts';
import type { Window } from '../../windows/grid.ts';
import type { WindowJob } from '../../queues/messages.ts';
import { PRICES } from './prices.ts';

/** Calls of the services, by what they cost. */
export interface Operations {
  /** Blobs and blocks. */
  blobWrites: number;
  blobReads: number;
  blobLists: number;
  /** A transaction, a query or a look at an entity each. */
  tableOperations: number;
  messages: number;
}

export interface Work {
  jobs: readonly WindowJob[];
  rowsOf: (window: Window) => number;
  bytesPerRow: number;
  minutes: number;
}

/** A window of more is written in blocks of this size. */
const BLOCK_BYTES = 2 * 1024 * 1024;
/** From so many windows of a day in one job on, the day is listed; fewer are looked at one by one. */
const LISTED_WINDOWS = 4;
const LOOKS_A_WINDOW = 3;
const LISTS_A_NEW_DAY = 3;
const LISTS_A_JOB_DAY = 2;
/** Claim, outcome, and what is looked up for them. */
const TABLE_A_JOB_DAY = 6;
/** Plan: the day itself, its neighbours, and the mark that it was planned. */
const TABLE_A_PLANNED_DAY = 4;
/** A permit, and the look before it. */
const TABLE_A_REQUEST = 2;
const TABLE_A_START = 2;

/** Each fold of a day writes its sums, a snapshot and what led to it. */
const WRITES_A_FOLD = 3;
const LISTS_A_FOLD = 3;
const TABLE_A_FOLD = 7;
/** A month looks at the heads of all days that may be in it. */
const TABLE_A_MONTH_FOLD = 64;
const DAYS_A_MONTH = 30;
/** Month folds wait so long for each other. */
const MONTH_FOLDS_A_MINUTE = 3;
/** Entities of a day: users and breakdowns, one for so many calls; written a hundred at a time. */
const CALLS_AN_ENTITY = 4;
const ENTITIES_A_TRANSACTION = 100;

/**
 * What reading these jobs, landing what they find and summing it costs in calls of the services, if all of it is new:
 * a read that finds nothing new costs less. Follows the code of landing and folding; a test counts whether it does.
 */
export function operationsOf({ jobs, rowsOf, bytesPerRow, minutes }: Work): Operations {
  const found: Operations = { blobWrites: 0, blobReads: 0, blobLists: 0, tableOperations: 0, messages: 0 };
  const rowsByDate = new Map<string, number>();
  let folds = 0;
  let monthFolds = 0;
  for (const job of jobs) {
    const requests = expectedRequests(job.expectedRows);
    found.messages += 1;
    found.tableOperations += requests * TABLE_A_REQUEST + TABLE_A_START;
    const months = new Set<string>();
    for (const [date, windows] of byDate(windowsOfJob(job))) {
      let rowsOfDay = 0;
      for (const window of windows) {
        const rows = rowsOf(window);
        // A mean below one: so many of these windows have a row.
        const filled = Math.min(1, rows);
        rowsOfDay += rows;
        found.blobWrites += filled * writesOf(rows * bytesPerRow);
        // The fold reads it, and keeps what it has found.
        found.blobReads += filled;
        found.blobWrites += filled;
      }
      if (windows.length < LISTED_WINDOWS) found.blobReads += windows.length * LOOKS_A_WINDOW;
      else found.blobLists += LISTS_A_JOB_DAY;
      found.tableOperations += TABLE_A_JOB_DAY;
      const isFolded = Math.min(1, rowsOfDay);
      folds += isFolded;
      found.messages += isFolded;
      rowsByDate.set(date, (rowsByDate.get(date) ?? 0) + rowsOfDay);
      if (isFolded > 0) months.add(date.slice(0, 7));
    }
    // The days of a job change together, and their messages to the month become one fold.
    monthFolds += Math.min(months.size, job.expectedRows);
  }
  const dates = rowsByDate.size;
  const rows = [...rowsByDate.values()].reduce((sum, one) => sum + one, 0);
  const transactions = rows / CALLS_AN_ENTITY / ENTITIES_A_TRANSACTION;
  const inTime = MONTH_FOLDS_A_MINUTE * Math.ceil(minutes) + Math.ceil(dates / DAYS_A_MONTH);
  monthFolds = Math.min(monthFolds, inTime);
  found.blobLists += dates * LISTS_A_NEW_DAY + folds * LISTS_A_FOLD;
  found.blobWrites += folds * WRITES_A_FOLD;
  found.blobReads += folds + monthFolds * Math.min(dates, DAYS_A_MONTH) * 0.5;
  found.tableOperations +=
    dates * TABLE_A_PLANNED_DAY + folds * TABLE_A_FOLD + monthFolds * TABLE_A_MONTH_FOLD + 2 * transactions;
  // Each fold of a day tells the month.
  found.messages += folds;
  return {
    blobWrites: Math.ceil(found.blobWrites),
    blobReads: Math.ceil(found.blobReads),
    blobLists: Math.ceil(found.blobLists),
    tableOperations: Math.ceil(found.tableOperations),
    messages: Math.ceil(found.messages),
  };
}

function writesOf(bytes: number): number {
  return bytes <= BLOCK_BYTES ? 1 : Math.ceil(bytes / BLOCK_BYTES) + 1;
}

/** A message is sent, delivered and completed. */
const OPERATIONS_A_MESSAGE = 3;

/** In the currency of the prices. */
export const costOf = (operations: Operations): number =>
  (operations.blobWrites * PRICES.blobWritesPer10000 +
    operations.blobLists * PRICES.blobListsPer10000 +
    operations.blobReads * PRICES.blobReadsPer10000 +
    operations.tableOperations * PRICES.tableOperationsPer10000) /
    10_000 +
  (operations.messages * OPERATIONS_A_MESSAGE * PRICES.queueOperationsPer1000000) / 1_000_000;

/** Of the raw files, in the currency of the prices. */
export const storageCostAMonth = (rawBytes: number): number => (rawBytes / 1e9) * PRICES.storedGigabyteMonth;
