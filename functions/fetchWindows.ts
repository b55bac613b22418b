import { app } from '@azure/functions';
import { ending, onMessage, services } from '../src/app/functionApp.ts';
import { QUEUE_CONNECTION, QUEUES } from '../src/queues/names.ts';

app.serviceBusQueue('fetchWindows', {
  connection: QUEUE_CONNECTION,
  queueName: QUEUES.windows,
  handler: onMessage(QUEUES.windows, async (body, { delivery, log }) => {
    const { fetchWindowJob } = await import('../src/app/fetchWindowJob.ts');
    await fetchWindowJob(body, delivery, await services(), log, ending);
  }),
});
