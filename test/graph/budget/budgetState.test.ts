import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  block,
  type BudgetState,
  countUse,
  decidePermit,
  FURTHEST_SLOT_MS,
  LONGEST_BLOCK_MS,
  mend,
  nextSlotMs,
  UNUSED,
} from '../../../src/graph/budget/budgetState.ts';
import { LONGEST_ROUND_TRIP_MS } from '../../../src/graph/budget/roundTrip.ts';
import { paceOf, spacingMs } from '../../../src/graph/budget/spacing.ts';

const NOW_MS = Date.parse('2026-11-24T06:00:00.000Z');
const PACE = { spacingMs: 1_251, atOnce: 1 };
const state = (changes: Partial<BudgetState>): BudgetState => ({ ...UNUSED, ...changes });
const lane = fc.constantFrom('live' as const, 'backfill' as const);

describe('spacing', () => {
  it('is 1.251 s for 50 a minute and a margin of 2.5 s, and 1.281 s for 4 s', () => {
    expect(spacingMs(50, 2_500)).toBe(1_251);
    expect(spacingMs(50, 4_000)).toBe(1_281);
  });

  it('makes one request more than the limit span more than a minute and the margin', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 100_000 }),
        fc.integer({ min: 0, max: 60_000 }),
        (limit, marginMs) => {
          expect(limit * spacingMs(limit, marginMs)).toBeGreaterThan(60_000 + marginMs);
        },
      ),
    );
  });
});

describe('a permit', () => {
  it('is for now, one spacing after the last one, or the end of a block, whichever is latest', () => {
    expect(nextSlotMs(UNUSED, NOW_MS, 10)).toBe(NOW_MS);
    expect(nextSlotMs(state({ lastSlotMs: NOW_MS - 4 }), NOW_MS, 10)).toBe(NOW_MS + 6);
    expect(nextSlotMs(state({ lastSlotMs: NOW_MS, blockedUntilMs: NOW_MS + 40 }), NOW_MS, 10)).toBe(
      NOW_MS + 40,
    );
  });

  it('is taken together with the next ones where they are close', () => {
    const decision = decidePermit(UNUSED, { nowMs: NOW_MS, lane: 'live', spacingMs: 100, atOnce: 3 });
    expect(decision).toMatchObject({
      slotsMs: [NOW_MS, NOW_MS + 100, NOW_MS + 200],
      state: { lastSlotMs: NOW_MS + 200 },
    });
  });

  it('is never earlier than the last one and a spacing, whoever asks, by whatever clock', () => {
    const request = fc.record({
      nowMs: fc.integer({ min: NOW_MS - 10_000_000, max: NOW_MS + 10_000_000 }),
      lane,
      limit: fc.integer({ min: 1, max: 10_000 }),
      waitedMs: fc.integer({ min: 0, max: 10_000_000 }),
      leadMs: fc.integer({ min: 0, max: LONGEST_ROUND_TRIP_MS }),
      slots: fc.integer({ min: 1, max: 1_000 }),
    });
    fc.assert(
      fc.property(fc.array(request, { maxLength: 40 }), (requests) => {
        let present = UNUSED;
        for (const { limit, ...one } of requests) {
          const pace = paceOf(limit, 2_500);
          const decision = decidePermit(present, { ...pace, ...one });
          if (decision.kind === 'later') continue;
          const { slotsMs } = decision;
          expect(slotsMs.length).toBeGreaterThan(0);
          expect(slotsMs.length).toBeLessThanOrEqual(one.slots);
          expect(slotsMs[0]).toBeGreaterThanOrEqual(one.nowMs + one.leadMs);
          [present.lastSlotMs, ...slotsMs].reduce((before, slotMs) => {
            expect(slotMs - before).toBeGreaterThan(pace.spacingMs - 0.001);
            return slotMs;
          });
          expect(decision.state.lastSlotMs).toBe(slotsMs.at(-1));
          // What was just taken would be mended away otherwise.
          expect(mend(decision.state, one.nowMs)).toBe(decision.state);
          present = decision.state;
        }
      }),
    );
  });

  it('is always within reach of live before it is in reach of a backfill, however long that has waited', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 60_000 }),
        fc.integer({ min: 0, max: 100_000 }),
        fc.integer({ min: 1, max: 10_000 }),
        fc.integer({ min: 0, max: LONGEST_ROUND_TRIP_MS }),
        (aheadMs, waitedMs, limit, leadMs) => {
          const pace = { ...paceOf(limit, 2_500), leadMs };
          const taken = state({ lastSlotMs: NOW_MS + aheadMs });
          const ofBackfill = decidePermit(taken, { ...pace, nowMs: NOW_MS, lane: 'backfill', waitedMs });
          const ofLive = decidePermit(taken, { ...pace, nowMs: NOW_MS, lane: 'live' });
          if (ofBackfill.kind === 'granted') expect(ofLive.kind).toBe('granted');
          else if (ofLive.kind === 'later') expect(ofLive.atMs).toBeLessThan(ofBackfill.atMs);
        },
      ),
    );
  });

  it('that is out of reach comes into reach at the time that was said, and by waiting', () => {
    const taken = state({ lastSlotMs: NOW_MS + 20_000 });
    const request = { ...PACE, lane: 'backfill' as const };
    const decision = decidePermit(taken, { ...request, nowMs: NOW_MS });
    if (decision.kind !== 'later') throw new Error('it was in reach');
    expect(decidePermit(taken, { ...request, nowMs: decision.atMs - 1 }).kind).toBe('later');
    expect(decidePermit(taken, { ...request, nowMs: decision.atMs }).kind).toBe('granted');
    expect(decidePermit(taken, { ...request, nowMs: decision.atMs - 3_000, waitedMs: 24_000 }).kind).toBe(
      'granted',
    );
  });

  it('is for the time at which the table will have answered, and no slot is taken that nobody can use', () => {
    const request = { ...PACE, nowMs: NOW_MS, lane: 'live' as const, leadMs: 2_000 };
    expect(decidePermit(UNUSED, request)).toMatchObject({ slotsMs: [NOW_MS + 2_000] });
    expect(decidePermit(state({ lastSlotMs: NOW_MS + 1_000 }), request)).toMatchObject({
      slotsMs: [NOW_MS + 2_251],
    });
    // What is in reach is so by the time of the answer, too.
    const furthestMs = NOW_MS + 2_000 + 11 * 1_251;
    expect(decidePermit(state({ lastSlotMs: furthestMs }), request)).toMatchObject({
      slotsMs: [furthestMs + 1_251],
    });
    expect(decidePermit(state({ lastSlotMs: furthestMs + 1 }), request)).toMatchObject({
      kind: 'later',
      atMs: NOW_MS + 1,
    });
  });

  it('comes with as many others as are wanted and in reach', () => {
    const slots = (aheadMs: number, slots: number): number[] => {
      const taken = state({ lastSlotMs: NOW_MS + aheadMs - 1_251 });
      const decision = decidePermit(taken, { ...PACE, nowMs: NOW_MS, lane: 'backfill', slots });
      if (decision.kind === 'later') throw new Error('it was not granted');
      expect(decision.state.lastSlotMs).toBe(decision.slotsMs.at(-1));
      return decision.slotsMs.map((slotMs) => slotMs - NOW_MS);
    };
    expect(slots(0, 3)).toEqual([0, 1_251, 2_502]);
    expect(slots(0, 100)).toHaveLength(8);
    expect(slots(6 * 1_251, 100)).toEqual([6 * 1_251, 7 * 1_251]);
    expect(slots(7 * 1_251, 100)).toEqual([7 * 1_251]);
  });
});

