import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BUDGET_PARTITION, BUDGET_ROW } from '../../../src/graph/budget/budgetEntity.ts';
import type { SharedBudget } from '../../../src/graph/budget/sharedBudget.ts';
import type { Lane } from '../../../src/queues/names.ts';
import { StorageError } from '../../../src/storage/blobs.ts';
import { BudgetWorld, type Call, START_MS } from './budgetWorld.ts';

const since = (world: BudgetWorld): number => world.time.nowMs - START_MS;
/** When the next request leaves, in ms from the start. */
async function taken(world: BudgetWorld, budget: SharedBudget, signal?: AbortSignal): Promise<number> {
  await budget.take('live', signal);
  return since(world);
}

describe('taking permits', () => {
  it('lets the first request go at once and each further one a spacing later, over all instances', async () => {
    const world = new BudgetWorld();
    const [a, b] = [world.instance(), world.instance()];
    const sent = await world.time.until(
      Promise.all([taken(world, a), taken(world, b), taken(world, a), taken(world, b)]),
    );
    expect(sent.sort((x, y) => x - y)).toEqual([0, 1_251, 2_502, 3_753]);
  });

  it('holds to the tighter of both limits', async () => {
    const world = new BudgetWorld();
    const budget = world.instance({ requestsPerMinute: 600, appRequestsPerMinute: 60, marginMs: 0 });
    expect(await world.time.until(world.sequence(budget, 'live', 3))).toEqual([0, 1_001, 2_002]);
  });

  it('takes many slots with one write where they are close together', async () => {
    const world = new BudgetWorld(() => ({ ms: 6 }));
    const budget = world.instance({ requestsPerMinute: 3_000, appRequestsPerMinute: 3_000 });
    const sent = await world.time.until(world.sequence(budget, 'live', 240));
    expect(sent.at(-1)).toBeLessThan(240 * 22);
    expect(world.calls).toBeLessThan(30);
  });

  it('does not save up slots: what was not used is lost', async () => {
    const world = new BudgetWorld();
    const budget = world.instance({ requestsPerMinute: 3_000, appRequestsPerMinute: 3_000, marginMs: 0 });
    await world.time.until(budget.take('live'));
    await world.time.until(world.time.sleep(60_000));
    const sent = await world.time.until(world.sequence(budget, 'live', 20));
    expect((sent.at(-1) ?? 0) - (sent[0] ?? 0)).toBeGreaterThanOrEqual(19 * 21);
  });

  it('refuses what is not in reach within a minute, and says how far it is', async () => {
    const world = new BudgetWorld();
    const budget = world.instance();
    await world.time.until(budget.blockFor(90_000));
    await expect(world.time.until(budget.take('live'))).rejects.toMatchObject({
      kind: 'budget',
      transient: true,
      retryAfterMs: 91_000,
    });
    expect(since(world)).toBe(0);
  });

  it('takes another slot when it comes too late for one', async () => {
    const world = new BudgetWorld();
    const late = [0, 2_000];
    const budget = world.instance({ lateMs: () => late.shift() ?? 0 });
    await world.time.until(budget.take('live'));
    // The second timer, the one for the slot itself, is late by more than the margin allows.
    expect(await world.time.until(world.sequence(budget, 'live', 2))).toEqual([
      1_251 + 2_000,
      1_251 + 2_000 + 1_251,
    ]);
  });

  it('never sends before its slot, though timers are early', async () => {
    const world = new BudgetWorld();
    const late = [-0.7, -0.7];
    const budget = world.instance({ lateMs: () => late.shift() ?? 0 });
    await world.time.until(budget.take('live'));
    expect(await world.time.until(taken(world, budget))).toBeGreaterThanOrEqual(1_251);
  });

  it('ends when the caller gives up, before and while it waits, and leaves no timer behind', async () => {
    const world = new BudgetWorld();
    const budget = world.instance();
    await expect(budget.take('live', AbortSignal.abort())).rejects.toMatchObject({ name: 'AbortError' });
    await world.time.until(budget.take('live'));
    const stop = new AbortController();
    world.time.at(START_MS + 500, () => stop.abort());
    await expect(world.time.until(budget.take('live', stop.signal))).rejects.toMatchObject({
      name: 'AbortError',
    });
    expect(since(world)).toBe(500);
  });
});

