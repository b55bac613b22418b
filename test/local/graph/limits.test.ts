import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { createSlidingLimit } from '../../../src/local/graph/limits.ts';

describe('createSlidingLimit', () => {
  it('lets so many through in any 60 seconds, whether a minute of the clock begins in them or not', () => {
    const limit = createSlidingLimit(50);
    const burst = Array.from({ length: 50 }, (_, index) => limit.arrive(59_000 + index));
    expect(burst.every((refusal) => refusal === undefined)).toBe(true);
    expect(limit.arrive(60_500)).toBeDefined();
  });

  it('says when the next one is within the limit again, and keeps the word', () => {
    const limit = createSlidingLimit(2);
    limit.arrive(0);
    limit.arrive(10_000);
    // Arrivals at 0, 10 and 20 s: at 70 s the one at 10 s no longer counts.
    expect(limit.arrive(20_000)).toEqual({ retryAfterMs: 50_000 });
    expect(limit.arrive(70_000)).toBeUndefined();
  });

  it('counts refused requests too', () => {
    const limit = createSlidingLimit(1);
    limit.arrive(0);
    expect(limit.arrive(59_999)).toEqual({ retryAfterMs: 60_000 });
    expect(limit.arrive(60_001)).toBeDefined();
    expect(limit.arrive(120_001)).toBeUndefined();
  });

  it('refuses exactly those before which, in the last 60 seconds, the limit was reached', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 6 }),
        fc.array(fc.integer({ min: 0, max: 40_000 }), { maxLength: 60 }),
        (allowed, gaps) => {
          const limit = createSlidingLimit(allowed);
          const arrivals: number[] = [];
          let nowMs = 0;
          for (const gap of gaps) {
            nowMs += gap;
            const counting = arrivals.filter((at) => at > nowMs - 60_000).length;
            expect(limit.arrive(nowMs) === undefined).toBe(counting < allowed);
            arrivals.push(nowMs);
          }
        },
      ),
    );
  });

  it('refuses a limit that is none', () => {
    expect(() => createSlidingLimit(0)).toThrow(/whole number from 1/);
  });
});
