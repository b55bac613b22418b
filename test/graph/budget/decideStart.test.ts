import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { block, type BudgetState, UNUSED } from '../../../src/graph/budget/budgetState.ts';
import { decideStart } from '../../../src/graph/budget/decideStart.ts';
import type { Lane } from '../../../src/queues/names.ts';

const NOW_MS = Date.parse('2026-11-24T06:00:00.000Z');
const PACE = { spacingMs: 1_251, atOnce: 1 };
const state = (changes: Partial<BudgetState>): BudgetState => ({ ...UNUSED, ...changes });

describe('a start', () => {
  const request = { ...PACE, nowMs: NOW_MS, lane: 'backfill' as const, requests: 40 };

  it('is granted while few slots are taken ahead, fewer for a backfill', () => {
    const begins = (aheadMs: number, ofLane: 'live' | 'backfill'): boolean =>
      decideStart(state({ lastSlotMs: NOW_MS + aheadMs }), { ...request, lane: ofLane }).kind === 'begin';
    expect([begins(5 * 1_251, 'backfill'), begins(5 * 1_251 + 1, 'backfill')]).toEqual([true, false]);
    expect([begins(10 * 1_251, 'live'), begins(10 * 1_251 + 1, 'live')]).toEqual([true, false]);
  });

  it('is granted to one at a time, a spacing apart, whichever of two clocks is ahead', () => {
    const started = (lane: Lane, apartMs: number): BudgetState =>
      state({ lastStartMs: { ...UNUSED.lastStartMs, [lane]: NOW_MS + apartMs } });
    for (const apartMs of [-1_250, -1, 0, 1, 1_250]) {
      const decision = decideStart(started('backfill', apartMs), request);
      expect(decision).toMatchObject({ kind: 'later', atMs: NOW_MS + 2 * 1_251, why: 'busy' });
    }
    expect(decideStart(started('backfill', -1_251), request)).toMatchObject({
      kind: 'begin',
      state: { lastStartMs: { live: 0, backfill: NOW_MS } },
    });
    // A clock that was far ahead once does not stop everything.
    expect(decideStart(started('backfill', 3_600_000), request).kind).toBe('begin');
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

describe('a live job', () => {
  const live = { ...PACE, nowMs: NOW_MS, lane: 'live' as const, requests: 2 };
  const backfill = { ...PACE, nowMs: NOW_MS, lane: 'backfill' as const, requests: 40 };

  it('takes turns with live jobs alone: no backfill keeps it waiting', () => {
    const byBackfill = decideStart(UNUSED, backfill).state;
    expect(decideStart(byBackfill, live).kind).toBe('begin');
    const byLive = decideStart(UNUSED, live).state;
    expect(decideStart(byLive, live).kind).toBe('later');
    expect(decideStart(byLive, backfill).kind).toBe('later');
  });

  it('that waits for its turn goes before a backfill, unless slots would be left unused', () => {
    const waiting = decideStart(decideStart(UNUSED, live).state, live).state;
    const atMs = NOW_MS + 2 * 1_251;
    const begins = (aheadMs: number): boolean =>
      decideStart({ ...waiting, lastSlotMs: atMs + aheadMs }, { ...backfill, nowMs: atMs }).kind === 'begin';
    expect([begins(0), begins(1)]).toEqual([true, false]);
    // It has had its turn, or never came again: the backfill takes what it may.
    const laterMs = atMs + 1_251;
    expect(
      decideStart({ ...waiting, lastSlotMs: laterMs + 4 * 1_251 }, { ...backfill, nowMs: laterMs }).kind,
    ).toBe('begin');
  });

  it('begins whenever a backfill might, whatever has happened before', () => {
    const aroundNow = fc.integer({ min: NOW_MS - 20_000, max: NOW_MS + 20_000 });
    const both = fc.record({ live: aroundNow, backfill: aroundNow });
    fc.assert(
      fc.property(
        aroundNow,
        aroundNow,
        both,
        both,
        (lastSlotMs, blockedUntilMs, lastStartMs, bookedUntilMs) => {
          const any = state({ lastSlotMs, blockedUntilMs, lastStartMs, bookedUntilMs });
          if (decideStart(any, backfill).kind === 'begin') expect(decideStart(any, live).kind).toBe('begin');
        },
      ),
    );
  });
});

describe('with a slow table', () => {
  const slow = { ...PACE, nowMs: NOW_MS, lane: 'live' as const, requests: 2, leadMs: 2_000 };

  it('as many begin with one write as would one by one until it is answered, and no more', () => {
    let present = UNUSED;
    const kinds = Array.from({ length: 4 }, () => {
      const decision = decideStart(present, slow);
      present = decision.state;
      return decision.kind;
    });
    expect(kinds).toEqual(['begin', 'begin', 'later', 'later']);
  });

  it('that serves others again and again, a live job does not wait for its turn to be stored', () => {
    const taken = state({ lastStartMs: { live: NOW_MS + 2_000, backfill: 0 } });
    expect(decideStart(taken, { ...slow, waitedMs: 2_502, conflicts: 1 }).kind).toBe('later');
    expect(decideStart(taken, { ...slow, waitedMs: 2_503, conflicts: 0 }).kind).toBe('later');
    expect(decideStart(taken, { ...slow, waitedMs: 2_503, conflicts: 1 })).toEqual({
      kind: 'begin',
      state: taken,
    });
    const busy = state({ lastSlotMs: NOW_MS + 30_000 });
    expect(decideStart(busy, { ...slow, waitedMs: 60_000, conflicts: 20 }).kind).toBe('later');
  });

  it('that serves others again and again, a backfill comes back the later, and does not ask for a write', () => {
    const request = { ...slow, lane: 'backfill' as const };
    expect(decideStart(UNUSED, { ...request, conflicts: 5 }).kind).toBe('begin');
    expect(decideStart(UNUSED, { ...request, conflicts: 6 })).toEqual({
      kind: 'later',
      why: 'busy',
      atMs: NOW_MS + 6 * 8 * 1_251,
      state: UNUSED,
    });
  });
});