describe('the table', () => {
  /** A world whose table fails from a time on, and answers again later. */
  const silentBetween = (fromMs: number, toMs: number): BudgetWorld => {
    const world: BudgetWorld = new BudgetWorld((): Call => {
      const isSilent = since(world) >= fromMs && since(world) < toMs;
      return { ms: 10, fate: isSilent ? 'refused' : 'answered' };
    });
    return world;
  };

  it('that cannot be reached lets nothing be sent, and that is transient', async () => {
    const world = silentBetween(0, 60_000);
    const budget = world.instance();
    const silent = { kind: 'budget', transient: true, retryAfterMs: 60_000 };
    await expect(world.time.until(budget.take('live'))).rejects.toMatchObject(silent);
    await expect(world.time.until(budget.start('live', 1))).rejects.toMatchObject(silent);
    await world.time.until(world.time.sleep(60_000));
    await world.time.until(budget.take('live'));
  });

  it('that cannot be reached when a permit is due lets nothing be sent either: somebody may have been told to wait', async () => {
    const world = silentBetween(1_000, 60_000);
    const budget = world.instance();
    await world.time.until(budget.take('live'));
    await expect(world.time.until(budget.take('live'))).rejects.toMatchObject({ kind: 'budget' });
  });

  it('whose answer is lost costs the permit and not the job', async () => {
    const fates: Call['fate'][] = ['answered', 'lost', 'answered', 'answered'];
    const world = new BudgetWorld(() => ({ ms: 0, fate: fates.shift() ?? 'answered' }));
    expect(await world.time.until(taken(world, world.instance()))).toBe(1_251);
  });

  it.each([
    [404, 'TableNotFound'],
    [403, 'AuthorizationFailure'],
  ])(
    'that is not there, or not for us (%d), sends nothing, and jobs come again later',
    async (status, code) => {
      const world = new BudgetWorld();
      world.stored.get = () => Promise.reject(new StorageError(status, code, 'the table is not served'));
      await expect(world.time.until(world.instance().take('live'))).rejects.toMatchObject({
        kind: 'budget',
        transient: true,
        retryAfterMs: 60_000,
        message: expect.stringContaining('the table is not served') as string,
      });
    },
  );

  it('whose row was deleted makes those who knew it wait until nobody can hold an older slot', async () => {
    const world = new BudgetWorld();
    const [a, b] = [world.instance(), world.instance()];
    await world.time.until(Promise.all([world.sequence(a, 'live', 3), world.sequence(b, 'live', 3)]));
    await world.stored.transact(BUDGET_PARTITION, [{ kind: 'delete', rowKey: BUDGET_ROW }]);
    const [first] = await world.time.until(
      Promise.all([
        Promise.any([world.sequence(a, 'live', 1), world.sequence(b, 'live', 1)]),
        world.sequence(world.instance(), 'live', 1),
      ]),
    );
    expect(first[0]).toBeGreaterThan(5 * 1_251 + 60_000);
  });

  it('that a clock far ahead has written to stops everybody for a minute, not until that time', async () => {
    const world = new BudgetWorld();
    await world.time.until(world.instance({ aheadMs: 86_400_000 }).take('live'));
    const budget = world.instance();
    expect(await world.time.until(budget.start('live', 1))).toMatchObject({ why: 'busy' });
    const sent = await world.time.until(taken(world, budget));
    expect(sent).toBeGreaterThan(60_000);
    expect(sent).toBeLessThan(65_000);
  });
});