describe('the requests of an hour', () => {
  it('are those that were made in it, even by a clock that is a little behind', () => {
    const live = { live: 1, backfill: 0 };
    const before = countUse(UNUSED, NOW_MS - 5_000, live);
    expect(before.use).toEqual({ hourMs: NOW_MS - 3_600_000, live: 1, backfill: 0 });
    const next = countUse(before, NOW_MS + 5_000, { live: 0, backfill: 11 });
    expect(next.use).toEqual({ hourMs: NOW_MS, live: 0, backfill: 11 });
    expect(countUse(next, NOW_MS - 100, live).use).toEqual({ hourMs: NOW_MS, live: 1, backfill: 11 });
    const ofWrongClock = state({ use: { hourMs: NOW_MS + 86_400_000, live: 5, backfill: 5 } });
    expect(countUse(ofWrongClock, NOW_MS + 20_000, live).use).toEqual({
      hourMs: NOW_MS,
      live: 1,
      backfill: 0,
    });
  });

  it('are fewer again by those that were not made after all, and never less than none', () => {
    const counted = countUse(UNUSED, NOW_MS, { live: 3, backfill: 1 });
    expect(countUse(counted, NOW_MS, { live: -1, backfill: -2 }).use).toMatchObject({ live: 2, backfill: 0 });
  });
});

describe('a state that only a wrong clock can have written', () => {
  it('is mended: all stands still for a minute at most, and blocks last a day', () => {
    const wrong = state({ lastSlotMs: NOW_MS + 86_400_000, blockedUntilMs: NOW_MS + 2 * 86_400_000 });
    expect(mend(wrong, NOW_MS)).toEqual({
      ...wrong,
      lastSlotMs: NOW_MS + FURTHEST_SLOT_MS,
      blockedUntilMs: NOW_MS + LONGEST_BLOCK_MS + FURTHEST_SLOT_MS,
    });
  });

  it('is told from a right one', () => {
    const right = state({ lastSlotMs: NOW_MS + 40_000, blockedUntilMs: NOW_MS + LONGEST_BLOCK_MS + 1_000 });
    expect(mend(right, NOW_MS)).toBe(right);
  });
});

describe('a block', () => {
  it('is never shortened', () => {
    expect(block(block(UNUSED, NOW_MS + 9), NOW_MS).blockedUntilMs).toBe(NOW_MS + 9);
  });
});
