import { app } from '@azure/functions';
import { fetchHandler } from '../src/app/fetchHandler.ts';
import { QUEUE_CONNECTION, QUEUES } from '../src/queues/names.ts';

app.serviceBusQueue('fetchWindows', {
  connection: QUEUE_CONNECTION,
  queueName: QUEUES.windows,
  handler: fetchHandler,
});
