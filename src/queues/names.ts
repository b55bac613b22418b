/** Every queue of the pipeline, by what its messages ask for. */
export const QUEUES = {
  windows: 'pstn-windows',
  backfillWindows: 'pstn-windows-backfill',
  days: 'pstn-days',
  parquet: 'pstn-parquet',
  alerts: 'pstn-alerts',
} as const;

export type QueueName = (typeof QUEUES)[keyof typeof QUEUES];

export const QUEUE_NAMES: readonly QueueName[] = Object.values(QUEUES);

/** The name of the setting (or prefix of settings) that says how to reach Service Bus. */
export const QUEUE_CONNECTION = 'ServiceBusConnection';

/** Deliveries before a message is dead-lettered; the queues in `infra/` are made with the same number. */
export const MAX_DELIVERY_COUNT = 10;

/** Live work is never starved by a backfill: each has a queue and a share of the budget of its own. */
export type Lane = 'live' | 'backfill';

export const queueOfLane = (lane: Lane): QueueName =>
  lane === 'live' ? QUEUES.windows : QUEUES.backfillWindows;
