import { app } from '@azure/functions';
import { fetchWindowJob } from '../src/app/fetchWindowJob.ts';
import { deliveryOf, logOf, services } from '../src/app/functionApp.ts';
import { QUEUE_CONNECTION, QUEUES } from '../src/queues/names.ts';

app.serviceBusQueue('fetchBackfillWindows', {
  connection: QUEUE_CONNECTION,
  queueName: QUEUES.backfillWindows,
  handler: async (body, context) =>
    fetchWindowJob(body, deliveryOf(context), await services(), logOf(context)),
});
