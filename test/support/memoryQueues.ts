import type { Message } from '../../src/queues/messages.ts';
import type { QueueName } from '../../src/queues/names.ts';
import type { MessageSender } from '../../src/queues/sender.ts';

export interface SentMessage {
  queue: QueueName;
  message: Message;
  delayMs: number;
}

export interface MemorySender extends MessageSender {
  /** In the order in which they were sent. */
  readonly sent: SentMessage[];
}

export function memorySender(): MemorySender {
  const sent: SentMessage[] = [];
  const push = (queue: QueueName, message: Message, delayMs: number): void => {
    sent.push({ queue, message: structuredClone(message), delayMs });
  };
  return {
    sent,
    send: async (queue, message, options) => {
      await Promise.resolve();
      push(queue, message, options?.delayMs ?? 0);
    },
    sendAll: async (queue, messages, options) => {
      await Promise.resolve();
      for (const message of messages) push(queue, message, options?.delayMs ?? 0);
    },
  };
}
