import { fetchWindowJob } from '../../src/app/fetchWindowJob.ts';
import { planTick } from '../../src/app/planTick.ts';
import { keepReason } from '../../src/app/refused.ts';
import { BadMessageError, parseDayChanged } from '../../src/queues/messages.ts';
import { type QueueName, QUEUES } from '../../src/queues/names.ts';
import { aggregate } from '../../src/totals/aggregate.ts';
import type { Delivery } from '../support/memoryBroker.ts';
import type { Process } from './process.ts';
import { queueSilent } from './stores.ts';
import type { World } from './world.ts';

/** The queues that are served, by what their handlers are called. */
export const JOBS = {
  [QUEUES.windows]: 'fetch',
  [QUEUES.backfillWindows]: 'fetchBackfill',
  [QUEUES.days]: 'aggregate',
} as const satisfies Partial<Record<QueueName, string>>;

export type ServedQueue = keyof typeof JOBS;
export const SERVED = Object.keys(JOBS) as ServedQueue[];

/** Of the function that folds days, as the app gives it. */
export const DEAD_AFTER_MS = 20_000;

/** Serves one message as the app's function and its trigger do. Resolves when the process is through with it. */
export async function serve(
  world: World,
  process: Process,
  queue: ServedQueue,
  delivery: Delivery,
  onError: (job: string, error: unknown) => void,
): Promise<void> {
  const job = JOBS[queue];
  const { services, of } = world.servicesOf(process, job);
  const { config, log } = services;
  const { body } = delivery;
  const settle = (what: 'complete' | 'abandon'): Promise<void> =>
    world.gate.pass(
      of,
      `queue.${what}`,
      `${queue} ${delivery.messageId}`,
      async () => {
        await Promise.resolve();
        delivery[what]();
      },
      queueSilent,
    );
  try {
    try {
      if (queue === QUEUES.days) {
        await aggregate(parseDayChanged(body), {
          ...services,
          delayMs: DEAD_AFTER_MS,
          sourceDays: config.SOURCE_DAYS,
          settleHours: config.SETTLE_HOURS,
          billingDay: config.BILLING_DAY,
          monotonicMs: () => world.time.nowMs,
        });
      } else {
        const received = { count: delivery.deliveryCount + 1, messageId: delivery.messageId };
        await fetchWindowJob(body, received, services, log, process.ending.signal);
      }
    } catch (error) {
      onError(job, error);
      if (error instanceof BadMessageError) {
        const metadata = { messageId: delivery.messageId, sequenceNumber: delivery.sequenceNumber };
        await keepReason(error, { queue, body, metadata }, () => Promise.resolve(services), log);
      }
      await settle('abandon');
      return;
    }
    await settle('complete');
  } catch {
    // The trigger could not say how it went: the lock runs out, and the message comes again.
  }
}

/** One tick of the timer. */
export async function tick(
  world: World,
  process: Process,
  onError: (job: string, error: unknown) => void,
): Promise<void> {
  const { services } = world.servicesOf(process, 'tick');
  try {
    await planTick(services, services.log);
  } catch (error) {
    onError('tick', error);
  }
}
