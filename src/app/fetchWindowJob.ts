import type { Config } from '../config/config.ts';
import { landWindowJob } from '../landing/landJob.ts';
import { parseWindowJob, toMessage } from '../queues/messages.ts';
import { MAX_DELIVERY_COUNT, queueOfLane } from '../queues/names.ts';
import type { Log } from '../runtime/log.ts';
import { mayBegin } from './mayBegin.ts';
import { decideStopped } from './postpone.ts';
import type { Services } from './services.ts';

/** Shorter than `functionTimeout`, which would end the whole worker with everything else that runs in it. */
const DEADLINE_MS = 25 * 60_000;
/** With slow pages, a job of several windows is read in parts rather than until it has to end. */
const OVERTIME_MS = 15 * 60_000;

/** Messages whose fault nothing mends; more are never in flight at once. */
const REMEMBERED = 1_000;

export interface Delivery {
  /** 1 for the first. */
  count: number;
  messageId: string;
}

/**
 * Why jobs failed for good in this process, by message. The queue gives a message back ten times whatever the
 * fault: one that needs a person is not worth ten requests.
 */
const failedForGood = new Map<string, Error>();

/**
 * Reads the windows of one job, for both lanes, or sends it again for a time at which the request budget has room
 * for it. Resolves when the message may be completed.
 * @param ending aborted when the process is about to end: the job stops before its next page.
 * @throws BadMessageError for a body that is no job, and whatever stopped the job: the message comes again.
 */
export async function fetchWindowJob(
  body: unknown,
  delivery: Delivery,
  services: Pick<Services, 'raw' | 'ledger' | 'sender' | 'clock' | 'newId' | 'budget' | 'graph'> & {
    config: Pick<Config, 'SHRINK_CONFIRM_MINUTES' | 'SOURCE_DAYS' | 'SETTLE_HOURS'>;
  },
  log: Log,
  ending: AbortSignal,
): Promise<void> {
  const job = parseWindowJob(body);
  // Delivered for the first time, it is a message that somebody has sent again since: its fault may be mended.
  if (delivery.count <= 1) failedForGood.delete(delivery.messageId);
  const known = failedForGood.get(delivery.messageId);
  if (known !== undefined) throw known;
  const { config, graph, sender } = services;
  const settleHours = config.SETTLE_HOURS;
  const isRepeated = delivery.count > 1;
  const decide = (error: unknown) => decideStopped(error, job.tries ?? 0);
  const isFinal = (error: unknown): boolean => {
    const { kind } = decide(error);
    return kind === 'fail' || (kind === 'giveBack' && delivery.count >= MAX_DELIVERY_COUNT);
  };
  try {
    const turn = { ...services, log, isFinal, settleHours, isRepeated };
    if (!ending.aborted && !(await mayBegin(job, turn))) return;
    await landWindowJob(job, {
      ...services,
      source: await graph(log),
      log,
      shrinkConfirmMinutes: config.SHRINK_CONFIRM_MINUTES,
      sourceDays: config.SOURCE_DAYS,
      settleHours,
      signal: AbortSignal.any([AbortSignal.timeout(DEADLINE_MS), ending]),
      overtime: AbortSignal.timeout(OVERTIME_MS),
      isFinal,
      isRepeated,
    });
  } catch (error) {
    const stopped = decide(error);
    if (stopped.kind === 'fail' && error instanceof Error) rememberFailure(delivery.messageId, error);
    if (stopped.kind !== 'postpone') throw error;
    // A message given back comes again at once, and ten times at most: one that must wait is sent anew.
    const { delayMs, tries } = stopped;
    log.info('windowJobPostponed', { from: job.from, to: job.to, lane: job.lane, delayMs, tries });
    await sender.send(queueOfLane(job.lane), toMessage({ ...job, tries }), { delayMs });
  }
}

function rememberFailure(messageId: string, error: Error): void {
  const [oldest] = failedForGood.keys();
  if (failedForGood.size >= REMEMBERED && oldest !== undefined) failedForGood.delete(oldest);
  if (messageId !== '') failedForGood.set(messageId, error);
}