describe('a slow table', () => {
  /** Slots used, of those that passed while twelve sequences of each instance had work. */
  async function used(instances: number, ms: () => number, limits = {}): Promise<number> {
    const forMs = 600_000;
    let requests = 0;
    const world = new BudgetWorld(() => ({ ms: ms() }));
    const run = async (budget: SharedBudget): Promise<void> => {
      while (since(world) < forMs) {
        try {
          await budget.take('backfill');
          if (since(world) < forMs) requests += 1;
        } catch (error) {
          expect(error).toMatchObject({ kind: 'budget' });
        }
      }
    };
    const random = (): number => (requests % 7) / 7;
    const work = Array.from({ length: instances }, () => world.instance({ ...limits, random })).flatMap(
      (budget) => Array.from({ length: 12 }, () => run(budget)),
    );
    await world.time.until(Promise.all(work));
    return requests / (forMs / 1_251);
  }
  const steady = (ms: number) => () => ms;
  function varying(ms: number): () => number {
    let n = 0;
    return () => ms * (0.5 + ((n += 617) % 1_000) / 1_000);
  }

  it.each([
    [1, 500, 0.97],
    [1, 1_000, 0.97],
    [1, 3_000, 0.9],
    [4, 500, 0.97],
    [4, 1_000, 0.97],
    [4, 3_000, 0.9],
  ])('lets %d instances that wait %d ms for it use %d of the slots', async (instances, ms, least) => {
    expect(await used(instances, steady(ms))).toBeGreaterThan(least);
    expect(await used(instances, varying(ms))).toBeGreaterThan(least);
  });

  it('is asked once for all that wait for it', async () => {
    const world = new BudgetWorld(() => ({ ms: 1_000 }));
    const budget = world.instance();
    await world.time.until(Promise.all(Array.from({ length: 7 }, () => budget.take('live'))));
    // The state and a write for the first, a write for all others; none is so far away that it has to be looked again.
    expect(world.calls).toBeLessThan(3 + 7);
  });

  it('is looked at again early enough that a slot is not lost over it', async () => {
    const world = new BudgetWorld(() => ({ ms: 800 }));
    const [a, b] = [world.instance(), world.instance()];
    const sent = await world.time.until(
      Promise.all([world.sequence(a, 'live', 8), world.sequence(b, 'live', 8)]),
    );
    const all = sent.flat().sort((x, y) => x - y);
    // 16 slots in a row, but for two or three while nobody knew how slow it is.
    expect((all.at(-1) ?? 0) - (all[0] ?? 0)).toBeLessThan(18 * 1_251);
  });
});

describe('the count of requests', () => {
  const counted = (world: BudgetWorld) => {
    const total = { live: 0, backfill: 0 };
    for (const { rowKey, properties } of world.stored.all()) {
      if (!rowKey.startsWith('use|')) continue;
      total.live += Number(properties['live']);
      total.backfill += Number(properties['backfill']);
    }
    return total;
  };
  const settled = (world: BudgetWorld, budget: SharedBudget): Promise<void> =>
    world.time.until(Promise.resolve(budget.settle?.()));
  const FAST = { requestsPerMinute: 3_000, appRequestsPerMinute: 3_000 };

  it('is that of the requests, not of the slots that were taken with one write', async () => {
    const world = new BudgetWorld(() => ({ ms: 5 }));
    const budget = world.instance(FAST);
    await world.time.until(world.sequence(budget, 'live', 15));
    await world.time.until(world.sequence(budget, 'backfill', 3));
    await settled(world, budget);
    expect(counted(world)).toEqual({ live: 15, backfill: 3 });
    const { calls } = world;
    await settled(world, budget);
    expect(world.calls).toBe(calls);
  });

  it('has no request that was not made after all: its slot was reached too late, or its caller gave up', async () => {
    const world = new BudgetWorld();
    const late = [0, 2_000];
    const budget = world.instance({ lateMs: () => late.shift() ?? 0 });
    await world.time.until(budget.take('live'));
    await world.time.until(world.sequence(budget, 'live', 2));
    const stop = new AbortController();
    world.time.at(world.time.nowMs + 500, () => stop.abort());
    await expect(world.time.until(budget.take('live', stop.signal))).rejects.toMatchObject({
      name: 'AbortError',
    });
    await settled(world, budget);
    expect(counted(world)).toEqual({ live: 3, backfill: 0 });
  });

  it('is right whatever sequences there are, as soon as all have ended', async () => {
    const sequence = fc.record({
      instance: fc.nat({ max: 2 }),
      lane: fc.constantFrom('live' as const, 'backfill' as const),
      beginsMs: fc.integer({ min: 0, max: 20_000 }),
      requests: fc.integer({ min: 1, max: 20 }),
    });
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(50, 600, 3_000),
        fc.array(sequence, { minLength: 1, maxLength: 8 }),
        fc.infiniteStream(fc.integer({ min: 0, max: 900 })),
        fc.infiniteStream(fc.constantFrom(0, 0, 0, 700)),
        async (limit, sequences, callsMs, latesMs) => {
          const world = new BudgetWorld(() => ({ ms: callsMs.next().value as number }));
          const lateMs = (): number => latesMs.next().value as number;
          const budgets = Array.from({ length: 3 }, () =>
            world.instance({ requestsPerMinute: limit, appRequestsPerMinute: 3_000, lateMs }),
          );
          const sent = { live: 0, backfill: 0 };
          const work = sequences.map(async ({ instance, lane, beginsMs, requests }) => {
            await world.time.sleep(beginsMs);
            const budget = budgets[instance] as SharedBudget;
            for (let i = 0; i < requests; i++) {
              try {
                await budget.take(lane);
                sent[lane] += 1;
              } catch (error) {
                expect(error).toMatchObject({ kind: 'budget' });
              }
            }
            await budget.settle?.();
          });
          await world.time.until(Promise.all(work));
          expect(counted(world)).toEqual(sent);
        },
      ),
      { numRuns: 40 },
    );
  });

  it('that cannot be stored stops nobody, and is made up for later', async () => {
    let fate: NonNullable<Call['fate']> = 'answered';
    const world = new BudgetWorld((): Call => ({ ms: 5, fate }));
    const budget = world.instance(FAST);
    await world.time.until(world.sequence(budget, 'live', 4));
    fate = 'refused';
    await settled(world, budget);
    fate = 'answered';
    await settled(world, budget);
    expect(counted(world)).toEqual({ live: 4, backfill: 0 });
  });
});

