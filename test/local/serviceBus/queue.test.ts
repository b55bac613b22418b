import { describe, expect, it } from 'vitest';
import { MessageQueue } from '../../../src/local/serviceBus/queue.ts';
import type { NewMessage, Settlement } from '../../../src/local/serviceBus/queueTypes.ts';

const LOCK_MS = 100;

function setUp(maxDeliveryCount = 3) {
  let tokens = 0;
  const options = { maxDeliveryCount, lockDurationMs: LOCK_MS, newToken: () => `t${(tokens += 1)}` };
  const deadLetters = new MessageQueue<string>(options);
  const queue = new MessageQueue<string>(options, deadLetters);
  const put = (content: string, more: Omit<NewMessage<string>, 'content'> = {}, nowMs = 0) =>
    queue.enqueue({ content, ...more }, nowMs);
  const take = (nowMs = 0) => {
    const delivery = queue.take('peekLock', nowMs);
    return delivery && { ...delivery.message, token: delivery.lock?.token ?? '', lock: delivery.lock };
  };
  const takeAll = (nowMs = 0) => {
    const contents: string[] = [];
    for (let got = take(nowMs); got !== undefined; got = take(nowMs)) contents.push(got.content);
    return contents;
  };
  return { queue, deadLetters, put, take, takeAll };
}

