import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { SharedBudget } from '../../../src/graph/budget/sharedBudget.ts';
import type { Lane } from '../../../src/queues/names.ts';
import { type Random, randomOf } from '../../../src/local/graph/random.ts';
import { BudgetWorld, START_MS } from './budgetWorld.ts';

const MINUTE_MS = 60_000;
const SPACING_MS = 1_251;
/** Until a backfill has as many sequences under way as it needs. */
const WARM_MS = 3 * MINUTE_MS;
const UNTIL_MS = 13 * MINUTE_MS;
const LARGEST_BACKFILL_JOB = 60;

interface Setting {
  instances: number;
  /** Of a page, on the average. */
  latencyMs: number;
  seed: number;
  /** When the message of a live job comes, in ms from the start, and how many pages it has. */
  live: { atMs: number; pages: number }[];
}

interface Job {
  lane: Lane;
  pages: number;
  sentMs: number;
}

/** A backfill that never runs out of jobs, and live jobs that come into it. */
async function saturate({ instances, latencyMs, seed, live }: Setting) {
  const random: Random = randomOf(seed, 1);
  const world = new BudgetWorld(() => ({ ms: 10 + random.unit() * 20 }));
  const { time } = world;
  const budgets = Array.from({ length: instances }, () =>
    world.instance({ aheadMs: (random.unit() - 0.5) * 1_000, random: () => random.unit() }),
  );
  const requests: { lane: Lane; atMs: number }[] = [];
  /** From the message to the first request, by live job. */
  const firstMs: number[] = [];
  const work: Promise<void>[] = [];
  const deliver = (job: Job, delayMs: number): void =>
    void time.at(time.nowMs + delayMs, () => {
      if (time.nowMs < START_MS + UNTIL_MS) work.push(run(job, random.pick(budgets)));
    });

  async function run(job: Job, budget: SharedBudget): Promise<void> {
    const turn = await budget.start(job.lane, job.pages);
    if (turn !== 'begin') {
      deliver(job, turn.retryAfterMs);
      return;
    }
    for (let page = 0; page < job.pages; page++) {
      await budget.take(job.lane);
      if (page === 0 && job.lane === 'live') firstMs.push(time.nowMs - job.sentMs);
      requests.push({ lane: job.lane, atMs: time.nowMs - START_MS });
      await time.sleep(latencyMs * (0.5 + random.unit()));
    }
    if (job.lane === 'backfill') deliver(backfillJob(), 0);
  }
  const backfillJob = (): Job => ({
    lane: 'backfill',
    pages: random.between(1, LARGEST_BACKFILL_JOB),
    sentMs: time.nowMs,
  });

  for (let i = 0; i < 60; i++) deliver(backfillJob(), 0);
  for (const { atMs, pages } of live) {
    time.at(START_MS + atMs, () => deliver({ lane: 'live', pages, sentMs: time.nowMs }, 0));
  }
  await time.run();
  await Promise.all(work);
  const used = requests.filter(({ atMs }) => atMs >= WARM_MS && atMs < UNTIL_MS);
  return { firstMs, share: used.length / ((UNTIL_MS - WARM_MS) / SPACING_MS) };
}

const settings = (latencyMs: number): fc.Arbitrary<Omit<Setting, 'instances'>> =>
  fc.record({
    latencyMs: fc.constant(latencyMs),
    seed: fc.integer({ min: 1, max: 1_000_000 }),
    live: fc.array(
      fc.record({
        // Often several at once, as a tick of the planner sends them.
        atMs: fc
          .oneof(fc.constantFrom(4, 5, 8), fc.integer({ min: 3, max: 10 }))
          .map((minute) => minute * MINUTE_MS),
        pages: fc.integer({ min: 1, max: 4 }),
      }),
      { minLength: 1, maxLength: 8 },
    ),
  });

describe('a live job that comes into a backfill which takes all it can get', () => {
  it.each([
    [1, 200],
    [1, 20_000],
    [4, 2_000],
    [40, 200],
    [40, 20_000],
  ])(
    'sends its first request within a minute, and the backfill uses what is left (%d instances, %d ms a page)',
    async (instances, latencyMs) => {
      await fc.assert(
        fc.asyncProperty(settings(latencyMs), async (setting) => {
          const { firstMs, share } = await saturate({ ...setting, instances });
          expect(firstMs).toHaveLength(setting.live.length);
          expect(Math.max(...firstMs)).toBeLessThan(MINUTE_MS);
          expect(share).toBeGreaterThan(0.96);
        }),
        { numRuns: 6 },
      );
    },
  );
});
