import { MessageQueue } from '../../src/local/serviceBus/queue.ts';
import type { QueuedMessage, Settlement } from '../../src/local/serviceBus/queueTypes.ts';
import { QUEUE_NAMES, type QueueName } from '../../src/queues/names.ts';
import type { MessageSender } from '../../src/queues/sender.ts';

export interface BrokerOptions {
  /** The broker's clock, ms since the epoch: locks, schedules, times to live. */
  nowMs: () => number;
  lockMs: number;
  /** Failed deliveries after which a message is dead-lettered. */
  maxDeliveryCount: number;
  /** Default of the queues; a message that nobody took within it is dropped. None: messages stay. */
  timeToLiveMs?: number;
}

/** A locked message. What is done to it throws a {@link LockLostError} once the lock is gone. */
export interface Delivery {
  readonly queue: QueueName;
  /** A copy of its own each time. */
  readonly body: unknown;
  readonly messageId: string;
  /** Deliveries that failed before, as the client of Service Bus gives it: 0 at first. */
  readonly deliveryCount: number;
  readonly sequenceNumber: string;
  readonly lockedUntilMs: number;
  renew(): void;
  complete(): void;
  /** Counts as a failed delivery; the message is ready again at once, in its old place. */
  abandon(): void;
  deadLetter(reason: string, description?: string): void;
}

export interface StoredMessage {
  readonly messageId: string;
  readonly sequenceNumber: string;
  readonly body: unknown;
  readonly deliveryCount: number;
  readonly enqueuedAtMs: number;
  readonly state: 'active' | 'deferred' | 'scheduled';
  /** Of a dead letter. */
  readonly reason: string | undefined;
  readonly description: string | undefined;
}

/** Queues in memory, all those of the pipeline, with the semantics of Service Bus and a time that is passed in. */
export interface MemoryBroker {
  sender(): MessageSender;
  /**
   * Takes and locks a ready message: the oldest, or with `pick` the (`pick` modulo their number)th.
   * @returns undefined when none is ready
   */
  receive(queue: QueueName, pick?: number): Delivery | undefined;
  /** When the next scheduled message, expiring lock or expiring message is due, over all queues; undefined: never. */
  nextEventMs(): number | undefined;
  counts(queue: QueueName): { active: number; scheduled: number; locked: number; deadLettered: number };
  /** What lies in the queue, locked or not, by sequence number. */
  messages(queue: QueueName): StoredMessage[];
  deadLetters(queue: QueueName): StoredMessage[];
  /** Sends every dead letter to its queue anew, under a new id and with no failures, and takes it away. @returns how many */
  replay(queue: QueueName): number;
  /**
   * Puts a copy of a message of the queue (active, locked or scheduled: the `pick`th modulo their number) beside it,
   * as a client does that got no answer and sends again. @returns false when the queue is empty
   */
  duplicate(queue: QueueName, pick: number): boolean;
}

/** The lock has expired, or the message was settled. The code is that of the client of Service Bus. */
export class LockLostError extends Error {
  override readonly name = 'LockLostError';
  readonly code = 'MessageLockLost';
}

/** The message is larger than Service Bus takes. The code is that of the client of Service Bus. */
export class MessageTooLargeError extends Error {
  override readonly name = 'MessageTooLargeError';
  readonly code = 'MessageSizeExceeded';
}

/** Of a message on the wire, in the tiers that the pipeline is made for. */
const MAX_MESSAGE_BYTES = 262_144;
/** What the wire adds to the body of a message, roughly. */
const FRAME_BYTES = 100;

interface Content {
  /** JSON, as a body travels. */
  text: string;
  messageId: string;
  scheduledAtMs: number | undefined;
}

interface QueuePair {
  main: MessageQueue<Content>;
  dead: MessageQueue<Content>;
}

