import { app } from '@azure/functions';
import { logOf, services } from '../src/app/functionApp.ts';
import { parseDayChanged } from '../src/queues/messages.ts';
import { QUEUE_CONNECTION, QUEUES } from '../src/queues/names.ts';
import { aggregateDay } from '../src/totals/aggregateDay.ts';

app.serviceBusQueue('aggregateDay', {
  connection: QUEUE_CONNECTION,
  queueName: QUEUES.days,
  handler: async (body, context) => {
    await aggregateDay(parseDayChanged(body), await services(), logOf(context));
  },
});
