import fc from 'fast-check';
import { setImmediate as macrotask } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { createPacer, nextSlot, spacingMs } from '../../src/graph/pacing.ts';
import type { Wait } from '../../src/graph/wait.ts';

/** Time that moves only from one timer to the next; timers fire late by what `late` says. */
function virtualTime(late: () => number = () => 0) {
  let nowMs = 0;
  let timers: { atMs: number; fire: () => void }[] = [];
  const at = (atMs: number, fire: () => void) => {
    const timer = { atMs, fire };
    timers.push(timer);
    return timer;
  };
  const wait: Wait = (ms, signal) =>
    new Promise((resolve, reject) => {
      const timer = at(nowMs + ms + late(), resolve);
      signal?.addEventListener('abort', () => {
        timers = timers.filter((other) => other !== timer);
        reject(signal.reason as Error);
      });
    });
  async function run(): Promise<void> {
    for (;;) {
      await macrotask();
      const next = timers.reduce<(typeof timers)[number] | undefined>(
        (first, timer) => (first === undefined || timer.atMs < first.atMs ? timer : first),
        undefined,
      );
      if (next === undefined) return;
      timers = timers.filter((timer) => timer !== next);
      nowMs = Math.max(nowMs, next.atMs);
      next.fire();
    }
  }
  return { monotonicNowMs: () => nowMs, wait, at, run, pending: () => timers.length };
}

const LIMITS = { requestsPerMinute: 50, appRequestsPerMinute: 200, marginMs: 2_500 };

describe('spacing', () => {
  it('is 1.251 s for 50 a minute and 2.5 s of margin', () => {
    expect(spacingMs(50, 2_500)).toBe(1_251);
  });

  it('puts the next request after the last one and after a block, whichever is later', () => {
    expect(nextSlot({ lastSlotMs: -Infinity, blockedUntilMs: -Infinity }, 5, 10)).toBe(5);
    expect(nextSlot({ lastSlotMs: 5, blockedUntilMs: 0 }, 6, 10)).toBe(15);
    expect(nextSlot({ lastSlotMs: 5, blockedUntilMs: 40 }, 6, 10)).toBe(40);
    expect(nextSlot({ lastSlotMs: 5, blockedUntilMs: 40 }, 60, 10)).toBe(60);
  });
});

describe('createPacer', () => {
  it('lets the first go at once, and each further one a spacing later, in the order they came', async () => {
    const time = virtualTime();
    const pacer = createPacer({ ...LIMITS, ...time });
    const granted: [string, number][] = [];
    for (const name of ['a', 'b', 'c']) {
      void pacer.take().then(() => granted.push([name, time.monotonicNowMs()]));
    }
    await time.run();
    expect(granted).toEqual([
      ['a', 0],
      ['b', 1_251],
      ['c', 2_502],
    ]);
  });

  it('holds to the tighter of both limits', async () => {
    const time = virtualTime();
    const pacer = createPacer({ ...time, requestsPerMinute: 600, appRequestsPerMinute: 60, marginMs: 0 });
    await pacer.take();
    const second = pacer.take().then(time.monotonicNowMs);
    await time.run();
    expect(await second).toBe(1_001);
  });

  it('lets nobody go during a block, not even who waited before it', async () => {
    const time = virtualTime();
    const pacer = createPacer({ ...LIMITS, ...time });
    await pacer.take();
    const waiting = pacer.take().then(time.monotonicNowMs);
    time.at(100, () => pacer.blockFor(30_000));
    time.at(200, () => pacer.blockFor(1_000));
    await time.run();
    expect(await waiting).toBe(30_100);
  });

  it('refuses a permit that is more than a minute away, and says how far', async () => {
    const time = virtualTime();
    const pacer = createPacer({ ...LIMITS, ...time });
    pacer.blockFor(61_000);
    await expect(pacer.take()).rejects.toMatchObject({
      kind: 'budget',
      transient: true,
      retryAfterMs: 61_000,
    });
  });

  it('refuses who has come to wait for more than a minute', async () => {
    const time = virtualTime();
    const pacer = createPacer({ ...LIMITS, ...time });
    await pacer.take();
    const waiting = expect(pacer.take()).rejects.toMatchObject({ kind: 'budget', retryAfterMs: 90_000 });
    pacer.blockFor(90_000);
    await waiting;
    expect(time.pending()).toBe(0);
  });

  it('forgets who gives up, leaves no timer behind, and spends no permit on it', async () => {
    const time = virtualTime();
    const pacer = createPacer({ ...LIMITS, ...time });
    await pacer.take();
    const stop = new AbortController();
    const waiting = expect(pacer.take(stop.signal)).rejects.toMatchObject({ name: 'AbortError' });
    stop.abort();
    await waiting;
    expect(time.pending()).toBe(0);
    const next = pacer.take().then(time.monotonicNowMs);
    await time.run();
    expect(await next).toBe(1_251);
  });

  it('rejects at once when it was stopped before', async () => {
    const pacer = createPacer({ ...LIMITS, ...virtualTime() });
    await expect(pacer.take(AbortSignal.abort())).rejects.toMatchObject({ name: 'AbortError' });
  });

  it('grants no more than the limit in any closed minute and margin, whatever comes when', async () => {
    const action = fc.record({
      atMs: fc.integer({ min: 0, max: 300_000 }),
      kind: fc.constantFrom('take', 'take', 'take', 'takeAndStop', 'block'),
      ms: fc.integer({ min: 0, max: 20_000 }),
    });
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 60 }),
        fc.integer({ min: 0, max: 5_000 }),
        fc.array(action, { maxLength: 120, size: 'max' }),
        fc.infiniteStream(fc.integer({ min: 0, max: 500 })),
        async (limit, marginMs, actions, lateness) => {
          const time = virtualTime(() => lateness.next().value as number);
          const pacer = createPacer({
            ...time,
            requestsPerMinute: limit,
            appRequestsPerMinute: 200,
            marginMs,
          });
          const granted: number[] = [];
          const blocks: { fromMs: number; toMs: number }[] = [];
          let ended = 0;
          for (const { atMs, kind, ms } of actions) {
            time.at(atMs, () => {
              const nowMs = time.monotonicNowMs();
              if (kind === 'block') {
                pacer.blockFor(ms);
                blocks.push({ fromMs: nowMs, toMs: nowMs + ms });
                return;
              }
              const stop = new AbortController();
              if (kind === 'takeAndStop') time.at(nowMs + ms, () => stop.abort());
              pacer
                .take(stop.signal)
                .then(
                  () => granted.push(time.monotonicNowMs()),
                  () => undefined,
                )
                .finally(() => ended++);
            });
          }
          await time.run();
          expect(ended).toBe(actions.filter(({ kind }) => kind !== 'block').length);
          granted.forEach((fromMs, i) => {
            const last = granted[i + limit];
            if (last !== undefined) expect(last - fromMs).toBeGreaterThan(60_000 + marginMs);
          });
          for (const { fromMs, toMs } of blocks) {
            expect(granted.filter((atMs) => atMs > fromMs && atMs < toMs)).toEqual([]);
          }
        },
      ),
      { numRuns: 60 },
    );
  });
});
