import { expectedRequests } from '../../windows/expectedRequests.ts';
import type { ExpectedRows } from '../../windows/expectedRows.ts';
import { type Window, WINDOWS_A_DAY } from '../../windows/grid.ts';
import { packInSteps } from '../../windows/packInSteps.ts';
import { windowsOfJob } from '../../windows/packJobs.ts';
import type { WindowJob } from '../../queues/messages.ts';
import { costOf, type Operations, operationsOf, storageCostAMonth } from './operations.ts';

/**
 * What an estimate goes by: `read`, every window was read before; `inferred`, others tell what to expect of those that
 * were not; `unknown`, nothing is known of this tenant.
 */
export type EstimateBasis = 'read' | 'inferred' | 'unknown';

/** One way in which it may turn out. */
export interface Scenario {
  rows: number;
  jobs: number;
  /** Requests to Graph. */
  requests: number;
  /** At the pace of the request budget, if it is free. */
  minutes: number;
  /** Of the raw files. */
  rawBytes: number;
  operations: Operations;
  /** Of the operations, in the currency of the prices. */
  cost: number;
  /** Of keeping the raw files for a month. */
  storageCostAMonth: number;
}

export interface BackfillEstimate {
  windows: number;
  basis: EstimateBasis;
  /** Windows of the range that were read before. */
  windowsRead: number;
  /** Windows that tell of others. */
  windowsTelling: number;
  low: Scenario;
  /** The middle; of an unknown tenant nobody can say. */
  expected: Scenario | undefined;
  high: Scenario;
}

export interface EstimateInput {
  /** Ascending. */
  windows: readonly Window[];
  expected: ExpectedRows;
  /** Ids of windows that were read before. */
  read: ReadonlySet<string>;
  /** Mean of the raw files that are there; undefined if there are none. */
  bytesPerRow: number | undefined;
  /** Between two requests. */
  spacingMs: number;
  plannedMs: number;
  /** Windows that ended by then hardly change any more. */
  ripeMs: number;
}

/** Measured over a week of the simulated tenant (30,000 calls): what a call takes in a raw file. */
export const BYTES_PER_ROW = 930;
/** Of windows that others tell of. */
const INFERRED = { low: 0.5, high: 1.5 };
/** Calls a day of a large tenant: of an unknown one, no more than this is to be expected. */
export const LARGE_TENANT_ROWS_A_DAY = 100_000;
const MINUTE_MS = 60_000;

/** What a backfill would take, by what the ledger knows; sends nothing. */
export function estimateBackfill(input: EstimateInput): BackfillEstimate {
  const { windows, expected, read } = input;
  const windowsRead = windows.filter(({ id }) => read.has(id)).length;
  const basis: EstimateBasis =
    windowsRead === windows.length ? 'read' : expected.known === 0 ? 'unknown' : 'inferred';
  const found = { windows: windows.length, basis, windowsRead, windowsTelling: expected.known };
  const guess = (factor: number, unknown: number) => (window: Window) => {
    if (read.has(window.id)) return expected.of(window);
    return basis === 'unknown' ? unknown : expected.of(window) * factor;
  };
  const low = scenario(input, guess(INFERRED.low, 0));
  const high = scenario(input, guess(INFERRED.high, LARGE_TENANT_ROWS_A_DAY / WINDOWS_A_DAY));
  return { ...found, low, high, expected: basis === 'unknown' ? undefined : scenario(input, guess(1, 0)) };
}

function scenario(input: EstimateInput, rowsOf: (window: Window) => number): Scenario {
  const { windows, spacingMs, bytesPerRow = BYTES_PER_ROW } = input;
  const jobs = packAll(input, rowsOf);
  const requests = jobs.reduce((sum, job) => sum + expectedRequests(job.expectedRows), 0);
  const rows = Math.round(windows.reduce((sum, window) => sum + rowsOf(window), 0));
  const minutes = (requests * spacingMs) / MINUTE_MS;
  const rawBytes = Math.round(rows * bytesPerRow);
  const operations = operationsOf({ jobs, rowsOf, bytesPerRow, minutes });
  return {
    ...{ rows, jobs: jobs.length, requests, minutes, rawBytes, operations },
    cost: costOf(operations),
    storageCostAMonth: storageCostAMonth(rawBytes),
  };
}

/** All jobs, also those that a worker would pack: as if what is read first turned out as it is guessed. */
function packAll(input: EstimateInput, rowsOf: (window: Window) => number): WindowJob[] {
  const { plannedMs, ripeMs, expected } = input;
  const jobs: WindowJob[] = [];
  let left = input.windows;
  let { known } = expected;
  while (left.length > 0) {
    const step = packInSteps({
      windows: left,
      lane: 'backfill',
      plannedMs,
      ripeMs,
      expected: { of: rowsOf, known },
    });
    jobs.push(...step);
    const rest = step.find(({ then }) => then !== undefined)?.then;
    if (rest === undefined) break;
    known += step.reduce((sum, job) => sum + windowsOfJob(job).length, 0);
    left = windowsOfJob(rest);
  }
  return jobs;
}
