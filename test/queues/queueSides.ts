import type { ServiceBusReceivedMessage, ServiceBusReceiver } from '@azure/service-bus';
import Long from 'long';
import { vi } from 'vitest';
import { startServiceBusEndpoint } from '../../src/local/serviceBus/endpoint.ts';
import { azureSender } from '../../src/queues/azureSender.ts';
import { QUEUE_NAMES, type QueueName } from '../../src/queues/names.ts';
import { azurePeeker } from '../../src/queues/peek.ts';
import type { MessageSender } from '../../src/queues/sender.ts';
import { connect } from '../local/serviceBus/target.ts';
import { type Delivery, memoryBroker, type MemoryBroker } from '../support/memoryBroker.ts';

export interface SideOptions {
  lockMs: number;
  maxDeliveryCount: number;
  /** Of every message that is sent; none: for ever. */
  timeToLiveMs?: number;
}

/** A message that is held, as a function sees it. What is done to it rejects with code MessageLockLost once it is lost. */
export interface Held {
  body: unknown;
  messageId: string;
  deliveryCount: number;
  sequenceNumber: string;
  /** As the last renewal left it. */
  lockedUntilMs: () => number;
  renew: () => Promise<void>;
  complete: () => Promise<void>;
  abandon: () => Promise<void>;
  deadLetter: (reason: string, description?: string) => Promise<void>;
}

export interface Seen {
  body: unknown;
  messageId: string;
  sequenceNumber: string;
  deliveryCount: number;
  enqueuedAtMs: number;
  state: string;
}

export interface SeenDead extends Omit<Seen, 'state'> {
  reason: string | undefined;
  description: string | undefined;
}

/** The queues of the pipeline, all empty at first, and a clock that stands still unless it is moved. */
export interface QueueSide {
  sender: MessageSender;
  /** The next message that is ready; undefined if none is. */
  receive: (queue: QueueName) => Promise<Held | undefined>;
  counts: (queue: QueueName) => ReturnType<MemoryBroker['counts']>;
  /** What lies in a queue, locked or not. */
  messages: (queue: QueueName) => Promise<Seen[]>;
  deadLetters: (queue: QueueName) => Promise<SeenDead[]>;
  nowMs: () => number;
  pass: (ms: number) => void;
  close: () => Promise<void>;
}

export type OpenSide = (options: SideOptions) => Promise<QueueSide>;

const START_MS = Date.parse('2026-11-24T06:00:00Z');

export function openMemorySide(options: SideOptions): Promise<QueueSide> {
  let now = START_MS;
  const broker = memoryBroker({ ...options, nowMs: () => now });
  const held = (delivery: Delivery): Held => ({
    ...delivery,
    lockedUntilMs: () => delivery.lockedUntilMs,
    renew: () => promised(() => delivery.renew()),
    complete: () => promised(() => delivery.complete()),
    abandon: () => promised(() => delivery.abandon()),
    deadLetter: (reason, description) => promised(() => delivery.deadLetter(reason, description)),
  });
  return Promise.resolve({
    sender: broker.sender(),
    receive: (queue) => {
      const delivery = broker.receive(queue);
      return Promise.resolve(delivery && held(delivery));
    },
    counts: (queue) => broker.counts(queue),
    messages: (queue) =>
      Promise.resolve(
        broker.messages(queue).map((message) => ({ ...seenOf(message), state: message.state })),
      ),
    deadLetters: (queue) =>
      Promise.resolve(
        broker.deadLetters(queue).map((message) => ({
          ...seenOf(message),
          reason: message.reason,
          description: message.description,
        })),
      ),
    nowMs: () => now,
    pass: (ms) => {
      now += ms;
    },
    close: () => Promise.resolve(),
  });
}

/**
 * The AMQP endpoint, asked by Microsoft's client through the sender and the peeker of the pipeline. The clock is
 * `Date` itself, in place of which a fake stands until the side is closed: the client and the endpoint share it.
 */
