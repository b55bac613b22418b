import type { PstnCallsSource } from '../graph/pstnCalls.ts';
import { toMessage, type WindowJob } from '../queues/messages.ts';
import { queueOfLane } from '../queues/names.ts';
import type { MessageSender } from '../queues/sender.ts';
import type { Clock } from '../runtime/clock.ts';
import type { NewId } from '../runtime/ids.ts';
import { inParallel } from '../runtime/inParallel.ts';
import type { Log } from '../runtime/log.ts';
import type { BlobContainer } from '../storage/blobs.ts';
import { byDate } from '../windows/byDate.ts';
import { type Window, windowsBetween } from '../windows/grid.ts';
import type { Claim, Ledger } from '../windows/ledger.ts';
import { landDay, type LandedWindow } from './landDay.ts';
import { largestClaim } from './rawStore.ts';
import { readRun, type RunRead } from './readRun.ts';

export interface LandingDeps {
  source: PstnCallsSource;
  /** Container of the raw blobs. */
  raw: BlobContainer;
  ledger: Ledger;
  sender: MessageSender;
  clock: Clock;
  newId: NewId;
  log: Log;
  /** Ends the job before its next page or its next day. */
  signal?: AbortSignal;
  /** The message is not delivered again if this fails: the windows become `failed`. */
  lastDelivery?: boolean;
  /** How long the message of a changed day waits; a job that somebody waits for does not wait. */
  dayDelayMs?: number;
  /** Bytes of lines that may wait in memory, over all windows of a job. */
  bufferBytes?: number;
}

/** What a job did. Counts of rows are those of its own reads, whether or not a newer read is stored. */
export interface LandingReport {
  /** Windows that were read and landed. */
  windows: number;
  /** Windows that had been read since the job was planned. */
  skipped: number;
  pages: number;
  rows: number;
  rejected: number;
  repeated: number;
  /** Times that all pages were read again because the log changed meanwhile. */
  readAgain: number;
  /** By what became of the raw blobs. */
  committed: number;
  unchanged: number;
  superseded: number;
  /** Windows whose blocks an older read discarded: the job was sent again for them. */
  sentAgain: number;
}

const DAY_DELAY_MS = 20_000;
const BUFFER_BYTES = 8 * 1024 * 1024;
const PARALLEL_DAYS = 4;

/**
 * Reads the windows of a job that nobody has read since it was planned, and lands each of them exactly as it
 * was read, or not at all. Running it twice, at once or later, changes nothing more.
 *
 * @throws what stopped it, after the ledger has been told for every window that was not landed. Everything
 *   that was landed stays; the job is to be delivered again.
 */
export async function landWindowJob(job: WindowJob, deps: LandingDeps): Promise<LandingReport> {
  const windows = windowsBetween(Date.parse(job.from), Date.parse(job.to));
  const skippedHours = await readSince(Date.parse(job.planned), windows, deps.ledger);
  const due = windows.filter(({ fromMs }) => !skippedHours.has(fromMs));
  const report = emptyReport(skippedHours.size);
  const open = new Set(due);
  try {
    for (const run of adjacent(due)) await landRun(run, skippedHours, job, deps, report, open);
  } catch (error) {
    await recordFailure([...open], job, error, deps);
    throw error;
  }
  if (open.size > 0) await deps.sender.send(queueOfLane(job.lane), toMessage(job));
  report.sentAgain = open.size;
  deps.log.info('windowJobLanded', { from: job.from, to: job.to, lane: job.lane, ...report });
  return report;
}

/** Begins of the windows that have been read since an instant. */
async function readSince(
  plannedMs: number,
  windows: readonly Window[],
  ledger: Ledger,
): Promise<Set<number>> {
  const fresh = new Set<string>();
  await inParallel(byDate(windows).keys(), PARALLEL_DAYS, async (date) => {
    for (const { window, lastReadAt } of await ledger.readDay(date)) {
      if (lastReadAt !== undefined && Date.parse(lastReadAt) >= plannedMs) fresh.add(window.id);
    }
  });
  return new Set(windows.filter(({ id }) => fresh.has(id)).map(({ fromMs }) => fromMs));
}

