import { GraphError } from '../graph/errors.ts';
import { landWindowJob } from '../landing/landJob.ts';
import { parseWindowJob, toMessage } from '../queues/messages.ts';
import { MAX_DELIVERY_COUNT, queueOfLane } from '../queues/names.ts';
import type { Log } from '../runtime/log.ts';
import type { Services } from './services.ts';

/** Shorter than `functionTimeout`, which would end the whole worker with everything else that runs in it. */
const DEADLINE_MS = 25 * 60_000;

export interface Delivery {
  /** 1 for the first. */
  count: number;
}

/**
 * Reads the windows of one job, for both lanes. Resolves when the message may be completed.
 * @throws BadMessageError for a body that is no job, and whatever stopped the job: the message comes again.
 */
export async function fetchWindowJob(
  body: unknown,
  delivery: Delivery,
  services: Pick<Services, 'raw' | 'ledger' | 'sender' | 'clock' | 'newId' | 'graph'>,
  log: Log,
): Promise<void> {
  const job = parseWindowJob(body);
  const { graph, sender } = services;
  try {
    await landWindowJob(job, {
      ...services,
      source: await graph(log),
      log,
      signal: AbortSignal.timeout(DEADLINE_MS),
      lastDelivery: delivery.count >= MAX_DELIVERY_COUNT,
    });
  } catch (error) {
    const delayMs = waitAskedFor(error);
    if (delayMs === undefined) throw error;
    // A message given back comes again at once, and ten times at most: one that must wait is sent anew.
    log.info('windowJobPostponed', { from: job.from, to: job.to, lane: job.lane, delayMs });
    await sender.send(queueOfLane(job.lane), toMessage(job), { delayMs });
  }
}

/** Milliseconds after which Graph, or our own pace, lets the job try again. */
const waitAskedFor = (error: unknown): number | undefined =>
  error instanceof GraphError && error.transient ? error.retryAfterMs : undefined;
