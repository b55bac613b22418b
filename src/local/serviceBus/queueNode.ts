import type { Delivery as LinkDelivery } from 'rhea';
import type { MessageQueue } from './queue.ts';
import type { Delivery, ReceiveMode } from './queueTypes.ts';
import { tokenToDeliveryTag } from './wire/lockToken.ts';
import type { WireMessage } from './wire/message.ts';
import { encodeMessage } from './wire/message.ts';
import { OUTCOMES, settlementOf } from './wire/outcome.ts';
import { MESSAGE_LOCK_LOST, NOT_ALLOWED_ON_DEAD_LETTERS } from './wire/errors.ts';
import type { OutgoingLink } from './wire/outgoingLink.ts';

const REFUSALS = {
  settled: undefined,
  lockLost: MESSAGE_LOCK_LOST,
  notAllowed: NOT_ALLOWED_ON_DEAD_LETTERS,
} as const;

/** Longest delay of a Node.js timer. */
const MAX_TIMER_MS = 2 ** 31 - 1;

interface Consumer {
  link: OutgoingLink;
  mode: ReceiveMode;
}

/** A queue among its receivers: hands messages out as credit allows, and wakes when something is due. */
export interface QueueNode {
  readonly name: string;
  readonly queue: MessageQueue<WireMessage>;
  /** Begins to deliver to a link. */
  addConsumer(link: OutgoingLink, mode: ReceiveMode): void;
  /** To be called after every change of the queue, and when a link may take more. */
  wake: () => void;
  /** Ends timers and deliveries. */
  stop: () => void;
}

/** @param onChange called after each round of deliveries and each settlement: the dead-letter queue may have got something. */
export function createQueueNode(
  name: string,
  queue: MessageQueue<WireMessage>,
  nowMs: () => number,
  onChange: () => void = () => undefined,
): QueueNode {
  let consumers: Consumer[] = [];
  /** The lock of each delivery that is not settled. */
  const tokens = new WeakMap<LinkDelivery, string>();
  /** The consumer that is asked first, so that several share the messages evenly. */
  let turn = 0;
  let woken = false;
  let stopped = false;
  let timer: NodeJS.Timeout | undefined;
  let timerDueMs = Infinity;

  const wake = () => {
    if (woken || stopped) return;
    woken = true;
    process.nextTick(round);
  };

  function round(): void {
    woken = false;
    if (stopped) return;
    consumers = consumers.filter(({ link }) => link.isOpen());
    queue.advance(nowMs());
    deliver();
    for (const { link } of consumers) link.finishDrain();
    armTimer();
    onChange();
  }

  function deliver(): void {
    const rooms = consumers.map(({ link }) => link.room());
    const written = new Set<OutgoingLink>();
    for (;;) {
      const index = nextWithRoom(rooms);
      const consumer = consumers[index];
      if (consumer === undefined) break;
      const delivery = queue.take(consumer.mode, nowMs());
      if (delivery === undefined) break;
      send(consumer, delivery);
      written.add(consumer.link);
      rooms[index] = (rooms[index] ?? 0) - 1;
    }
    for (const link of written) link.session.flush();
  }

  function nextWithRoom(rooms: readonly number[]): number {
    for (let step = 0; step < rooms.length; step += 1) {
      const index = (turn + step) % rooms.length;
      if ((rooms[index] ?? 0) > 0) {
        turn = index + 1;
        return index;
      }
    }
    return -1;
  }

  function send({ link }: Consumer, { message, lock }: Delivery<WireMessage>): void {
    const bytes = encodeMessage(message, lock?.untilMs);
    if (lock === undefined) link.send(bytes);
    else tokens.set(link.send(bytes, tokenToDeliveryTag(lock.token)), lock.token);
  }

  function watchSettlements(link: OutgoingLink): void {
    const { sender, session } = link;
    for (const outcome of OUTCOMES) {
      sender.on(outcome, ({ delivery }: { delivery: LinkDelivery }) => {
        const token = tokens.get(delivery);
        tokens.delete(delivery);
        if (token === undefined) return;
        const result = queue.settle(token, settlementOf(outcome, delivery.remote_state), nowMs());
        if (!delivery.remote_settled) session.answerSettlement(delivery, REFUSALS[result]);
        wake();
      });
    }
    // Settled without an outcome: the receiver wants to hear no more of it, and has not taken it.
    sender.on('settled', ({ delivery }: { delivery: LinkDelivery }) => {
      const token = tokens.get(delivery);
      tokens.delete(delivery);
      if (token === undefined) return;
      queue.settle(token, { kind: 'release' }, nowMs());
      wake();
    });
  }

  function armTimer(): void {
    const dueMs = queue.nextDueMs();
    // A timer that rings too early only looks and sets itself again.
    if (dueMs === undefined || (timer !== undefined && timerDueMs <= dueMs)) return;
    clearTimeout(timer);
    timerDueMs = dueMs;
    timer = setTimeout(
      () => {
        timer = undefined;
        wake();
      },
      Math.min(Math.max(1, dueMs - nowMs()), MAX_TIMER_MS),
    );
    timer.unref();
  }

  return {
    name,
    queue,
    addConsumer: (link, mode) => {
      consumers.push({ link, mode });
      watchSettlements(link);
    },
    wake,
    stop: () => {
      stopped = true;
      clearTimeout(timer);
    },
  };
}