describe('a queue', () => {
  it('hands messages out in the order in which they came', () => {
    const { put, takeAll } = setUp();
    for (const content of ['a', 'b', 'c']) put(content);
    expect(takeAll()).toEqual(['a', 'b', 'c']);
  });

  it('locks a message that it hands out, and forgets it when it is completed', () => {
    const { queue, put, take } = setUp();
    put('a');
    const got = take(10);
    expect(got).toMatchObject({ content: 'a', deliveryCount: 0, lock: { untilMs: 10 + LOCK_MS } });
    expect(queue.counts(10)).toEqual({ active: 0, scheduled: 0, locked: 1, deferred: 0 });
    expect(queue.settle(got?.token ?? '', { kind: 'complete' }, 20)).toBe('settled');
    expect(queue.counts(20)).toEqual({ active: 0, scheduled: 0, locked: 0, deferred: 0 });
    expect(queue.settle(got?.token ?? '', { kind: 'complete' }, 20)).toBe('lockLost');
  });

  it('keeps nothing of a message that is received and deleted', () => {
    const { queue, put } = setUp();
    put('a');
    expect(queue.take('receiveAndDelete', 0)).toMatchObject({ message: { content: 'a' }, lock: undefined });
    expect(queue.counts(0)).toEqual({ active: 0, scheduled: 0, locked: 0, deferred: 0 });
  });

  it('hands an abandoned message out again at once, in its old place, with a higher count', () => {
    const { queue, put, take } = setUp();
    for (const content of ['a', 'b', 'c']) put(content);
    const first = take();
    take();
    queue.settle(first?.token ?? '', { kind: 'abandon', modify: (content) => `${content}!` }, 0);
    expect(take()).toMatchObject({ content: 'a!', deliveryCount: 1 });
    expect(take()).toMatchObject({ content: 'c', deliveryCount: 0 });
  });

  it('does not count a message that is released', () => {
    const { queue, put, take } = setUp();
    put('a');
    queue.settle(take()?.token ?? '', { kind: 'release' }, 0);
    expect(take()).toMatchObject({ content: 'a', deliveryCount: 0 });
  });

  it('gives a message up to others when its lock expires, and refuses the late settlement', () => {
    const { queue, put, take } = setUp();
    put('a');
    const first = take(0);
    expect(take(LOCK_MS - 1)).toBeUndefined();
    expect(take(LOCK_MS)).toMatchObject({ content: 'a', deliveryCount: 1 });
    expect(queue.settle(first?.token ?? '', { kind: 'complete' }, LOCK_MS)).toBe('lockLost');
    expect(queue.renew(first?.token ?? '', LOCK_MS)).toBeUndefined();
  });

  it('holds a lock longer when it is renewed, while others expire', () => {
    const { queue, put, take } = setUp();
    put('a');
    put('b');
    const a = take(0);
    take(10);
    expect(queue.renew(a?.token ?? '', 50)).toBe(50 + LOCK_MS);
    expect(take(10 + LOCK_MS)).toMatchObject({ content: 'b', deliveryCount: 1 });
    expect(queue.settle(a?.token ?? '', { kind: 'complete' }, 40 + LOCK_MS)).toBe('settled');
  });

  it.each([
    ['abandoned', 1],
    ['left to expire', LOCK_MS],
  ])('moves a message that was %s too often to the dead letters', (how, stepMs) => {
    const { queue, deadLetters, put, take } = setUp(3);
    put('a');
    let now = 0;
    for (let failed = 0; failed < 3; failed += 1) {
      const got = take(now);
      expect(got).toMatchObject({ deliveryCount: failed });
      now += stepMs;
      if (how === 'abandoned') queue.settle(got?.token ?? '', { kind: 'abandon' }, now);
    }
    expect(take(now)).toBeUndefined();
    expect(deadLetters.peek(0, 10, now)).toMatchObject([
      { content: 'a', deliveryCount: 3, deadLetter: { reason: 'MaxDeliveryCountExceeded' } },
    ]);
  });

  it('moves a message to the dead letters with the reason given, from where it is received and completed', () => {
    const { queue, deadLetters, put, take } = setUp(1);
    put('a');
    const settlement: Settlement<string> = { kind: 'deadLetter', reason: 'Bad', description: 'Because' };
    queue.settle(take()?.token ?? '', settlement, 0);
    expect(queue.counts(0)).toMatchObject({ active: 0, locked: 0 });
    const dead = deadLetters.take('peekLock', 0);
    expect(dead?.message).toMatchObject({
      content: 'a',
      deadLetter: { reason: 'Bad', description: 'Because' },
    });
    const token = dead?.lock?.token ?? '';
    expect(deadLetters.settle(token, settlement, 0)).toBe('notAllowed');
    expect(deadLetters.settle(token, { kind: 'complete' }, 0)).toBe('settled');
    expect(deadLetters.peek(0, 1, 0)).toEqual([]);
  });

  it('never moves a dead letter on, however often it is abandoned', () => {
    const { queue, deadLetters, put, take } = setUp(1);
    put('a');
    queue.settle(take()?.token ?? '', { kind: 'abandon' }, 0);
    for (let count = 1; count < 5; count += 1) {
      const dead = deadLetters.take('peekLock', 0);
      expect(dead?.message.deliveryCount).toBe(count);
      deadLetters.settle(dead?.lock?.token ?? '', { kind: 'abandon' }, 0);
    }
  });

  it('sets a deferred message aside until it is asked for by its number', () => {
    const { queue, put, take } = setUp();
    const number = put('a');
    queue.settle(take()?.token ?? '', { kind: 'defer' }, 0);
    expect(take()).toBeUndefined();
    expect(queue.counts(0)).toMatchObject({ active: 0, deferred: 1 });
    const deferred = queue.takeDeferred(number, 'peekLock', 0);
    expect(deferred?.message).toMatchObject({ content: 'a', state: 'deferred' });
    expect(queue.takeDeferred(number, 'peekLock', 0)).toBeUndefined();
    queue.settle(deferred?.lock?.token ?? '', { kind: 'abandon' }, 0);
    expect(take()).toBeUndefined();
    expect(queue.counts(0)).toMatchObject({ active: 0, locked: 0, deferred: 1 });
  });

  it('keeps a scheduled message back until it is due, then takes it as if it came then', () => {
    const { queue, put, take } = setUp();
    const number = put('later', { scheduledAtMs: 50, timeToLiveMs: 30 });
    put('now');
    expect(queue.peek(0, 10, 0).map(({ content, state }) => [content, state])).toEqual([
      ['later', 'scheduled'],
      ['now', 'active'],
    ]);
    expect(take(49)?.content).toBe('now');
    expect(queue.nextDueMs()).toBe(50);
    const due = take(60);
    expect(due).toMatchObject({ content: 'later', enqueuedAtMs: 60, state: 'active' });
    expect(due?.sequenceNumber).toBeGreaterThan(number);
  });

  it('delivers messages that were scheduled for the same instant in the order in which they came', () => {
    const { put, takeAll } = setUp();
    const contents = Array.from({ length: 20 }, (_, index) => `m${index}`);
    for (const content of contents) put(content, { scheduledAtMs: 50 });
    expect(takeAll(50)).toEqual(contents);
  });

  it('takes a message that was scheduled for the past at once', () => {
    const { put, take } = setUp();
    put('a', { scheduledAtMs: 5 }, 10);
    expect(take(10)?.content).toBe('a');
  });

  it('forgets a scheduled message that is cancelled, but not one that is available already', () => {
    const { queue, put, takeAll } = setUp();
    const early = put('early', { scheduledAtMs: 10 });
    const late = put('late', { scheduledAtMs: 50 });
    expect(queue.cancelScheduled(late, 20)).toBe(true);
    expect(queue.cancelScheduled(late, 20)).toBe(false);
    expect(queue.cancelScheduled(early, 20)).toBe(false);
    expect(takeAll(100)).toEqual(['early']);
    expect(queue.counts(100)).toMatchObject({ scheduled: 0 });
  });

  it('drops a message that waited longer than it lives, but lets a receiver finish with it', () => {
    const { queue, put, take } = setUp();
    put('held', { timeToLiveMs: 30 });
    put('waiting', { timeToLiveMs: 30 });
    const held = take(0);
    expect(queue.nextDueMs()).toBe(30);
    expect(take(30)).toBeUndefined();
    expect(queue.settle(held?.token ?? '', { kind: 'complete' }, 40)).toBe('settled');
  });

  it('drops a message that comes back after its time', () => {
    const { queue, deadLetters, put, take } = setUp();
    put('a', { timeToLiveMs: 30 });
    const held = take(0);
    queue.settle(held?.token ?? '', { kind: 'abandon' }, 40);
    expect(take(40)).toBeUndefined();
    expect(queue.counts(40)).toEqual({ active: 0, scheduled: 0, locked: 0, deferred: 0 });
    expect(deadLetters.peek(0, 1, 40)).toEqual([]);
  });

  it('has nothing due when it is empty, and the end of the oldest lock when messages are held', () => {
    const { queue, put, take } = setUp();
    expect(queue.nextDueMs()).toBeUndefined();
    put('a');
    expect(queue.nextDueMs()).toBeUndefined();
    take(7);
    expect(queue.nextDueMs()).toBe(7 + LOCK_MS);
  });
});
