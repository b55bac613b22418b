import type { ServiceBusClient, ServiceBusReceivedMessage, ServiceBusReceiver } from '@azure/service-bus';
import Long from 'long';
import type { QueueName } from './names.ts';
import { onQueue } from './queueError.ts';

/** Figures of one queue, found by peeking: AMQP has no counts, and nobody need have the right to manage. */
export interface QueueFigures {
  queue: QueueName;
  active: number;
  scheduled: number;
  deadLetters: number;
  /** True if there are more than were looked at: each figure is then "or more". */
  orMore: boolean;
}

/** A message that was given up. */
export interface DeadLetter {
  queue: QueueName;
  /** As the sender chose it; empty if it chose none. */
  messageId: string;
  /** Service Bus gives it, and a message keeps it when it is dead-lettered. */
  sequenceNumber: string;
  /** ISO instant; when it was first sent. */
  enqueuedAt: string | undefined;
  /** Why it lies here, such as MaxDeliveryCountExceeded. */
  reason: string | undefined;
  description: string | undefined;
  deliveryCount: number;
  body: unknown;
}

/** Looks into queues without taking anything from them. Rejects with a QueueError where that says what is wrong. */
export interface QueuePeeker {
  figures(queue: QueueName): Promise<QueueFigures>;
  deadLetters(queue: QueueName): Promise<DeadLetter[]>;
}

/** Messages that are looked at, at most, in a queue and in its dead letters. */
export const PEEK_LIMIT = 1000;
const PEEK_BATCH = 250;
/** The SDK declares the class as it is for CommonJS, and this is an ES module: the class is the same. */
const zero: unknown = Long.ZERO;
const FIRST = zero as NonNullable<ServiceBusReceivedMessage['sequenceNumber']>;

export function azurePeeker(client: ServiceBusClient): QueuePeeker {
  const peek = (queue: QueueName, subQueueType?: 'deadLetter'): Promise<ServiceBusReceivedMessage[]> =>
    onQueue(queue, client.fullyQualifiedNamespace, () =>
      peekAll(client.createReceiver(queue, subQueueType === undefined ? {} : { subQueueType }), PEEK_LIMIT),
    );
  return {
    async figures(queue) {
      const [messages, dead] = await Promise.all([peek(queue), peek(queue, 'deadLetter')]);
      return {
        queue,
        active: messages.filter((message) => message.state !== 'scheduled').length,
        scheduled: messages.filter((message) => message.state === 'scheduled').length,
        deadLetters: dead.length,
        orMore: messages.length >= PEEK_LIMIT || dead.length >= PEEK_LIMIT,
      };
    },
    async deadLetters(queue) {
      return (await peek(queue, 'deadLetter')).map((message) => toDeadLetter(queue, message));
    },
  };
}

/** Looks at messages from the oldest on, at most so many; closes the receiver. */
export async function peekAll(
  receiver: ServiceBusReceiver,
  limit: number,
): Promise<ServiceBusReceivedMessage[]> {
  const found: ServiceBusReceivedMessage[] = [];
  try {
    for (;;) {
      // Named each time: without, the client goes on where its last look ended, whichever receiver looked.
      const fromSequenceNumber = found.at(-1)?.sequenceNumber?.add(1) ?? FIRST;
      const count = Math.min(PEEK_BATCH, limit - found.length);
      const batch = await receiver.peekMessages(count, { fromSequenceNumber });
      found.push(...batch);
      if (batch.length === 0 || found.length >= limit) return found;
    }
  } finally {
    await receiver.close();
  }
}

const toDeadLetter = (queue: QueueName, message: ServiceBusReceivedMessage): DeadLetter => ({
  queue,
  messageId: String(message.messageId ?? ''),
  sequenceNumber: String(message.sequenceNumber ?? ''),
  enqueuedAt: message.enqueuedTimeUtc?.toISOString(),
  reason: message.deadLetterReason,
  description: message.deadLetterErrorDescription,
  deliveryCount: message.deliveryCount ?? 0,
  body: message.body as unknown,
});
