import { ServiceBusClient } from '@azure/service-bus';
import { COMMAND_PATIENCE } from '../../app/patience.ts';
import { QUEUE_NAMES } from '../../queues/names.ts';
import { onQueue } from '../../queues/queueError.ts';

/**
 * Looks whether every queue is there, in a Service Bus that somebody else runs.
 * @throws QueueError naming the first that is not.
 */
export async function checkQueues(connectionString: string): Promise<void> {
  const client = new ServiceBusClient(connectionString, { retryOptions: COMMAND_PATIENCE.serviceBus });
  try {
    for (const queue of QUEUE_NAMES) {
      await onQueue(queue, client.fullyQualifiedNamespace, async () => {
        const receiver = client.createReceiver(queue);
        await receiver.peekMessages(1);
        await receiver.close();
      });
    }
  } finally {
    await client.close();
  }
}