async function landRun(
  windows: readonly Window[],
  skippedHours: ReadonlySet<number>,
  job: WindowJob,
  deps: LandingDeps,
  report: LandingReport,
  open: Set<Window>,
): Promise<void> {
  const { source, raw, newId, signal } = deps;
  signal?.throwIfAborted();
  const claims = await claimDays(windows, deps);
  const read = await readRun(
    { windows, claims, skippedHours },
    {
      source,
      raw,
      newId,
      read: { lane: job.lane, ...(signal && { signal }) },
      bufferBytes: deps.bufferBytes ?? BUFFER_BYTES,
    },
  );
  addRead(report, read);
  const dayDelayMs = job.soon === true ? 0 : (deps.dayDelayMs ?? DAY_DELAY_MS);
  for (const date of claims.keys()) {
    signal?.throwIfAborted();
    const ofDay = read.windows.filter(({ window }) => window.date === date);
    const landed = await landDay(date, ofDay, { ...deps, dayDelayMs });
    for (const { window } of landed) open.delete(window.window);
    addLanded(report, landed);
  }
}

/** One claim a day, all of them before the first page: what is read afterwards is at least as new as they. */
async function claimDays(windows: readonly Window[], deps: LandingDeps): Promise<Map<string, Claim>> {
  const claims = new Map<string, Claim>();
  const days = byDate(windows);
  await inParallel(days, PARALLEL_DAYS, async ([date, ofDay]) => {
    const claim = await deps.ledger.claim(ofDay, deps.clock.nowMs(), () => largestClaim(deps.raw, date));
    claims.set(date, claim);
  });
  return claims;
}

/** The cause is what matters: a ledger that cannot be reached must not hide it. */
async function recordFailure(
  windows: readonly Window[],
  job: WindowJob,
  error: unknown,
  { ledger, log, lastDelivery = false }: LandingDeps,
): Promise<void> {
  const reason = error instanceof Error ? error.message : String(error);
  log.warn('windowJobFailed', { windows: windows.length, first: windows[0]?.id, lastDelivery, reason });
  try {
    // A window that was recorded as read, though the answer was lost, did not fail.
    const read = await readSince(Date.parse(job.planned), windows, ledger);
    const failed = windows.filter(({ fromMs }) => !read.has(fromMs));
    await ledger.recordFailure(failed, reason, lastDelivery);
  } catch (second) {
    log.error('failureNotRecorded', { first: windows[0]?.id, reason: String(second) });
  }
}

/** Cuts windows in ascending order into runs without a gap. */
function adjacent(windows: readonly Window[]): Window[][] {
  const runs: Window[][] = [];
  for (const window of windows) {
    const run = runs.at(-1);
    if (run?.at(-1)?.toMs === window.fromMs) run.push(window);
    else runs.push([window]);
  }
  return runs;
}

const emptyReport = (skipped: number): LandingReport => ({
  windows: 0,
  skipped,
  pages: 0,
  rows: 0,
  rejected: 0,
  repeated: 0,
  readAgain: 0,
  committed: 0,
  unchanged: 0,
  superseded: 0,
  sentAgain: 0,
});

function addRead(report: LandingReport, read: RunRead): void {
  report.pages += read.pages;
  report.repeated += read.repeated;
  report.readAgain += read.readAgain;
  report.rejected += read.unknownDay;
  for (const { lines, rejected } of read.windows) {
    report.rows += lines.rows;
    report.rejected += rejected.rows;
  }
}

function addLanded(report: LandingReport, landed: readonly LandedWindow[]): void {
  report.windows += landed.length;
  for (const { lines } of landed) report[lines.kind] += 1;
}
