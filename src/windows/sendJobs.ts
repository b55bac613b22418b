import { toMessage, type WindowJob } from '../queues/messages.ts';
import { type Lane, queueOfLane } from '../queues/names.ts';
import type { MessageSender } from '../queues/sender.ts';
import type { Window } from './grid.ts';
import type { Ledger } from './ledger.ts';
import { windowsOfJob } from './packJobs.ts';

export interface SendJobsServices {
  ledger: Pick<Ledger, 'markPlanned'>;
  sender: MessageSender;
}

/**
 * Sends jobs of one lane and notes their windows in the ledger, those that a job leaves to its worker included, in
 * this order: sent and not noted is sent again and dropped on delivery; noted and not sent would keep the windows
 * waiting.
 */
export async function sendJobs(
  { ledger, sender }: SendJobsServices,
  lane: Lane,
  jobs: readonly WindowJob[],
  plannedAtMs: number,
): Promise<void> {
  if (jobs.length === 0) return;
  await sender.sendAll(queueOfLane(lane), jobs.map(toMessage));
  await ledger.markPlanned(jobs.flatMap(windowsAskedFor), lane, plannedAtMs);
}

const windowsAskedFor = (job: WindowJob): Window[] => [
  ...windowsOfJob(job),
  ...(job.then === undefined ? [] : windowsOfJob(job.then)),
];
