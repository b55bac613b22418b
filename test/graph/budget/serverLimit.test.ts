import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decidePermit, UNUSED } from '../../../src/graph/budget/budgetState.ts';
import type { SharedBudget } from '../../../src/graph/budget/sharedBudget.ts';
import { paceOf } from '../../../src/graph/budget/spacing.ts';
import { BudgetWorld, type Call, START_MS } from './budgetWorld.ts';

/** The largest number of arrivals in any closed minute. */
function most(arrivals: readonly number[]): number {
  const sorted = [...arrivals].sort((a, b) => a - b);
  let from = 0;
  return sorted.reduce((count, atMs, i) => {
    while ((sorted[from] ?? 0) < atMs - 60_000) from += 1;
    return Math.max(count, i - from + 1);
  }, 0);
}

/** Of a margin, how it is meant to be spent. */
const shares = (marginMs: number) => ({ skewMs: marginMs * 0.4, networkMs: marginMs * 0.4 });

const fate = fc.oneof(
  { weight: 12, arbitrary: fc.constant<Call['fate']>('answered') },
  { weight: 1, arbitrary: fc.constantFrom<Call['fate']>('lost', 'refused') },
);
const call = fc.record({
  ms: fc.oneof(fc.integer({ min: 0, max: 60 }), fc.integer({ min: 0, max: 3_000 })),
  fate,
});
/** What every call of the table takes besides. */
const slownessMs = fc.oneof(
  { weight: 3, arbitrary: fc.constant(0) },
  { weight: 1, arbitrary: fc.integer({ min: 0, max: 12_000 }) },
);
const lateMs = fc.oneof(
  { weight: 4, arbitrary: fc.constant(0) },
  { weight: 2, arbitrary: fc.integer({ min: 0, max: 600 }) },
  { weight: 1, arbitrary: fc.integer({ min: 0, max: 20_000 }) },
);
const sequence = fc.record({
  instance: fc.nat({ max: 3 }),
  lane: fc.constantFrom('live' as const, 'backfill' as const),
  beginsMs: fc.integer({ min: 0, max: 100_000 }),
  requests: fc.integer({ min: 1, max: 25 }),
});
const mishap = fc.record({
  kind: fc.constantFrom('crash' as const, 'block' as const),
  instance: fc.nat({ max: 3 }),
  atMs: fc.integer({ min: 0, max: 200_000 }),
  ms: fc.integer({ min: 1, max: 40_000 }),
});

