import {
  ServiceBusClient,
  type ServiceBusReceivedMessage,
  type ServiceBusReceiver,
  type ServiceBusReceiverOptions,
} from '@azure/service-bus';

/** An endpoint that speaks Service Bus, as the conformance suite needs it. */
export interface Target {
  connectionString: string;
  /** The name of a queue that is empty. */
  freshQueue(): string;
  /** Failed deliveries after which its queues move a message to the dead letters. */
  maxDeliveryCount: number;
}

/** Gives up soon: against a working endpoint nothing has to be tried again. */
export const connect = (connectionString: string): ServiceBusClient =>
  new ServiceBusClient(connectionString, {
    retryOptions: { maxRetries: 3, retryDelayInMs: 50, timeoutInMs: 5000 },
  });

/** Receives until there are `count` messages, however they are portioned out. */
export async function receive(
  receiver: ServiceBusReceiver,
  count: number,
): Promise<ServiceBusReceivedMessage[]> {
  const received: ServiceBusReceivedMessage[] = [];
  while (received.length < count) {
    const some = await receiver.receiveMessages(count - received.length, { maxWaitTimeInMs: 5000 });
    if (some.length === 0) throw new Error(`only ${received.length} of ${count} messages came within 5 s`);
    received.push(...some);
  }
  return received;
}

export async function receiveOne(receiver: ServiceBusReceiver): Promise<ServiceBusReceivedMessage> {
  const [message] = await receive(receiver, 1);
  if (message === undefined) throw new Error('no message came');
  return message;
}

/** True when nothing comes within a moment. */
export const isSilent = async (receiver: ServiceBusReceiver): Promise<boolean> =>
  (await receiver.receiveMessages(1, { maxWaitTimeInMs: 50 })).length === 0;

/** Asks again until the answer is yes. @throws after 10 s. */
export async function until(what: string, condition: () => Promise<boolean> | boolean): Promise<void> {
  const deadline = Date.now() + 10_000;
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error(`after 10 s still not: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

export const deadLettersOf = (
  client: ServiceBusClient,
  queue: string,
  options: ServiceBusReceiverOptions = {},
): ServiceBusReceiver => client.createReceiver(queue, { ...options, subQueueType: 'deadLetter' });

export const bodies = (messages: readonly ServiceBusReceivedMessage[]): unknown[] =>
  messages.map(({ body }): unknown => body);
