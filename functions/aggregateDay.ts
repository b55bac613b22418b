import { app } from '@azure/functions';
import { onMessage, services } from '../src/app/functionApp.ts';
import { parseDayChanged } from '../src/queues/messages.ts';
import { QUEUE_CONNECTION, QUEUES } from '../src/queues/names.ts';
import { atMost } from '../src/runtime/atMost.ts';

/** A fold shows life four times as often. */
const DEAD_AFTER_MS = 20_000;
/** The host gives as many messages at once as there are page sequences, which mostly wait; a fold computes. */
const inTurn = atMost(4);

app.serviceBusQueue('aggregateDay', {
  connection: QUEUE_CONNECTION,
  queueName: QUEUES.days,
  handler: onMessage(QUEUES.days, async (body, { log }) => {
    const message = parseDayChanged(body);
    const { aggregate } = await import('../src/totals/aggregate.ts');
    const { config, ...deps } = await services();
    await inTurn(() =>
      aggregate(message, {
        ...deps,
        log,
        delayMs: DEAD_AFTER_MS,
        sourceDays: config.SOURCE_DAYS,
        settleHours: config.SETTLE_HOURS,
        billingDay: config.BILLING_DAY,
      }),
    );
  }),
});
