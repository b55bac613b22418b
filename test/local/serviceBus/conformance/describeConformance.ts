import { afterAll, beforeAll, describe } from 'vitest';
import type {
  ServiceBusClient,
  ServiceBusReceivedMessage,
  ServiceBusReceiver,
  ServiceBusSender,
} from '@azure/service-bus';
import { describeDelivery } from './delivery.ts';
import { describeSettlement } from './settlement.ts';
import { connect, type Target } from '../target.ts';

/** What the tests of the suite work with. */
export interface Bench {
  target(): Target;
  client(): ServiceBusClient;
  /** An empty queue, with a sender and a receiver. */
  start(): { queue: string; sender: ServiceBusSender; receiver: ServiceBusReceiver };
  /** What lies in a queue. By a client of its own, for a client goes on where it peeked last. */
  left(queue: string, subQueueType?: 'deadLetter'): Promise<ServiceBusReceivedMessage[]>;
}

/**
 * What the pipeline relies on of Service Bus, asked of an endpoint by the real client. Every test leaves its
 * queue empty, so that an endpoint with a single queue can be asked as well.
 */
export function describeConformance(name: string, open: () => Promise<Target>): void {
  describe(`${name}, asked by @azure/service-bus`, () => {
    let target: Target;
    let client: ServiceBusClient;
    beforeAll(async () => {
      target = await open();
      client = connect(target.connectionString);
    });
    afterAll(() => client.close());

    const bench: Bench = {
      target: () => target,
      client: () => client,
      start: () => {
        const queue = target.freshQueue();
        return { queue, sender: client.createSender(queue), receiver: client.createReceiver(queue) };
      },
      left: async (queue, subQueueType) => {
        const fresh = connect(target.connectionString);
        const options = subQueueType === undefined ? {} : { subQueueType };
        const messages = await fresh.createReceiver(queue, options).peekMessages(10);
        await fresh.close();
        return messages;
      },
    };
    describeDelivery(bench);
    describeSettlement(bench);
  });
}
