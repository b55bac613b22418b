import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BackfillRangeError, planBackfill } from '../../src/windows/backfillRange.ts';
import { DAY_MS, WINDOW_MS } from '../../src/windows/grid.ts';
import { iso, ms } from './memoryLedger.ts';

const now = '2026-11-24T10:30:00Z';
function plan(from: string, to: string) {
  const { fromMs, toMs, windows } = planBackfill({ fromMs: ms(from), toMs: ms(to), nowMs: ms(now) });
  return { from: iso(fromMs), to: iso(toMs), windows: windows.length };
}

describe('the range of a backfill', () => {
  it('is widened to whole hours', () => {
    expect(plan('2026-11-23T08:59:59Z', '2026-11-23T10:00:01Z')).toEqual({
      from: '2026-11-23T08:00:00.000Z',
      to: '2026-11-23T11:00:00.000Z',
      windows: 3,
    });
    expect(plan('2026-11-23T08:00:00Z', '2026-11-23T10:00:00Z').windows).toBe(2);
  });

  it('ends with the last hour that has ended', () => {
    expect(plan('2026-11-24T08:00:00Z', '2026-12-24T00:00:00Z').to).toBe('2026-11-24T10:00:00.000Z');
    expect(plan('2026-11-24T08:00:00Z', '2026-11-24T10:15:00Z').to).toBe('2026-11-24T10:00:00.000Z');
  });

  it.each([
    ['2026-11-23T10:00:00Z', '2026-11-22T10:00:00Z'],
    ['2026-11-23T10:00:00Z', '2026-11-23T10:00:00Z'],
    ['2026-11-23T10:40:00Z', '2026-11-23T10:20:00Z'],
  ])('is refused when it is reversed or empty: %s to %s', (from, to) => {
    expect(() => plan(from, to)).toThrow(BackfillRangeError);
    expect(() => plan(from, to)).toThrow(`begins at ${from}, not before its end ${to}`);
  });

  it('is refused when none of its hours has ended, with the time from which there is one', () => {
    expect(() => plan('2026-11-24T10:05:00Z', '2026-11-24T10:20:00Z')).toThrow(
      'nothing to read yet: the first hour of the range ends at 2026-11-24T11:00:00Z, and it is 2026-11-24T10:30:00Z',
    );
    expect(() => plan('2027-01-01T00:00:00Z', '2027-01-02T00:00:00Z')).toThrow(BackfillRangeError);
  });

  it('is refused when a bound is no instant', () => {
    expect(() => planBackfill({ fromMs: NaN, toMs: ms(now), nowMs: ms(now) })).toThrow(BackfillRangeError);
  });

  it('holds every ended hour that it touches, and no other', () => {
    const base = ms('2026-11-01T00:00:00Z');
    const at = fc.integer({ min: base, max: base + 5 * DAY_MS });
    fc.assert(
      fc.property(at, at, at, (fromMs, toMs, nowMs) => {
        const isTouched = (hour: number) =>
          hour < toMs && hour + WINDOW_MS > fromMs && hour + WINDOW_MS <= nowMs;
        const hours = Array.from({ length: 6 * 24 }, (_, i) => base + i * WINDOW_MS).filter(isTouched);
        if (fromMs >= toMs || hours.length === 0) {
          expect(() => planBackfill({ fromMs, toMs, nowMs })).toThrow(BackfillRangeError);
        } else {
          const { windows } = planBackfill({ fromMs, toMs, nowMs });
          expect(windows.map((window) => window.fromMs)).toEqual(hours);
        }
      }),
    );
  });
});
