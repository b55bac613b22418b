import type { ServiceBusClient, ServiceBusMessage, ServiceBusSender } from '@azure/service-bus';
import type { Message } from './messages.ts';
import type { QueueName } from './names.ts';
import { onQueue } from './queueError.ts';
import type { MessageSender } from './sender.ts';

/**
 * Sends to Service Bus directly: the Functions output binding sends bodies only, and can neither delay a
 * message nor say whether it arrived.
 */
export function azureSender(client: ServiceBusClient): MessageSender {
  const senders = new Map<QueueName, ServiceBusSender>();
  const senderOf = (queue: QueueName): ServiceBusSender => {
    const sender = senders.get(queue) ?? client.createSender(queue);
    senders.set(queue, sender);
    return sender;
  };
  const call = <T>(queue: QueueName, run: () => Promise<T>): Promise<T> =>
    onQueue(queue, client.fullyQualifiedNamespace, run);
  const sendAll: MessageSender['sendAll'] = async (queue, messages, options) => {
    const sender = senderOf(queue);
    let batch = await sender.createMessageBatch();
    for (const message of messages) {
      const bus = toBusMessage(message, options?.delayMs ?? 0);
      if (batch.tryAddMessage(bus)) continue;
      await sender.sendMessages(batch);
      batch = await sender.createMessageBatch();
      if (!batch.tryAddMessage(bus))
        throw new RangeError(`a message to ${queue} is larger than a batch may be`);
    }
    if (batch.count > 0) await sender.sendMessages(batch);
  };
  return {
    send: (queue, message, options) =>
      call(queue, () => senderOf(queue).sendMessages(toBusMessage(message, options?.delayMs ?? 0))),
    sendAll: (queue, messages, options) => call(queue, () => sendAll(queue, messages, options)),
  };
}

function toBusMessage(message: Message, delayMs: number): ServiceBusMessage {
  const bus: ServiceBusMessage = { body: message, contentType: 'application/json' };
  // Service Bus goes by real time, whatever clock the pipeline decides by.
  if (delayMs > 0) bus.scheduledEnqueueTimeUtc = new Date(Date.now() + delayMs);
  return bus;
}
