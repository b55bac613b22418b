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
import { asideBlobName, rawDayPrefix, type Window } from '../windows/grid.ts';
import type { Claim, Ledger } from '../windows/ledger.ts';
import { plannedAfter } from '../windows/plannedAfter.ts';
import { runsOf, windowsOfJob } from '../windows/packJobs.ts';
import { sendRest } from '../windows/sendRest.ts';
import { believe } from './beliefs.ts';
import { isolateFault } from './isolateFault.ts';
import { landDay } from './landDay.ts';
import { addLanded, addRead, emptyReport, type LandingReport } from './landingReport.ts';
import type { LineSpool } from './lineSpool.ts';
import { listedFirst } from './listedFirst.ts';
import { largestClaim, rejectedDayPrefix } from './rawStore.ts';
import { endedSince, readEntries, readSince } from './readSince.ts';
import { readRun, type ReadRunDeps, type ReadWindow, type Run } from './readRun.ts';
import { recordFailure } from './recordFailure.ts';
import { sendParts } from './sendParts.ts';
import { rowsTooMany, TooLargeError } from './tooLarge.ts';

export type { LandingReport } from './landingReport.ts';

export interface LandingDeps {
  source: PstnCallsSource;
  /** Container of the raw blobs. */
  raw: BlobContainer;
  ledger: Ledger;
  sender: MessageSender;
  clock: Clock;
  newId: NewId;
  log: Log;
  /** How much later a read that lost rows is to be confirmed, in minutes; 0 is at once. */
  shrinkConfirmMinutes: number;
  /** Windows that begin earlier than this many days ago are read only by command. */
  sourceDays: number;
  /** Hours after a window's end from which its rows hardly move any more. */
  settleHours: number;
  /** Ends the job before its next page or its next day. */
  signal?: AbortSignal;
  /** Aborted when so little time is left that a job of several windows is better read in parts. */
  overtime?: AbortSignal;
  /** The message was delivered before: that run may have died in the middle. */
  isRepeated?: boolean;
  /** True if the message is not worth another delivery, or gets none: the windows become `failed`. */
  isFinal?: (error: unknown) => boolean;
  /** How long the message of a changed day waits; a job that somebody waits for does not wait. */
  dayDelayMs?: number;
  /** Bytes of lines that may wait in memory, over all windows of a job. */
  bufferBytes?: number;
}

const DAY_DELAY_MS = 20_000;
const BUFFER_BYTES = 8 * 1024 * 1024;
const PARALLEL_DAYS = 4;
/** From so many windows of a day on, two listings cost less than a look at each blob. */
const LISTED_WINDOWS = 4;

/**
 * Reads the windows of a job that nobody has read since it was planned, and lands each of them exactly as it
 * was read, or not at all; then sends what the job leaves to its worker. A job of several windows that turns out
 * much larger than expected, or of which Graph lastingly does not give a part, is sent again in parts. Running it
 * twice, at once or later, changes nothing more.
 *
 * @throws what stopped it, after the ledger has been told for every window that was not landed. Everything
 *   that was landed stays; the job is to be delivered again.
 */
export async function landWindowJob(job: WindowJob, deps: LandingDeps): Promise<LandingReport> {
  const windows = windowsOfJob(job);
  const isLanded = deps.isRepeated === true ? endedSince : readSince;
  const skippedHours = await isLanded(Date.parse(job.planned), windows, deps.ledger);
  const due = windows.filter(({ fromMs }) => !skippedHours.has(fromMs));
  const report = emptyReport(skippedHours.size);
  const open = new Set(due);
  try {
    await landOpen(skippedHours, job, deps, report, open);
  } catch (error) {
    await recordFailure([...open], job, error, deps);
    throw error;
  }
  deps.log.info('windowJobLanded', { from: job.from, to: job.to, lane: job.lane, ...report });
  return report;
}

/** Lands what can be landed; `open` keeps the windows that are not. */
async function landOpen(
  skippedHours: ReadonlySet<number>,
  job: WindowJob,
  deps: LandingDeps,
  report: LandingReport,
  open: Set<Window>,
): Promise<void> {
  const torn: Window[] = [];
  for (const run of runsOf([...open])) {
    try {
      torn.push(...(await landRun(run, skippedHours, job, deps, report, open)));
    } catch (error) {
      report.parts = await sendInParts(run, torn, error, { job, deps, report, open });
      return;
    }
  }
  report.sentAgain = open.size;
  // What comes again sends the rest by itself.
  if (open.size > 0) await sendAgain(job, torn, deps);
  else await sendRest(job, deps);
}

/**
 * A job that turned out too large, or of whose range Graph does not give a part, goes on in parts.
 * @returns how many there are
 * @throws the error, where parts are no help
 */
