import { toMessage, type WindowJob } from '../queues/messages.ts';
import { queueOfLane } from '../queues/names.ts';
import { expectedRows } from '../windows/expectedRows.ts';
import type { Window } from '../windows/grid.ts';
import { nearbyDates } from '../windows/nearbyDates.ts';
import { readDays } from '../windows/readDays.ts';
import type { SendRestDeps } from '../windows/sendRest.ts';
import { splitJob } from '../windows/splitJob.ts';
import type { TooLargeError } from './tooLarge.ts';

/**
 * Sends a job that gave up again, in parts: by what the ledger leads to expect, raised by what came.
 * @param windows of the job that are still to be read, ascending, at least two
 * @returns how many jobs were sent
 */
export async function sendParts(
  job: WindowJob,
  windows: readonly Window[],
  { seenRows }: TooLargeError,
  { ledger, sender, clock, settleHours }: SendRestDeps,
): Promise<number> {
  const days = await readDays(ledger, nearbyDates(windows, clock.nowMs()));
  const jobs = splitJob({
    job,
    windows,
    expectedRows: expectedRows(days, settleHours).of,
    seenRows: ({ fromMs }) => seenRows.get(fromMs) ?? 0,
  });
  await sender.sendAll(queueOfLane(job.lane), jobs.map(toMessage));
  return jobs.length;
}