describe('being told to wait', () => {
  it('is in force at once where it was heard, also for who waits already and for slots that were taken', async () => {
    const world = new BudgetWorld();
    const budget = world.instance();
    await world.time.until(budget.take('live'));
    const waiting = taken(world, budget);
    world.time.at(START_MS + 1_200, () => {
      void budget.blockFor(30_000);
      void budget.blockFor(1_000);
    });
    expect(await world.time.until(waiting)).toBe(1_200 + 30_000 + 1_000);
  });

  it('is in force for all others as soon as it is stored, and by whatever clock', async () => {
    for (const aheadMs of [-500, 500]) {
      const world = new BudgetWorld(() => ({ ms: 10 }));
      const [a, b] = [world.instance(), world.instance({ aheadMs })];
      await world.time.until(a.take('live'));
      const waiting = taken(world, b);
      world.time.at(START_MS + 600, () => void a.blockFor(20_000));
      const sent = await world.time.until(waiting);
      expect(sent).toBeGreaterThanOrEqual(20_600);
      expect(sent).toBeLessThan(23_000);
    }
  });

  it('survives a table that did not answer: the next permit of this instance tells it', async () => {
    const calls: Call['fate'][] = ['answered', 'answered', 'refused', 'refused'];
    const world = new BudgetWorld(() => ({ ms: 0, fate: calls.shift() ?? 'answered' }));
    const [a, b] = [world.instance(), world.instance()];
    await world.time.until(a.take('live'));
    await expect(world.time.until(a.blockFor(30_000))).rejects.toMatchObject({ kind: 'budget' });
    const [ofA, ofB] = [taken(world, a), taken(world, b)];
    expect(await world.time.until(ofA)).toBeGreaterThanOrEqual(31_000);
    expect(await ofB).toBeGreaterThanOrEqual(31_000);
  });

  it('lasts as long as was said, a day at most: then one request finds out', async () => {
    const world = new BudgetWorld();
    const budget = world.instance();
    const told = async (ms: number): Promise<void> => {
      await world.time.until(budget.blockFor(ms));
    };
    await told(5 * 3_600_000);
    await expect(world.time.until(budget.take('live'))).rejects.toMatchObject({ retryAfterMs: 18_001_000 });
    await told(30 * 86_400_000);
    await expect(world.time.until(budget.take('live'))).rejects.toMatchObject({ retryAfterMs: 86_401_000 });
  });
});