async function sendInParts(
  run: readonly Window[],
  torn: readonly Window[],
  error: unknown,
  {
    job,
    deps,
    report,
    open,
  }: { job: WindowJob; deps: LandingDeps; report: LandingReport; open: Set<Window> },
): Promise<number> {
  if (error instanceof TooLargeError) {
    report.pages += error.pages;
    return sendParts(job, [...open], error, deps);
  }
  const failed = run.filter((window) => open.has(window));
  const tried = new Set(run);
  const others = [...open].filter((window) => !tried.has(window));
  const ofJob = { job, failed, others, plannedAnew: () => plannedAnew(job, torn, deps) };
  const parts = await isolateFault({ ...ofJob, error }, deps);
  if (parts === 0) throw error;
  return parts;
}

/** @returns windows that have to be read again, even if another job has read them since this one was planned */
async function landRun(
  windows: readonly Window[],
  skippedHours: ReadonlySet<number>,
  job: WindowJob,
  deps: LandingDeps,
  report: LandingReport,
  open: Set<Window>,
): Promise<Window[]> {
  const { source, raw, newId, signal } = deps;
  const torn: Window[] = [];
  signal?.throwIfAborted();
  const run: Run = { windows, claims: await claimDays(windows, deps), skippedHours };
  const readDeps: ReadRunDeps = {
    source,
    raw,
    newId,
    read: { lane: job.lane, ...(signal && { signal }) },
    bufferBytes: deps.bufferBytes ?? BUFFER_BYTES,
  };
  const giveUp = { maxRows: rowsTooMany(job), signal: deps.overtime };
  const read = await readRun(run, { ...readDeps, giveUp }).catch(async (error: unknown) => {
    await withdraw(run, deps);
    throw error;
  });
  addRead(report, read);
  const entries = await readEntries(run.claims.keys(), deps.ledger);
  const ofRead = { ...deps, raw: await listedFirst(raw, prefixesOf(windows)) };
  const beliefs = await believe(read, entries, job, {
    ...ofRead,
    readForAside: (ofThese) => readForAside(run, ofThese, readDeps),
  });
  const dayDelayMs = job.soon === true ? 0 : (deps.dayDelayMs ?? DAY_DELAY_MS);
  for (const date of run.claims.keys()) {
    signal?.throwIfAborted();
    const ofDay = read.windows.filter(({ window }) => window.date === date);
    const day = await landDay(date, ofDay, { ...ofRead, beliefs, entries, dayDelayMs });
    for (const { window } of [...day.landed.map((landed) => landed.window), ...day.shrunk])
      open.delete(window);
    torn.push(...day.torn.map(({ window }) => window));
    addLanded(report, day);
  }
  return torn;
}

/**
 * Sends a job again, for the windows that it has not landed. Planned anew, where some are half landed: a job that has
 * read them meanwhile knows nothing of that.
 */
async function sendAgain(job: WindowJob, torn: readonly Window[], deps: LandingDeps): Promise<void> {
  const again = { ...job, planned: await plannedAnew(job, torn, deps) };
  await deps.sender.send(queueOfLane(job.lane), toMessage(again));
}

/** When what is sent again counts as planned: as the job does, unless some windows are half landed. */
async function plannedAnew(
  job: WindowJob,
  torn: readonly Window[],
  { ledger, clock }: LandingDeps,
): Promise<string> {
  if (torn.length === 0) return job.planned;
  const entries = await readEntries(byDate(torn).keys(), ledger);
  return new Date(plannedAfter(clock.nowMs(), [...entries.values()])).toISOString();
}

/** Nothing was written but blocks: without its claims, the next read need not fence this one, window by window. */
async function withdraw({ windows, claims }: Run, { ledger, log }: LandingDeps): Promise<void> {
  try {
    await inParallel(byDate(windows), PARALLEL_DAYS, async ([date, ofDay]) => {
      const claim = claims.get(date);
      if (claim !== undefined) await ledger.withdraw(ofDay, claim);
    });
  } catch (error) {
    // They stay open then, which costs writes; what stopped the read is what matters.
    log.warn('claimsNotWithdrawn', { first: windows[0]?.id, reason: String(error) });
  }
}

/** What is listed before the windows are compared with what is stored: days of which many windows were read. */
function prefixesOf(windows: readonly Window[]): string[] {
  const days = [...byDate(windows)].filter(([, ofDay]) => ofDay.length >= LISTED_WINDOWS);
  return days.flatMap(([date]) => [rawDayPrefix(date), rejectedDayPrefix(date)]);
}

/** Reads the span of these windows once more, under the same claims, for blobs of reads kept aside. */
async function readForAside(
  run: Run,
  windows: readonly ReadWindow[],
  deps: ReadRunDeps,
): Promise<Map<number, LineSpool>> {
  const hours = windows.map(({ window }) => window.fromMs);
  const span = run.windows.filter(
    ({ fromMs }) => fromMs >= Math.min(...hours) && fromMs <= Math.max(...hours),
  );
  const again = await readRun({ ...run, windows: span, linesName: asideBlobName }, deps);
  return new Map(again.windows.map(({ window, lines }) => [window.fromMs, lines]));
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
