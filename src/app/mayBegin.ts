import type { SharedBudget } from '../graph/budget/sharedBudget.ts';
import { recordFailure, type RecordFailureDeps } from '../landing/recordFailure.ts';
import { isUnderWay, readSince } from '../landing/readSince.ts';
import { toMessage, type WindowJob } from '../queues/messages.ts';
import { queueOfLane } from '../queues/names.ts';
import type { MessageSender } from '../queues/sender.ts';
import { expectedRequests } from '../windows/expectedRequests.ts';
import { windowsOfJob } from '../windows/packJobs.ts';

export interface MayBeginDeps extends RecordFailureDeps {
  budget: Pick<SharedBudget, 'start'>;
  sender: MessageSender;
  /** The message was delivered before. */
  isRepeated: boolean;
}

/**
 * Whether a job may begin its page sequence. False if it has been sent again instead, for a later time: enough others
 * are under way, and that is no try of this one.
 * @throws what stood in the way of finding out, after the ledger has been told
 */
export async function mayBegin(job: WindowJob, deps: MayBeginDeps): Promise<boolean> {
  const { from, to, lane } = job;
  const windows = windowsOfJob(job);
  try {
    // What an earlier delivery has begun and not ended has had its turn.
    if (deps.isRepeated && (await isUnderWay(windows, deps.ledger))) return true;
    // What has been read since needs no request, and so no turn.
    if ((await readSince(Date.parse(job.planned), windows, deps.ledger)).size === windows.length) return true;
    const turn = await deps.budget.start(lane, expectedRequests(job.expectedRows));
    if (turn === 'begin') return true;
    const { retryAfterMs: delayMs, why } = turn;
    deps.log.info('windowJobWaits', { from, to, lane, delayMs, why });
    await deps.sender.send(queueOfLane(lane), toMessage(job), { delayMs });
    return false;
  } catch (error) {
    await recordFailure(windows, job, error, deps);
    throw error;
  }
}
