import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { coverageOf, mergeSpans, missingSpans, type Span } from '../../src/report/coverage.ts';

const HOUR = 3_600_000;
const START = Date.parse('2026-11-20T00:00:00Z');
const hours = (from: number, to: number): Span => ({ fromMs: START + from * HOUR, toMs: START + to * HOUR });
const anySpans = fc.array(
  fc.tuple(fc.nat(40), fc.integer({ min: 1, max: 8 })).map(([from, length]) => hours(from, from + length)),
);
/** The hours that lie in any of the spans: another way to say the same. */
const hoursOf = (spans: readonly Span[]): Set<number> =>
  new Set(
    spans.flatMap(({ fromMs, toMs }) =>
      Array.from({ length: (toMs - fromMs) / HOUR }, (_, i) => fromMs / HOUR + i),
    ),
  );

describe('spans', () => {
  it('that touch or overlap merge, whatever their order, and hold the same hours', () => {
    fc.assert(
      fc.property(anySpans, (spans) => {
        const merged = mergeSpans(spans);
        expect(hoursOf(merged)).toEqual(hoursOf(spans));
        for (const [i, span] of merged.entries()) {
          expect(span.fromMs).toBeGreaterThan(merged[i - 1]?.toMs ?? -Infinity);
        }
      }),
    );
  });

  it('that are missing are exactly the hours that no span covers', () => {
    fc.assert(
      fc.property(anySpans, fc.nat(30), fc.integer({ min: 1, max: 20 }), (spans, from, length) => {
        const whole = hours(from, from + length);
        const covered = hoursOf(spans);
        const expected = [...hoursOf([whole])].filter((hour) => !covered.has(hour));
        expect(hoursOf(missingSpans(whole, spans))).toEqual(new Set(expected));
      }),
    );
  });
});

describe('coverage', () => {
  it('is nothing before anything was read', () => {
    expect(coverageOf([], undefined)).toEqual({ from: undefined, to: undefined, gaps: [] });
  });

  it('goes from the first to the last window read, with the gaps between', () => {
    expect(coverageOf([hours(3, 4), hours(0, 1), hours(1, 2)], undefined)).toEqual({
      from: '2026-11-20T00:00:00Z',
      to: '2026-11-20T04:00:00Z',
      gaps: [{ from: '2026-11-20T02:00:00Z', to: '2026-11-20T03:00:00Z', hours: 1 }],
    });
  });

  it('names what was promised and not read, before and after', () => {
    const { gaps } = coverageOf([hours(2, 4)], hours(0, 6));
    expect(gaps).toEqual([
      { from: '2026-11-20T00:00:00Z', to: '2026-11-20T02:00:00Z', hours: 2 },
      { from: '2026-11-20T04:00:00Z', to: '2026-11-20T06:00:00Z', hours: 2 },
    ]);
  });

  it('calls nothing a gap that nobody promised: a range read by command long before', () => {
    const { gaps, from } = coverageOf([hours(0, 1), hours(20, 22)], hours(20, 22));
    expect(from).toBe('2026-11-20T00:00:00Z');
    expect(gaps).toEqual([]);
  });
});
