import type { Message } from './messages.ts';
import type { QueueName } from './names.ts';

/** Sends messages. Resolves when Service Bus has them. */
export interface MessageSender {
  /**
   * @param delayMs real time after which the message may be delivered; 0 is at once. A duration, not an
   *   instant, because Service Bus goes by its own clock.
   */
  send(queue: QueueName, message: Message, options?: { delayMs?: number }): Promise<void>;
  sendAll(queue: QueueName, messages: readonly Message[], options?: { delayMs?: number }): Promise<void>;
}
