import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  expectedWithin,
  LONGEST_ROUND_TRIP_MS,
  observe,
  type RoundTrip,
} from '../../../src/graph/budget/roundTrip.ts';

const after = (...answersMs: number[]): RoundTrip | undefined =>
  answersMs.reduce<RoundTrip | undefined>(observe, undefined);
const times = <T>(count: number, value: T): T[] => Array.from({ length: count }, () => value);

describe('the time in which an answer is expected', () => {
  it('is none before the first one, and after that twice what it took', () => {
    expect(expectedWithin(undefined)).toBe(0);
    expect(expectedWithin(after(400))).toBe(800);
  });

  it('comes close to what every answer takes, and follows when that changes', () => {
    expect(expectedWithin(after(...times(40, 500)))).toBeCloseTo(500, 0);
    expect(expectedWithin(after(...times(40, 20), ...times(40, 2_000)))).toBeGreaterThan(1_950);
    expect(expectedWithin(after(...times(40, 2_000), ...times(60, 20)))).toBeLessThan(40);
  });

  it('covers nearly all of answers that vary', () => {
    const answersMs = Array.from({ length: 400 }, (_, i) => 1_000 + ((i * 617) % 2_000));
    let seen: RoundTrip | undefined;
    let late = 0;
    for (const ms of answersMs) {
      if (seen !== undefined && ms > expectedWithin(seen)) late += 1;
      seen = observe(seen, ms);
    }
    expect(late).toBeLessThan(0.1 * answersMs.length);
  });

  it('is never negative nor longer than is looked ahead, whatever a clock says', () => {
    fc.assert(
      fc.property(fc.array(fc.double({ min: -1e12, max: 1e12, noNaN: true })), (answersMs) => {
        const withinMs = expectedWithin(after(...answersMs));
        expect(withinMs).toBeGreaterThanOrEqual(0);
        expect(withinMs).toBeLessThanOrEqual(LONGEST_ROUND_TRIP_MS);
      }),
    );
  });
});
