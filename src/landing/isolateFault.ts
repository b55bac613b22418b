import { GraphError } from '../graph/errors.ts';
import type { PstnCallsSource } from '../graph/pstnCalls.ts';
import { LASTING_TRIES, rangeFault } from '../graph/rangeFault.ts';
import { toMessage, type WindowJob } from '../queues/messages.ts';
import { queueOfLane } from '../queues/names.ts';
import type { Log } from '../runtime/log.ts';
import { expectedRows } from '../windows/expectedRows.ts';
import type { Window } from '../windows/grid.ts';
import { halveJob } from '../windows/halveJob.ts';
import { nearbyDates } from '../windows/nearbyDates.ts';
import { windowsOfJob } from '../windows/packJobs.ts';
import { readDays } from '../windows/readDays.ts';
import { sendRest, type SendRestDeps } from '../windows/sendRest.ts';
import { isServed } from './isServed.ts';

export interface FailedRun {
  job: WindowJob;
  /** Asks when the parts count as planned. */
  plannedAnew: () => Promise<string>;
  /** Windows that one page sequence was to read, and that are not landed, ascending. */
  failed: readonly Window[];
  /** Windows of the job that nobody has tried to read. */
  others: readonly Window[];
  error: unknown;
}

export interface IsolateDeps extends SendRestDeps {
  source: PstnCallsSource;
  log: Log;
  signal?: AbortSignal;
}

/**
 * Sends a job that cannot be read in smaller parts, if it is its range that Graph does not give: so all but the bad
 * hours are read. What the job leaves to its worker is sent as well, for it is not to wait for a bad hour.
 * @returns how many parts were sent; 0 if it is to be tried again as it is, or fails
 * @throws what kept it from finding out
 */
export async function isolateFault(
  { job, plannedAnew, failed, others, error }: FailedRun,
  deps: IsolateDeps,
): Promise<number> {
  const tries = job.tries ?? 0;
  const fault = rangeFault(error, tries);
  const isAlone = failed.length === 1 && others.length === 0 && job.then === undefined;
  if (fault === undefined || failed.length === 0 || isAlone) return 0;
  const { ledger, sender, clock, settleHours, source, signal, log } = deps;
  const { from, to, lane } = job;
  const open = [...failed, ...others];
  const days = await readDays(ledger, nearbyDates(open, clock.nowMs()));
  const ids = new Set(open.map(({ id }) => id));
  // An earlier page of the same sequence tells as much as any other hour.
  const isFurtherPage = error instanceof GraphError && (error.page ?? 1) > 1;
  const served =
    isFurtherPage ||
    (await isServed({
      fault,
      tries,
      known: [...days.values()].flat().filter(({ window }) => !ids.has(window.id)),
      hours: failed.length > 1 ? failed : [...others, ...(job.then ? windowsOfJob(job.then) : [])],
      source,
      read: { lane, ...(signal && { signal }) },
    }));
  const reason = error instanceof Error ? error.message : String(error);
  if (!served) {
    log.warn('graphServesNobody', { from, to, lane, reason });
    return 0;
  }
  const expected = expectedRows(days, settleHours);
  const jobs = halveJob({
    job: { ...job, planned: await plannedAnew() },
    failed,
    others,
    // They need not prove again that the fault lasts.
    tries: Math.min(tries, LASTING_TRIES),
    // Where the days near by tell nothing, whoever packed the job may have known more.
    expectedRows: expected.known > 0 ? expected.of : () => job.expectedRows / windowsOfJob(job).length,
  });
  await sender.sendAll(queueOfLane(lane), jobs.map(toMessage));
  log.warn('windowJobSplit', { from, to, lane, windows: failed.length, parts: jobs.length, reason });
  await sendRest(job, deps);
  return jobs.length;
}