export function memoryBroker(options: BrokerOptions): MemoryBroker {
  const { nowMs, timeToLiveMs } = options;
  let tokens = 0;
  let ids = 0;
  const settings = {
    maxDeliveryCount: options.maxDeliveryCount,
    lockDurationMs: options.lockMs,
    newToken: () => `lock-${(tokens += 1)}`,
  };
  const pairs = new Map<QueueName, QueuePair>(
    QUEUE_NAMES.map((name) => {
      const dead = new MessageQueue<Content>(settings);
      return [name, { main: new MessageQueue<Content>(settings, dead), dead }];
    }),
  );
  const pairOf = (queue: QueueName): QueuePair => {
    const pair = pairs.get(queue);
    if (pair === undefined) throw new Error(`there is no queue ${queue}`);
    return pair;
  };

  const put = (queue: QueueName, text: string, scheduledAtMs: number | undefined): void => {
    const content = { text, messageId: `message-${(ids += 1)}`, scheduledAtMs };
    pairOf(queue).main.enqueue({ content, scheduledAtMs, timeToLiveMs }, nowMs());
  };
  const send = (queue: QueueName, message: unknown, delayMs: number): void => {
    const text = JSON.stringify(message);
    if (isTooLarge(text)) throw new MessageTooLargeError(`a message to ${queue} is too large`);
    put(queue, text, delayMs > 0 ? nowMs() + delayMs : undefined);
  };

  const deliver = (queue: QueueName, pick: number): Delivery | undefined => {
    const { main } = pairOf(queue);
    const { active } = main.counts(nowMs());
    // The queue gives its oldest only: those before the wanted one are taken, and released afterwards.
    const passed = Array.from({ length: active === 0 ? 0 : pick % active }, () =>
      main.take('peekLock', nowMs()),
    );
    const taken = main.take('peekLock', nowMs());
    for (const one of passed) main.settle(one?.lock?.token ?? '', { kind: 'release' }, nowMs());
    if (taken?.lock === undefined) return undefined;
    const { message } = taken;
    const { token } = taken.lock;
    let { untilMs } = taken.lock;
    const lost = (what: string) =>
      new LockLostError(`${what} message ${message.sequenceNumber} of ${queue}: its lock is lost`);
    const settle = (settlement: Settlement<Content>): void => {
      if (main.settle(token, settlement, nowMs()) !== 'settled') throw lost(settlement.kind);
    };
    return {
      queue,
      body: JSON.parse(message.content.text) as unknown,
      messageId: message.content.messageId,
      deliveryCount: message.deliveryCount,
      sequenceNumber: String(message.sequenceNumber),
      get lockedUntilMs() {
        return untilMs;
      },
      renew: () => {
        const renewed = main.renew(token, nowMs());
        if (renewed === undefined) throw lost('renew');
        untilMs = renewed;
      },
      complete: () => settle({ kind: 'complete' }),
      abandon: () => settle({ kind: 'abandon' }),
      deadLetter: (reason, description) => settle({ kind: 'deadLetter', reason, description }),
    };
  };

  return {
    sender: () => ({
      send: (queue, message, sendOptions) => done(() => send(queue, message, sendOptions?.delayMs ?? 0)),
      sendAll: (queue, messages, sendOptions) =>
        done(() => {
          for (const message of messages) {
            // Batches that were full by then are sent.
            if (isTooLarge(JSON.stringify(message)))
              throw new RangeError(`a message to ${queue} is larger than a batch may be`);
            send(queue, message, sendOptions?.delayMs ?? 0);
          }
        }),
    }),
    receive: (queue, pick = 0) => deliver(queue, pick),
    nextEventMs: () => {
      const due = [...pairs.values()].map(({ main }) => main.nextDueMs() ?? Infinity);
      const next = Math.min(...due);
      return next === Infinity ? undefined : next;
    },
    counts: (queue) => {
      const { main, dead } = pairOf(queue);
      const { active, scheduled, locked } = main.counts(nowMs());
      return { active, scheduled, locked, deadLettered: dead.counts(nowMs()).active };
    },
    messages: (queue) => pairOf(queue).main.peek(0, Infinity, nowMs()).map(toStored),
    deadLetters: (queue) => {
      const { main, dead } = pairOf(queue);
      main.advance(nowMs());
      return dead.peek(0, Infinity, nowMs()).map(toStored);
    },
    replay: (queue) => {
      const { main, dead } = pairOf(queue);
      main.advance(nowMs());
      let count = 0;
      for (;;) {
        const taken = dead.take('receiveAndDelete', nowMs());
        if (taken === undefined) return count;
        put(queue, taken.message.content.text, undefined);
        count += 1;
      }
    },
    duplicate: (queue, pick) => {
      const { main } = pairOf(queue);
      const all = main.peek(0, Infinity, nowMs());
      const one = all[pick % all.length];
      if (one === undefined) return false;
      put(queue, one.content.text, one.content.scheduledAtMs);
      return true;
    },
  };
}

const isTooLarge = (text: string): boolean => Buffer.byteLength(text) + FRAME_BYTES > MAX_MESSAGE_BYTES;

const toStored = (message: QueuedMessage<Content>): StoredMessage => ({
  messageId: message.content.messageId,
  sequenceNumber: String(message.sequenceNumber),
  body: JSON.parse(message.content.text) as unknown,
  deliveryCount: message.deliveryCount,
  enqueuedAtMs: message.enqueuedAtMs,
  state: message.state,
  reason: message.deadLetter?.reason,
  description: message.deadLetter?.description,
});

/** Does it at once; what it throws rejects the promise. */
const done = (effect: () => void): Promise<void> =>
  new Promise((resolve) => {
    effect();
    resolve();
  });
