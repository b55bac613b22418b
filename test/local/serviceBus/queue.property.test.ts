import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MessageQueue } from '../../../src/local/serviceBus/queue.ts';
import type { Settlement } from '../../../src/local/serviceBus/queueTypes.ts';

const LOCK_MS = 10;
const MAX_DELIVERIES = 3;

/** The same queue, kept as one list that is searched from the front each time. */
interface Model {
  id: number;
  number: number;
  state: 'active' | 'deferred' | 'scheduled';
  failed: number;
  dueAt: number;
  livesMs: number;
  expiresAt: number;
  token: string | undefined;
  lockedUntil: number;
}

const kinds = ['complete', 'release', 'abandon', 'defer', 'deadLetter'] as const;

const command = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('put' as const),
      delayMs: fc.nat(8),
      livesMs: fc.option(fc.nat(20)),
    }),
  },
  { weight: 5, arbitrary: fc.record({ do: fc.constant('take' as const), remove: fc.boolean() }) },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('settle' as const),
      pick: fc.nat(),
      kind: fc.constantFrom(...kinds),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('renew' as const), pick: fc.nat() }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('takeDeferred' as const), pick: fc.nat() }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('cancel' as const), pick: fc.nat() }) },
  {
    weight: 4,
    arbitrary: fc.record({ do: fc.constant('wait' as const), ms: fc.integer({ min: 1, max: 15 }) }),
  },
);

function run(commands: readonly (typeof command extends fc.Arbitrary<infer T> ? T : never)[]): void {
  let tokens = 0;
  const options = {
    maxDeliveryCount: MAX_DELIVERIES,
    lockDurationMs: LOCK_MS,
    newToken: () => `t${(tokens += 1)}`,
  };
  const deadLetters = new MessageQueue<number>(options);
  const queue = new MessageQueue<number>(options, deadLetters);
  let now = 0;
  let ids = 0;
  let numbers = 0;
  let model: Model[] = [];
  let dead: number[] = [];
  const givenTokens: string[] = [];

  const remove = (message: Model) => (model = model.filter((other) => other !== message));
  const bury = (message: Model) => {
    remove(message);
    dead = [...dead, message.id];
  };
  const putBack = (message: Model) => {
    if (message.expiresAt <= now) remove(message);
  };
  const fail = (message: Model) => {
    message.failed += 1;
    if (message.failed >= MAX_DELIVERIES) bury(message);
    else putBack(message);
  };
  const becomeActive = (message: Model) => {
    remove(message);
    message.state = 'active';
    message.number = numbers += 1;
    message.expiresAt = now + message.livesMs;
    model.push(message);
  };
  const catchUp = () => {
    const due = model.filter((message) => message.state === 'scheduled' && message.dueAt <= now);
    for (const message of due.toSorted((a, b) => a.dueAt - b.dueAt || a.number - b.number))
      becomeActive(message);
    const expired = model.filter((message) => message.token !== undefined && message.lockedUntil <= now);
    for (const message of expired.toSorted((a, b) => a.lockedUntil - b.lockedUntil)) {
      message.token = undefined;
      fail(message);
    }
    model = model.filter((message) => message.token !== undefined || message.expiresAt > now);
  };
  const held = (pick: number) => {
    const token = givenTokens.length === 0 ? 'none' : givenTokens[pick % givenTokens.length];
    return { token: token ?? 'none', message: model.find((candidate) => candidate.token === token) };
  };
  const lock = (message: Model, token: string | undefined) => {
    message.token = token;
    message.lockedUntil = now + LOCK_MS;
    if (token !== undefined) givenTokens.push(token);
  };

  for (const step of commands) {
    if (step.do === 'wait') now += step.ms;
    catchUp();
    switch (step.do) {
      case 'wait':
        break;
      case 'put': {
        const id = (ids += 1);
        const livesMs = step.livesMs === null ? Infinity : step.livesMs;
        const number = queue.enqueue(
          { content: id, scheduledAtMs: now + step.delayMs, timeToLiveMs: livesMs },
          now,
        );
        numbers += 1;
        expect(number).toBe(numbers);
        const scheduled = step.delayMs > 0;
        model.push({
          id,
          number,
          state: scheduled ? 'scheduled' : 'active',
          failed: 0,
          dueAt: now + step.delayMs,
          livesMs,
          expiresAt: scheduled ? Infinity : now + livesMs,
          token: undefined,
          lockedUntil: 0,
        });
        catchUp();
        break;
      }
      case 'take': {
        const next = model
          .filter((message) => message.state === 'active' && message.token === undefined)
          .toSorted((a, b) => a.number - b.number)[0];
        const delivery = queue.take(step.remove ? 'receiveAndDelete' : 'peekLock', now);
        expect(delivery?.message.content).toBe(next?.id);
        expect(delivery?.message.deliveryCount).toBe(next?.failed);
        if (next !== undefined && step.remove) remove(next);
        else if (next !== undefined) lock(next, delivery?.lock?.token);
        break;
      }
      case 'settle': {
        const { token, message } = held(step.pick);
        const settlement: Settlement<number> = { kind: step.kind };
        expect(queue.settle(token, settlement, now)).toBe(message === undefined ? 'lockLost' : 'settled');
        if (message === undefined) break;
        message.token = undefined;
        if (step.kind === 'complete') remove(message);
        else if (step.kind === 'abandon') fail(message);
        else if (step.kind === 'deadLetter') bury(message);
        else {
          if (step.kind === 'defer') message.state = 'deferred';
          putBack(message);
        }
        break;
      }
      case 'renew': {
        const { token, message } = held(step.pick);
        expect(queue.renew(token, now)).toBe(message === undefined ? undefined : now + LOCK_MS);
        if (message !== undefined) message.lockedUntil = now + LOCK_MS;
        break;
      }
      case 'takeDeferred': {
        const message = model[step.pick % Math.max(1, model.length)];
        const free = message?.state === 'deferred' && message.token === undefined;
        const delivery = queue.takeDeferred(message?.number ?? 0, 'peekLock', now);
        expect(delivery?.message.content).toBe(free ? message.id : undefined);
        if (free) lock(message, delivery?.lock?.token);
        break;
      }
      case 'cancel': {
        const message = model[step.pick % Math.max(1, model.length)];
        expect(queue.cancelScheduled(message?.number ?? 0, now)).toBe(message?.state === 'scheduled');
        if (message?.state === 'scheduled') remove(message);
        break;
      }
    }
    const inOrder = model.toSorted((a, b) => a.number - b.number);
    expect(queue.peek(0, Infinity, now).map(({ content }) => content)).toEqual(inOrder.map(({ id }) => id));
    expect(deadLetters.peek(0, Infinity, now).map(({ content }) => content)).toEqual(dead);
    const free = model.filter(({ token }) => token === undefined);
    expect(queue.counts(now)).toEqual({
      active: free.filter(({ state }) => state === 'active').length,
      scheduled: free.filter(({ state }) => state === 'scheduled').length,
      deferred: free.filter(({ state }) => state === 'deferred').length,
      locked: model.length - free.length,
    });
    const dues = model.map(({ token, lockedUntil, state, dueAt, expiresAt }) =>
      token !== undefined ? lockedUntil : state === 'scheduled' ? dueAt : expiresAt,
    );
    const due = Math.min(Infinity, ...dues);
    expect(queue.nextDueMs() ?? Infinity).toBeLessThanOrEqual(due);
  }
}

describe('a queue', () => {
  it('does what a plain list of messages would do, whatever happens in whatever order', () => {
    fc.assert(fc.property(fc.array(command, { maxLength: 120 }), run), { numRuns: 400 });
  });
});