export async function openEndpointSide(options: SideOptions): Promise<QueueSide> {
  vi.useFakeTimers({ toFake: ['Date'], now: START_MS });
  const endpoint = await startServiceBusEndpoint({
    queues: QUEUE_NAMES,
    maxDeliveryCount: options.maxDeliveryCount,
    lockDurationMs: options.lockMs,
  });
  const client = connect(endpoint.connectionString);
  const receivers = new Map<QueueName, ServiceBusReceiver>();
  const receiverOf = (queue: QueueName): ServiceBusReceiver => {
    // The client renews locks by itself unless it is told not to.
    const receiver =
      receivers.get(queue) ?? client.createReceiver(queue, { maxAutoLockRenewalDurationInMs: 0 });
    receivers.set(queue, receiver);
    return receiver;
  };
  return {
    sender:
      options.timeToLiveMs === undefined ? azureSender(client) : shortLived(client, options.timeToLiveMs),
    receive: async (queue) => {
      const receiver = receiverOf(queue);
      // Where something is ready it has to come; where nothing is, nothing may.
      const maxWaitTimeInMs = endpoint.counts(queue).active > 0 ? 5000 : 30;
      const [message] = await receiver.receiveMessages(1, { maxWaitTimeInMs });
      return message && heldMessage(receiver, message);
    },
    counts: (queue) => endpoint.counts(queue),
    messages: async (queue) => {
      const peeker = client.createReceiver(queue);
      const found = await peeker.peekMessages(250, { fromSequenceNumber: FIRST });
      await peeker.close();
      return found.map((message) => ({ ...seenOfClient(message), state: message.state }));
    },
    deadLetters: async (queue) =>
      (await azurePeeker(client).deadLetters(queue)).map((message) => ({
        ...seenOf({ ...message, enqueuedAtMs: Date.parse(message.enqueuedAt ?? '') }),
        reason: message.reason,
        description: message.description,
      })),
    nowMs: () => Date.now(),
    pass: (ms) => {
      vi.setSystemTime(Date.now() + ms);
    },
    close: async () => {
      vi.useRealTimers();
      await client.close();
      await endpoint.close();
    },
  };
}

const zero: unknown = Long.ZERO;
const FIRST = zero as NonNullable<ServiceBusReceivedMessage['sequenceNumber']>;

const seenOf = (message: Omit<Seen, 'state'>): Omit<Seen, 'state'> => ({
  body: message.body,
  messageId: message.messageId,
  sequenceNumber: message.sequenceNumber,
  deliveryCount: message.deliveryCount,
  enqueuedAtMs: message.enqueuedAtMs,
});

const seenOfClient = (message: ServiceBusReceivedMessage): Omit<Seen, 'state'> => ({
  body: message.body as unknown,
  messageId: String(message.messageId ?? ''),
  sequenceNumber: String(message.sequenceNumber ?? ''),
  deliveryCount: message.deliveryCount ?? 0,
  enqueuedAtMs: message.enqueuedTimeUtc?.getTime() ?? NaN,
});

function heldMessage(receiver: ServiceBusReceiver, message: ServiceBusReceivedMessage): Held {
  return {
    ...seenOfClient(message),
    lockedUntilMs: () => message.lockedUntilUtc?.getTime() ?? NaN,
    renew: async () => {
      await receiver.renewMessageLock(message);
    },
    complete: () => settled(() => receiver.completeMessage(message)),
    abandon: () => settled(() => receiver.abandonMessage(message)),
    deadLetter: (deadLetterReason, deadLetterErrorDescription = '') =>
      settled(() => receiver.deadLetterMessage(message, { deadLetterReason, deadLetterErrorDescription })),
  };
}

/** Who settles a message twice is refused by the client, which asks nobody and gives no code. */
async function settled(settle: () => Promise<void>): Promise<void> {
  try {
    await settle();
  } catch (error) {
    if (!(error instanceof Error) || !error.message.includes('already settled')) throw error;
    throw Object.assign(new Error(error.message, { cause: error }), { code: 'MessageLockLost' });
  }
}

/** As the sender of the pipeline, with a time to live, which that one leaves to the queue. */
function shortLived(client: ReturnType<typeof connect>, timeToLive: number): MessageSender {
  const sendAll: MessageSender['sendAll'] = async (queue, messages, options) => {
    const delayMs = options?.delayMs ?? 0;
    const when = delayMs > 0 ? { scheduledEnqueueTimeUtc: new Date(Date.now() + delayMs) } : {};
    await client.createSender(queue).sendMessages(messages.map((body) => ({ body, timeToLive, ...when })));
  };
  return { send: (queue, message, options) => sendAll(queue, [message], options), sendAll };
}

const promised = (effect: () => void): Promise<void> =>
  new Promise((resolve) => {
    effect();
    resolve();
  });
