import { ServiceBusClient, type ServiceBusMessage, type ServiceBusReceivedMessage } from '@azure/service-bus';
import Long from 'long';
import { QUEUES, type QueueName } from '../../../src/queues/names.ts';

/** The queues that functions read. */
export const READ_QUEUES: readonly QueueName[] = [QUEUES.windows, QUEUES.backfillWindows, QUEUES.days];

const PEEKED = 250;
/** The SDK declares the class as it is for CommonJS, and this is an ES module: the class is the same. */
const zero: unknown = Long.ZERO;
const FIRST = zero as NonNullable<ServiceBusReceivedMessage['sequenceNumber']>;

/** What a test does to the queues, by Microsoft's client. */
export interface Queues {
  /** What lies in a queue now, those that are being worked on and those that wait for their time included. */
  peek(queue: QueueName, from?: 'queue' | 'deadLetter'): Promise<ServiceBusReceivedMessage[]>;
  send(queue: QueueName, message: ServiceBusMessage): Promise<void>;
  /**
   * Brings forward what waits for its time, as if that had passed: it is taken out and sent again at once.
   * @returns how many messages
   */
  hasten(): Promise<number>;
  close(): Promise<void>;
}

export function connectQueues(connectionString: string): Queues {
  const client = new ServiceBusClient(connectionString);
  const senders = new Map(READ_QUEUES.map((queue) => [queue, client.createSender(queue)]));
  const receivers = new Map(READ_QUEUES.map((queue) => [queue, client.createReceiver(queue)]));
  const of = <T>(links: ReadonlyMap<QueueName, T>, queue: QueueName): T => {
    const link = links.get(queue);
    if (link === undefined) throw new RangeError(`no function reads ${queue}`);
    return link;
  };

  const peek: Queues['peek'] = async (queue, from = 'queue') => {
    if (from === 'queue') return of(receivers, queue).peekMessages(PEEKED, { fromSequenceNumber: FIRST });
    const receiver = client.createReceiver(queue, { subQueueType: from });
    try {
      return await receiver.peekMessages(PEEKED, { fromSequenceNumber: FIRST });
    } finally {
      await receiver.close();
    }
  };
  const send: Queues['send'] = (queue, message) => of(senders, queue).sendMessages(message);
  const bringForward = async (queue: QueueName, message: ServiceBusReceivedMessage): Promise<boolean> => {
    if (message.state !== 'scheduled' || message.sequenceNumber === undefined) return false;
    try {
      await of(senders, queue).cancelScheduledMessages(message.sequenceNumber);
    } catch (error) {
      // Its time came between the look and the call.
      if (error instanceof Error && 'code' in error && error.code === 'MessageNotFound') return false;
      throw error;
    }
    await send(queue, copyOf(message));
    return true;
  };
  return {
    peek,
    send,
    async hasten() {
      let hastened = 0;
      for (const queue of READ_QUEUES) {
        for (const message of await peek(queue)) if (await bringForward(queue, message)) hastened += 1;
      }
      return hastened;
    },
    close: () => client.close(),
  };
}

/** The same message, sent anew. */
export const copyOf = (message: ServiceBusReceivedMessage): ServiceBusMessage => ({
  // What was parsed by the client is written again as it was.
  body: message.body as unknown,
  ...(message.messageId === undefined ? {} : { messageId: message.messageId }),
  ...(message.contentType === undefined ? {} : { contentType: message.contentType }),
});
