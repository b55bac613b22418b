import { describe, expect, it } from 'vitest';
import { type BudgetState, UNUSED } from '../../../src/graph/budget/budgetState.ts';
import { type Asks, decideAll } from '../../../src/graph/budget/decideAll.ts';
import type { Lane } from '../../../src/queues/names.ts';

const NOW_MS = Date.parse('2026-11-24T06:00:00.000Z');
const SPACING_MS = 1_251;
const NONE = { live: 0, backfill: 0 };

const permit = (lane: Lane, waitedMs = 0) => ({ lane, sinceMs: NOW_MS - waitedMs });
const decide = (asks: Partial<Asks>, before: BudgetState = UNUSED) =>
  decideAll(before, {
    spacingMs: SPACING_MS,
    atOnce: 1,
    nowMs: NOW_MS,
    leadMs: 0,
    permits: [],
    starts: [],
    uncounted: NONE,
    ...asks,
  });
const slot = (n: number) => ({ slotMs: NOW_MS + n * SPACING_MS });

describe('what is asked for at one time', () => {
  it('is served live first, and of a lane who has waited longest, each with the next slot', () => {
    const { permits, state, spareMs } = decide({
      permits: [permit('backfill', 50), permit('live', 1), permit('backfill', 90), permit('live', 7)],
    });
    expect(permits).toEqual([slot(3), slot(1), slot(2), slot(0)]);
    expect(state?.lastSlotMs).toBe(NOW_MS + 3 * SPACING_MS);
    expect(spareMs).toEqual([]);
  });

  it('gets as many slots as are in reach of its lane, and the others are told when to come again', () => {
    const permits = [...Array<Lane>(9).fill('backfill'), 'live' as const].map((lane) => permit(lane));
    const decided = decide({ permits });
    expect(decided.permits.at(-1)).toEqual(slot(0));
    expect(decided.permits.slice(0, 7)).toEqual([1, 2, 3, 4, 5, 6, 7].map(slot));
    expect(decided.permits.slice(7, 9)).toEqual([
      { atMs: NOW_MS + SPACING_MS },
      { atMs: NOW_MS + SPACING_MS },
    ]);
    expect(decided.state?.lastSlotMs).toBe(NOW_MS + 7 * SPACING_MS);
  });

  it('leaves slots for who comes next where they are close together', () => {
    const { permits, spareMs } = decide({
      spacingMs: 20,
      atOnce: 5,
      permits: [permit('live'), permit('live')],
    });
    expect(permits).toEqual([{ slotMs: NOW_MS }, { slotMs: NOW_MS + 20 }]);
    expect(spareMs).toEqual([NOW_MS + 40, NOW_MS + 60, NOW_MS + 80]);
  });

  it('lets jobs begin after that, live ones first', () => {
    const start = (lane: Lane) => ({ lane, sinceMs: NOW_MS, requests: 10 });
    const { starts, state } = decide({ starts: [start('backfill'), start('live')] });
    expect(starts.map(({ kind }) => kind)).toEqual(['later', 'begin']);
    expect(state?.lastStartMs).toEqual({ live: NOW_MS, backfill: 0 });
  });

  it('is nothing to be stored if nobody is served', () => {
    const busy = { ...UNUSED, lastSlotMs: NOW_MS + 30_000 };
    expect(
      decide({ permits: [permit('live')], uncounted: { live: 2, backfill: 0 } }, busy).state,
    ).toBeUndefined();
    expect(decide({}).state).toBeUndefined();
  });
});

describe('requests', () => {
  it('are counted where they are made: who gets a slot, and what was not counted before', () => {
    const { state } = decide({
      spacingMs: 20,
      atOnce: 11,
      permits: [permit('live'), permit('backfill')],
      uncounted: { live: 3, backfill: -1 },
    });
    expect(state?.use).toMatchObject({ live: 4, backfill: 0 });
  });

  it('are counted without a permit when a sequence has ended', () => {
    const { state } = decide({ uncounted: { live: 3, backfill: 0 }, countNow: true });
    expect(state).toEqual({ ...UNUSED, use: { hourMs: NOW_MS, live: 3, backfill: 0 } });
    expect(decide({ countNow: true }).state).toBeUndefined();
  });
});
