import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compareInstants, parseInstant } from '../../src/graph/instant.ts';

const TICKS_A_MS = 10_000;
const instant = fc.record({
  epochMs: fc.integer({ min: -62_135_596_800_000, max: 253_402_300_799_999 }),
  ticks: fc.integer({ min: 0, max: TICKS_A_MS - 1 }),
});
/** As Graph writes it: seven digits. */
const text = ({ epochMs, ticks }: { epochMs: number; ticks: number }): string =>
  new Date(epochMs).toISOString().replace('Z', `${String(ticks).padStart(4, '0')}Z`);

describe('parseInstant', () => {
  it.each([
    ['2026-11-23T10:59:59.9999999Z', '2026-11-23T10:59:59.999Z', 9_999],
    ['2026-11-23T11:00:00Z', '2026-11-23T11:00:00.000Z', 0],
    ['2026-11-23T11:00:00.1Z', '2026-11-23T11:00:00.100Z', 0],
    ['2026-11-23T11:00:00.123456789Z', '2026-11-23T11:00:00.123Z', 4_567],
    ['2026-11-23T11:00:00+00:00', '2026-11-23T11:00:00.000Z', 0],
    ['2026-11-23T11:00:00.0000001+05:30', '2026-11-23T05:30:00.000Z', 1],
    ['2028-02-29T00:00:00Z', '2028-02-29T00:00:00.000Z', 0],
    ['0001-01-01T00:00:00Z', '0001-01-01T00:00:00.000Z', 0],
  ])('reads %s', (written, ms, ticks) => {
    expect(parseInstant(written)).toEqual({ epochMs: Date.parse(ms), ticks });
  });

  it.each([
    ['2026-02-30T00:00:00Z'],
    ['2027-02-29T00:00:00Z'],
    ['2026-11-23T24:00:00Z'],
    ['2026-11-23T11:60:00Z'],
    ['2026-11-23'],
    ['2026-11-23T11:00:00'],
    ['2026-11-23T11:00:00.Z'],
    ['2026-11-23T11:00:00.1234567890Z'],
    ['2026-11-23T11:00:00+15:00'],
    ['2026-11-23 11:00:00Z'],
    [' 2026-11-23T11:00:00Z'],
    [''],
  ])('reads no instant from %j', (written) => {
    expect(parseInstant(written)).toBeUndefined();
  });

  it('returns every instant that was written, to 100 ns', () => {
    fc.assert(
      fc.property(instant, (given) => {
        expect(parseInstant(text(given))).toEqual(given);
      }),
    );
  });

  it('reads the same instant with any offset', () => {
    const minutes = fc.integer({ min: -14 * 60, max: 14 * 60 });
    const modern = fc.record({
      epochMs: fc.integer({ min: 0, max: 4e12 }),
      ticks: fc.integer({ min: 0, max: 9_999 }),
    });
    fc.assert(
      fc.property(modern, minutes, (given, offset) => {
        const wall = text({ ...given, epochMs: given.epochMs + offset * 60_000 });
        const two = (n: number): string => String(n).padStart(2, '0');
        const size = Math.abs(offset);
        const zone = `${offset < 0 ? '-' : '+'}${two(Math.floor(size / 60))}:${two(size % 60)}`;
        expect(parseInstant(wall.replace('Z', zone))).toEqual(given);
      }),
    );
  });

  it('orders instants as their texts are ordered', () => {
    fc.assert(
      fc.property(instant, instant, (a, b) => {
        const [textA, textB] = [text(a), text(b)];
        expect(Math.sign(compareInstants(a, b))).toBe(textA < textB ? -1 : textA > textB ? 1 : 0);
      }),
    );
  });
});
