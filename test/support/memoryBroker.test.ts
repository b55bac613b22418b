import { describe, expect, it } from 'vitest';
import { toMessage } from '../../src/queues/messages.ts';
import { QUEUES } from '../../src/queues/names.ts';
import { memoryBroker } from './memoryBroker.ts';

const QUEUE = QUEUES.days;
const day = (number: number) => toMessage({ date: `2026-10-0${number}` });

function setUp(timeToLiveMs?: number) {
  const clock = { nowMs: 1000 };
  const broker = memoryBroker({
    nowMs: () => clock.nowMs,
    lockMs: 60_000,
    maxDeliveryCount: 2,
    ...(timeToLiveMs === undefined ? {} : { timeToLiveMs }),
  });
  const send = (number: number, delayMs = 0) => broker.sender().send(QUEUE, day(number), { delayMs });
  const receiveAll = (): unknown[] => {
    const bodies: unknown[] = [];
    for (let one = broker.receive(QUEUE); one !== undefined; one = broker.receive(QUEUE))
      bodies.push(one.body);
    return bodies;
  };
  return { broker, clock, send, receiveAll };
}

describe('what a schedule does with the broker of the tests, beside what Service Bus does', () => {
  it('takes any message that is ready, and leaves the others as they are', async () => {
    const { broker, send, receiveAll } = setUp();
    for (const number of [1, 2, 3, 4]) await send(number);
    expect(broker.receive(QUEUE, 2)).toMatchObject({ body: day(3), deliveryCount: 0 });
    expect(broker.counts(QUEUE)).toMatchObject({ active: 3, locked: 1 });
    expect(broker.receive(QUEUE, 4)?.body).toEqual(day(2));
    expect(broker.messages(QUEUE).map(({ deliveryCount }) => deliveryCount)).toEqual([0, 0, 0, 0]);
    expect(receiveAll()).toEqual([day(1), day(4)]);
    expect(broker.receive(QUEUE, 7)).toBeUndefined();
  });

  it('knows when something happens next, in whatever queue', async () => {
    const { broker, clock, send } = setUp(100_000);
    expect(broker.nextEventMs()).toBeUndefined();
    await broker.sender().send(QUEUES.windows, day(1), { delayMs: 500_000 });
    expect(broker.nextEventMs()).toBe(501_000);
    await send(1, 20_000);
    expect(broker.nextEventMs()).toBe(21_000);
    clock.nowMs = 21_000;
    const held = broker.receive(QUEUE);
    expect(held?.lockedUntilMs).toBe(81_000);
    expect(broker.nextEventMs()).toBe(81_000);
    held?.abandon();
    expect(broker.nextEventMs()).toBe(121_000);
    clock.nowMs = 121_000;
    expect(broker.counts(QUEUE).active).toBe(0);
    expect(broker.nextEventMs()).toBe(501_000);
  });

  it('puts a copy beside a message that is ready, held or scheduled, under an id of its own', async () => {
    const { broker, clock, send, receiveAll } = setUp();
    expect(broker.duplicate(QUEUE, 3)).toBe(false);
    await send(1);
    broker.receive(QUEUE)?.abandon();
    expect(broker.duplicate(QUEUE, 5)).toBe(true);
    const [first, copy] = broker.messages(QUEUE);
    expect(copy).toMatchObject({ body: day(1), deliveryCount: 0 });
    expect(copy?.messageId).not.toBe(first?.messageId);
    expect(receiveAll()).toEqual([day(1), day(1)]);
    broker.duplicate(QUEUE, 0);
    expect(receiveAll()).toEqual([day(1)]);
    await send(2, 10_000);
    broker.duplicate(QUEUE, 3);
    expect(broker.counts(QUEUE)).toMatchObject({ locked: 3, scheduled: 2 });
    clock.nowMs += 10_000;
    expect(receiveAll()).toEqual([day(2), day(2)]);
  });

  it('sends dead letters anew, with all their deliveries before them', async () => {
    const { broker, clock, send } = setUp();
    for (const number of [1, 2]) await send(number);
    broker.receive(QUEUE)?.deadLetter('BadMessage');
    broker.receive(QUEUE)?.abandon();
    broker.receive(QUEUE);
    clock.nowMs += 60_000;
    expect(broker.replay(QUEUE)).toBe(2);
    expect(broker.counts(QUEUE)).toEqual({ active: 2, scheduled: 0, locked: 0, deadLettered: 0 });
    expect(broker.messages(QUEUE)).toMatchObject([
      { body: day(1), deliveryCount: 0, enqueuedAtMs: clock.nowMs },
      { body: day(2), deliveryCount: 0, enqueuedAtMs: clock.nowMs },
    ]);
    expect(broker.deadLetters(QUEUE)).toEqual([]);
    expect(broker.replay(QUEUE)).toBe(0);
  });
});
