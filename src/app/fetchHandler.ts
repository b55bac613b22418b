import type { InvocationContext } from '@azure/functions';
import { GraphError } from '../graph/errors.ts';
import { landWindowJob } from '../landing/landJob.ts';
import { parseWindowJob, toMessage } from '../queues/messages.ts';
import { MAX_DELIVERY_COUNT, queueOfLane } from '../queues/names.ts';
import { logOf, services } from './functionApp.ts';

/** Shorter than `functionTimeout`, which would end the whole worker with everything else that runs in it. */
const DEADLINE_MS = 25 * 60_000;

/** Reads the windows of one job, for both lanes. */
export async function fetchHandler(body: unknown, context: InvocationContext): Promise<void> {
  const job = parseWindowJob(body);
  const { raw, ledger, sender, clock, newId, graph } = await services();
  const log = logOf(context);
  try {
    await landWindowJob(job, {
      source: graph(log),
      raw,
      ledger,
      sender,
      clock,
      newId,
      log,
      signal: AbortSignal.timeout(DEADLINE_MS),
      lastDelivery: Number(context.triggerMetadata?.['deliveryCount'] ?? 1) >= MAX_DELIVERY_COUNT,
    });
  } catch (error) {
    const delayMs = waitAskedFor(error);
    if (delayMs === undefined) throw error;
    // A message given back comes again at once, and ten times at most: one that must wait is sent anew.
    await sender.send(queueOfLane(job.lane), toMessage(job), { delayMs });
  }
}

/** Milliseconds after which Graph, or our own pace, lets the job try again. */
const waitAskedFor = (error: unknown): number | undefined =>
  error instanceof GraphError && error.transient ? error.retryAfterMs : undefined;