describe('starting', () => {
  it('is for one at a time over all instances, and the others are told when to come again', async () => {
    const world = new BudgetWorld();
    const [a, b] = [world.instance(), world.instance()];
    expect(await world.time.until(a.start('backfill', 10))).toBe('begin');
    expect(await world.time.until(b.start('backfill', 10))).toEqual({ retryAfterMs: 2_502, why: 'busy' });
    expect(await world.time.until(b.start('backfill', 10))).toEqual({ retryAfterMs: 3_753, why: 'busy' });
    await world.time.until(world.time.sleep(1_251));
    expect(await world.time.until(b.start('backfill', 10))).toBe('begin');
  });

  it('takes no permit', async () => {
    const world = new BudgetWorld();
    const budget = world.instance();
    await world.time.until(budget.start('live', 10));
    expect(await world.time.until(taken(world, budget))).toBe(0);
  });

  it('says that all have to wait while they have', async () => {
    const world = new BudgetWorld();
    const budget = world.instance();
    await world.time.until(budget.blockFor(120_000));
    expect(await world.time.until(budget.start('live', 10))).toEqual({
      retryAfterMs: 121_000 + 4 * 1_251,
      why: 'blocked',
    });
  });
});

describe('lanes', () => {
  /** Sequences of four instances, which ask again as soon as they were served; `liveFrom` ms, `live` of them join. */
  async function compete(live: number, liveFromMs: number, untilMs: number) {
    const world = new BudgetWorld(() => ({ ms: 20 }));
    const budgets = Array.from({ length: 4 }, (_, i) => world.instance({ random: () => i / 4 }));
    const sent: { lane: Lane; atMs: number; waitedMs: number }[] = [];
    const run = async (budget: SharedBudget, lane: Lane): Promise<void> => {
      while (since(world) < untilMs) {
        const beganMs = since(world);
        try {
          await budget.take(lane);
          sent.push({ lane, atMs: since(world), waitedMs: since(world) - beganMs });
        } catch (error) {
          expect(error).toMatchObject({ kind: 'budget' });
          await world.time.sleep(10_000);
        }
      }
    };
    const start = (lane: Lane, sequences: number): Promise<unknown>[] =>
      Array.from({ length: sequences }, (_, i) => run(budgets[i % 4] as SharedBudget, lane));
    const work = start('backfill', 12);
    world.time.at(START_MS + liveFromMs, () => work.push(...start('live', live)));
    await world.time.run();
    await Promise.all(work);
    return sent;
  }

  it('let live wait for no more than what a backfill may hold, and give the backfill all that is left', async () => {
    const sent = await compete(2, 60_000, 300_000);
    const live = sent.filter(({ lane }) => lane === 'live');
    expect(live.length).toBeGreaterThan(40);
    expect(Math.max(...live.map(({ waitedMs }) => waitedMs))).toBeLessThan(10 * 1_251);
    expect(sent.length / (300_000 / 1_251)).toBeGreaterThan(0.97);
  });

  it('leave a backfill nothing where live wants all', async () => {
    const sent = await compete(16, 60_000, 300_000);
    const busy = sent.filter(({ atMs }) => atMs > 90_000 && atMs < 300_000);
    expect(busy.filter(({ lane }) => lane === 'backfill')).toEqual([]);
    expect(busy.length / (210_000 / 1_251)).toBeGreaterThan(0.97);
  });

  it('starve no clock that is behind by what the margin allows', async () => {
    const world = new BudgetWorld(() => ({ ms: 10 }));
    const counts = [0, 0, 0, 0];
    const aheadMs = [-500, 500, 500, 500];
    const work = aheadMs.map(async (ahead, i) => {
      const budget = world.instance({ aheadMs: ahead, random: () => 0.5 });
      const sequences = Array.from({ length: 4 }, async () => {
        while (since(world) < 600_000) {
          await budget.take('backfill');
          counts[i] = (counts[i] ?? 0) + 1;
        }
      });
      await Promise.all(sequences);
    });
    await world.time.until(Promise.all(work));
    const [slow = 0, ...others] = counts;
    expect(slow).toBeGreaterThan(Math.max(...others) / 4);
  });
});
