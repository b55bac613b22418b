import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  block,
  type BudgetState,
  decidePermit,
  decideStart,
  FURTHEST_SLOT_MS,
  LONGEST_BLOCK_MS,
  mend,
  nextSlotMs,
  UNUSED,
} from '../../../src/graph/budget/budgetState.ts';
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
      state: { lastSlotMs: NOW_MS + 200, use: { live: 3, backfill: 0 } },
    });
  });

  it('is never earlier than the last one and a spacing, whoever asks, by whatever clock', () => {
    const request = fc.record({
      nowMs: fc.integer({ min: NOW_MS - 10_000_000, max: NOW_MS + 10_000_000 }),
      lane,
      limit: fc.integer({ min: 1, max: 10_000 }),
      waitedMs: fc.integer({ min: 0, max: 10_000_000 }),
    });
    fc.assert(
      fc.property(fc.array(request, { maxLength: 40 }), (requests) => {
        let present = UNUSED;
        for (const { limit, ...one } of requests) {
          const pace = paceOf(limit, 2_500);
          const decision = decidePermit(present, { ...pace, ...one });
          if (decision.kind === 'later') continue;
          const { slotsMs } = decision;
          expect(slotsMs).toHaveLength(pace.atOnce);
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
        (aheadMs, waitedMs, limit) => {
          const pace = paceOf(limit, 2_500);
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

  it('is counted for its lane in the hour in which it was taken, even by a clock that is a little behind', () => {
    const take = (before: BudgetState, nowMs: number, ofLane: 'live' | 'backfill') => {
      const decision = decidePermit(before, { ...PACE, nowMs, lane: ofLane, waitedMs: 0 });
      if (decision.kind === 'later') throw new Error('it was not granted');
      return decision.state;
    };
    let present = take(UNUSED, NOW_MS - 5_000, 'live');
    expect(present.use).toEqual({ hourMs: NOW_MS - 3_600_000, live: 1, backfill: 0 });
    present = take(take(present, NOW_MS + 5_000, 'backfill'), NOW_MS - 100, 'live');
    expect(present.use).toEqual({ hourMs: NOW_MS, live: 1, backfill: 1 });
    const ofWrongClock = { ...present, use: { hourMs: NOW_MS + 86_400_000, live: 5, backfill: 5 } };
    expect(take(ofWrongClock, NOW_MS + 20_000, 'live').use).toEqual({ hourMs: NOW_MS, live: 1, backfill: 0 });
  });
});

describe('a start', () => {
  const request = { ...PACE, nowMs: NOW_MS, lane: 'backfill' as const, requests: 40 };

  it('is granted while few slots are taken ahead, fewer for a backfill', () => {
    const begins = (aheadMs: number, ofLane: 'live' | 'backfill'): boolean =>
      decideStart(state({ lastSlotMs: NOW_MS + aheadMs }), { ...request, lane: ofLane }).kind === 'begin';
    expect([begins(4 * 1_251, 'backfill'), begins(4 * 1_251 + 1, 'backfill')]).toEqual([true, false]);
    expect([begins(10 * 1_251, 'live'), begins(10 * 1_251 + 1, 'live')]).toEqual([true, false]);
  });

  it('is granted to one at a time, a spacing apart, whichever of two clocks is ahead', () => {
    for (const apartMs of [-1_250, -1, 0, 1, 1_250]) {
      const decision = decideStart(state({ lastStartMs: NOW_MS + apartMs }), request);
      expect(decision).toMatchObject({ kind: 'later', atMs: NOW_MS + 2 * 1_251, why: 'busy' });
    }
    expect(decideStart(state({ lastStartMs: NOW_MS - 1_251 }), request)).toMatchObject({
      kind: 'begin',
      state: { lastStartMs: NOW_MS },
    });
    // A clock that was far ahead once does not stop everything.
    expect(decideStart(state({ lastStartMs: NOW_MS + 3_600_000 }), request).kind).toBe('begin');
  });

  it('that is refused is given a time of its own, later than that of the job before', () => {
    const busy = state({ lastSlotMs: NOW_MS + 30_000 });
    const first = decideStart(busy, request);
    if (first.kind !== 'later') throw new Error('it began');
    const second = decideStart(first.state, request);
    expect(first.atMs).toBe(NOW_MS + 8 * 1_251);
    expect(second).toMatchObject({ kind: 'later', atMs: first.atMs + 20 * 1_251 });
    // The lanes do not wait for each other.
    expect(decideStart(first.state, { ...request, lane: 'live' })).toMatchObject({
      atMs: NOW_MS + 4 * 1_251,
    });
  });

  it('is not put off by more than ten minutes, however much is booked', () => {
    const booked = state({
      lastSlotMs: NOW_MS + 30_000,
      bookedUntilMs: { live: 0, backfill: NOW_MS + 86_400_000 },
    });
    const decision = decideStart(booked, { ...request, requests: 1_000_000 });
    expect(decision).toMatchObject({ kind: 'later', atMs: NOW_MS + (8 + 480) * 1_251 });
  });

  it('waits for the end of a block, and says why', () => {
    const decision = decideStart(block(UNUSED, NOW_MS + 300_000), request);
    expect(decision).toMatchObject({ kind: 'later', why: 'blocked', atMs: NOW_MS + 300_000 + 8 * 1_251 });
  });
});

describe('a state that only a wrong clock can have written', () => {
  it('is mended: all stands still for a minute at most, and blocks last an hour', () => {
    const wrong = state({ lastSlotMs: NOW_MS + 86_400_000, blockedUntilMs: NOW_MS + 86_400_000 });
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