describe('whatever comes when', () => {
  it('no minute at the server holds more requests than the limit, and none come while Graph has said to wait', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.oneof(fc.integer({ min: 1, max: 12 }), fc.constantFrom(50, 600)),
        fc.integer({ min: 1_250, max: 5_000 }),
        fc.array(fc.double({ min: -0.5, max: 0.5, noNaN: true }), { minLength: 4, maxLength: 4 }),
        fc.array(sequence, { minLength: 1, maxLength: 10, size: 'max' }),
        fc.array(mishap, { maxLength: 3 }),
        slownessMs,
        fc.infiniteStream(call),
        fc.infiniteStream(lateMs),
        fc.infiniteStream(fc.oneof(fc.constantFrom(0, 1), fc.double({ min: 0, max: 1, noNaN: true }))),
        async (limit, marginMs, skews, sequences, mishaps, slowMs, calls, lates, fractions) => {
          const { skewMs, networkMs } = shares(marginMs);
          const world = new BudgetWorld(() => {
            const { ms, ...fate } = calls.next().value as Call;
            return { ms: ms + slowMs, ...fate };
          });
          const { time } = world;
          const fraction = (): number => fractions.next().value as number;
          const make = (i: number): SharedBudget =>
            world.instance({
              requestsPerMinute: limit,
              appRequestsPerMinute: 600,
              marginMs,
              aheadMs: (skews[i] ?? 0) * skewMs,
              lateMs: () => lates.next().value as number,
              random: () => Math.min(fraction(), 0.999),
            });
          const lives = skews.map((_, i) => ({ budget: make(i), isDead: false }));
          const arrivals: number[] = [];
          /** When each instance said that its own requests may leave. */
          const sent: { instance: number; atMs: number }[] = [];
          const blocks: { instance: number; fromMs: number; untilMs: number }[] = [];
          const request = async (instance: number, lane: 'live' | 'backfill'): Promise<void> => {
            const life = lives[instance];
            if (life === undefined) return;
            try {
              await life.budget.take(lane);
            } catch (error) {
              expect(error).toMatchObject({ kind: 'budget', transient: true });
              await time.sleep(20_000);
              return;
            }
            if (life.isDead) return;
            sent.push({ instance, atMs: time.nowMs });
            await time.sleep(fraction() * networkMs);
            arrivals.push(time.nowMs);
          };
          const work = sequences.map(async ({ instance, lane, beginsMs, requests }) => {
            await time.sleep(beginsMs);
            for (let i = 0; i < requests; i++) await request(instance, lane);
          });
          for (const { kind, instance, atMs, ms } of mishaps) {
            time.at(START_MS + atMs, () => {
              const life = lives[instance];
              if (life === undefined) return;
              if (kind === 'crash') {
                life.isDead = true;
                lives[instance] = { budget: make(instance), isDead: false };
                return;
              }
              blocks.push({ instance, fromMs: time.nowMs, untilMs: time.nowMs + ms });
              work.push(life.budget.blockFor(ms).catch(() => undefined));
            });
          }
          await time.run();
          await Promise.all(work);
          expect(most(arrivals)).toBeLessThanOrEqual(limit);
          for (const { instance, fromMs, untilMs } of blocks) {
            const crashed = mishaps.some(
              (one) => one.kind === 'crash' && one.instance === instance && START_MS + one.atMs > fromMs,
            );
            if (crashed) continue;
            const broken = sent.filter(
              (one) => one.instance === instance && one.atMs > fromMs && one.atMs < untilMs,
            );
            expect(broken).toEqual([]);
          }
        },
      ),
      { numRuns: 150 },
    );
  });
});

describe('all delays within the margin', () => {
  const MARGIN_MS = 2_500;

  /** Most requests in a minute over all ways in which so many of them can be moved by the two bounds of the margin. */
  function worst(limit: number, spacedFor: number, requests: number): number {
    const pace = paceOf(limit, spacedFor);
    let worstCount = 0;
    for (let delays = 0; delays < 2 ** requests; delays++) {
      const arrivals: number[] = [];
      let state = UNUSED;
      for (let i = 0; i < requests; i++) {
        const isLate = ((delays >> i) & 1) === 1;
        // Asked for by a clock that is behind or ahead, so that slots are as early as can be.
        const nowMs = START_MS + (isLate ? -0.5 : 0.5) * shares(MARGIN_MS).skewMs;
        const decision = decidePermit(state, { ...pace, nowMs, lane: 'live', waitedMs: 0 });
        const slotMs =
          decision.kind === 'granted' ? (decision.slotsMs[0] ?? 0) : state.lastSlotMs + pace.spacingMs;
        state = { ...state, lastSlotMs: slotMs };
        arrivals.push(slotMs + (isLate ? MARGIN_MS : 0));
      }
      worstCount = Math.max(worstCount, most(arrivals));
    }
    return worstCount;
  }

  it.each([1, 2, 3, 4, 5])('keep a limit of %i, each of all combinations', (limit) => {
    expect(worst(limit, MARGIN_MS, 2 * limit + 2)).toBe(limit);
  });

  it.each([1, 2, 3, 4, 5])('would break a limit of %i if requests were spaced for less', (limit) => {
    expect(worst(limit, MARGIN_MS - 2 * limit, 2 * limit + 2)).toBe(limit + 1);
  });
});
