import { app } from '@azure/functions';
import { logOf, services } from '../src/app/functionApp.ts';
import { parseDayChanged } from '../src/queues/messages.ts';
import { QUEUE_CONNECTION, QUEUES } from '../src/queues/names.ts';
import { aggregateDay } from '../src/totals/aggregateDay.ts';

/** A fold shows life four times as often. */
const DEAD_AFTER_MS = 20_000;

app.serviceBusQueue('aggregateDay', {
  connection: QUEUE_CONNECTION,
  queueName: QUEUES.days,
  handler: async (body, context) => {
    const message = parseDayChanged(body);
    const { config, ...deps } = await services();
    await aggregateDay(message, {
      ...deps,
      log: logOf(context),
      delayMs: DEAD_AFTER_MS,
      sourceDays: config.SOURCE_DAYS,
    });
  },
});
