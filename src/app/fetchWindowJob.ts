import type { Config } from '../config/config.ts';
import { GraphError } from '../graph/errors.ts';
import { landWindowJob } from '../landing/landJob.ts';
import { parseWindowJob, toMessage, type WindowJob } from '../queues/messages.ts';
import { MAX_DELIVERY_COUNT, queueOfLane } from '../queues/names.ts';
import type { Log } from '../runtime/log.ts';
import type { Services } from './services.ts';

/** Shorter than `functionTimeout`, which would end the whole worker with everything else that runs in it. */
const DEADLINE_MS = 25 * 60_000;

/** A job that always has to wait is no job that is served: it fails then, and the planner takes it up later. */
const MAX_POSTPONED = 20;
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
const failedForGood = new Map<string, GraphError>();

/**
 * Reads the windows of one job, for both lanes. Resolves when the message may be completed.
 * @param ending aborted when the process is about to end: the job stops before its next page.
 * @throws BadMessageError for a body that is no job, and whatever stopped the job: the message comes again.
 */
export async function fetchWindowJob(
  body: unknown,
  delivery: Delivery,
  services: Pick<Services, 'raw' | 'ledger' | 'sender' | 'clock' | 'newId' | 'graph'> & {
    config: Pick<Config, 'SHRINK_CONFIRM_MINUTES' | 'SOURCE_DAYS'>;
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
  try {
    await landWindowJob(job, {
      ...services,
      source: await graph(log),
      log,
      shrinkConfirmMinutes: config.SHRINK_CONFIRM_MINUTES,
      sourceDays: config.SOURCE_DAYS,
      signal: AbortSignal.any([AbortSignal.timeout(DEADLINE_MS), ending]),
      isFinal: (error) => delivery.count >= MAX_DELIVERY_COUNT || isForGood(error),
    });
  } catch (error) {
    if (isForGood(error)) rememberFailure(delivery.messageId, error);
    const delayMs = waitAskedFor(error, job);
    if (delayMs === undefined) throw error;
    // A message given back comes again at once, and ten times at most: one that must wait is sent anew.
    const tries = (job.tries ?? 0) + 1;
    log.info('windowJobPostponed', { from: job.from, to: job.to, lane: job.lane, delayMs, tries });
    await sender.send(queueOfLane(job.lane), toMessage({ ...job, tries }), { delayMs });
  }
}

const isForGood = (error: unknown): error is GraphError => error instanceof GraphError && !error.transient;

function rememberFailure(messageId: string, error: GraphError): void {
  const [oldest] = failedForGood.keys();
  if (failedForGood.size >= REMEMBERED && oldest !== undefined) failedForGood.delete(oldest);
  if (messageId !== '') failedForGood.set(messageId, error);
}

/** Milliseconds after which Graph, or our own pace, lets the job try again. */
const waitAskedFor = (error: unknown, job: WindowJob): number | undefined =>
  error instanceof GraphError && error.transient && (job.tries ?? 0) < MAX_POSTPONED
    ? error.retryAfterMs
    : undefined;
