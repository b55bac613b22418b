import { expectedRequests } from '../windows/expectedRequests.ts';
import { expectedRows } from '../windows/expectedRows.ts';
import { type Window, windowsOfDay } from '../windows/grid.ts';
import type { LedgerEntry } from '../windows/ledger.ts';
import { packJobs } from '../windows/packJobs.ts';
import { dueReason, laneOf } from '../windows/planner.ts';
import type { PlannerSettings } from '../windows/plannerSettings.ts';

const MINUTE_MS = 60_000;

/** What the backfill lane still has to read. */
export interface BackfillLeft {
  windows: number;
  /** Requests that these are expected to take. */
  requests: number;
  /** At the pace of the budget, if the live lane leaves it. */
  minutes: number;
  /** ISO instant, real time; undefined if nothing is left. */
  completeAt: string | undefined;
}

export interface LeftInput {
  /** By date, what the ledger knows of each day that is looked at. */
  days: ReadonlyMap<string, readonly LedgerEntry[]>;
  /** By the pipeline's clock. */
  nowMs: number;
  realNowMs: number;
  /** Undefined before the first planning. */
  coverageFromMs: number | undefined;
  settings: PlannerSettings;
  /** Between two requests. */
  spacingMs: number;
}

/** Windows that are asked for and not answered, and those that the planner will ask for at its next tick. */
export function backfillLeft(input: LeftInput): BackfillLeft {
  const { days, nowMs, realNowMs, settings, spacingMs } = input;
  const windows = [...days].flatMap(([date, entries]) => leftOfDay(date, entries, input));
  const jobs = packJobs({
    windows,
    lane: 'backfill',
    plannedMs: nowMs,
    expectedRows: expectedRows(days, settings.settleHours).of,
  });
  const requests = jobs.reduce((sum, job) => sum + expectedRequests(job.expectedRows), 0);
  const leftMs = requests * spacingMs;
  return {
    windows: windows.length,
    requests,
    minutes: leftMs / MINUTE_MS,
    completeAt: requests === 0 ? undefined : new Date(realNowMs + leftMs).toISOString(),
  };
}

function leftOfDay(
  date: string,
  entries: readonly LedgerEntry[],
  { nowMs, coverageFromMs = Infinity, settings }: LeftInput,
): Window[] {
  const known = new Map(entries.map((entry) => [entry.window.id, entry]));
  return windowsOfDay(date).filter((window) => {
    const entry = known.get(window.id);
    if (entry !== undefined && entry.lane === 'backfill' && isAwaited(entry)) return true;
    if (entry === undefined && window.fromMs < coverageFromMs) return false;
    return (
      laneOf(window, nowMs, settings) === 'backfill' &&
      dueReason(window, entry, nowMs, settings) !== undefined
    );
  });
}

/** A failed one is awaited again once it is planned again. */
function isAwaited({ state, plannedAt, claimedAt, lastReadAt }: LedgerEntry): boolean {
  if (state === 'failed') return false;
  const asked = [plannedAt, claimedAt]
    .filter((at) => at !== undefined)
    .sort()
    .at(-1);
  return asked !== undefined && (lastReadAt === undefined || lastReadAt < asked);
}
