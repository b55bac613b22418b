import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseInstant } from '../../src/graph/instant.ts';
import { startHour } from '../../src/landing/startHour.ts';
import { WINDOW_MS } from '../../src/windows/grid.ts';

const TEN = Date.parse('2026-11-23T10:00:00Z');

describe('the window in which a call started', () => {
  it.each([
    ['2026-11-23T10:00:00Z', TEN, true],
    ['2026-11-23T10:00:00.0Z', TEN, true],
    ['2026-11-23T10:00:00.0000000Z', TEN, true],
    ['2026-11-23T10:00:00.00000009Z', TEN, true],
    ['2026-11-23T10:00:00.01Z', TEN, false],
    ['2026-11-23T10:00:00.0000001Z', TEN, false],
    ['2026-11-23T10:59:59.9999999Z', TEN, false],
    ['2026-11-23T10:59:59.999999999Z', TEN, false],
    ['2026-11-23T11:00:00.0000000Z', TEN + WINDOW_MS, true],
    ['2026-11-23T12:00:00+02:00', TEN, true],
    ['2026-11-23T05:45:00.5-04:30', TEN, false],
  ])('of %s', (text, hourMs, onTheHour) => {
    expect(startHour(text)).toEqual({ hourMs, onTheHour });
  });

  it.each([
    '',
    'today',
    '2026-11-23',
    '2026-13-01T10:00:00Z',
    '2026-11-31T10:00:00Z',
    '2026-11-23T24:00:00Z',
    '2026-11-23T10:00:00',
  ])('is unknown for %j', (text) => {
    expect(startHour(text)).toBeUndefined();
  });

  it('agrees with the exact instant', () => {
    const text = fc
      .tuple(
        fc.date({ min: new Date(0), max: new Date('2100-01-01T00:00:00Z'), noInvalidDate: true }),
        fc.stringMatching(/^(\.\d{1,9})?$/),
        fc.constantFrom('Z', '+00:00', '+05:30', '-11:00'),
      )
      .map(([date, fraction, offset]) => `${date.toISOString().slice(0, 19)}${fraction}${offset}`);
    fc.assert(
      fc.property(text, (start) => {
        const instant = parseInstant(start);
        if (instant === undefined) throw new Error(`no instant: ${start}`);
        const hourMs = Math.floor(instant.epochMs / WINDOW_MS) * WINDOW_MS;
        expect(startHour(start)).toEqual({
          hourMs,
          onTheHour: instant.epochMs === hourMs && instant.ticks === 0,
        });
      }),
    );
  });
});
