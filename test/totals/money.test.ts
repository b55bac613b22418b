import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatMicros, parseMoney } from '../../src/totals/money.ts';

describe('money in micro-units', () => {
  it.each([
    [0.1, 100_000n],
    ['0.100000', 100_000n],
    [0, 0n],
    [-0, 0n],
    ['0.000001', 1n],
    [0.000001, 1n],
    [12, 12_000_000n],
    [-0.5, -500_000n],
    ['999999999.999999', 999_999_999_999_999n],
    [999999999.999999, 999_999_999_999_999n],
  ])('reads %s as %s', (value, micros) => {
    expect(parseMoney(value)).toBe(micros);
  });

  it.each([1e-7, 0.1234567, 1e9, -1e9, 1e21, NaN, Infinity, '', '.5', '1.', '1e3', ' 1', '1,5', '+1', '0x1'])(
    'does not read %s',
    (value) => {
      expect(parseMoney(value)).toBeUndefined();
    },
  );

  it('adds 0.1 and 0.2 to exactly 0.3', () => {
    expect((parseMoney(0.1) ?? 0n) + (parseMoney(0.2) ?? 0n)).toBe(parseMoney('0.300000'));
  });

  it('prints 6 places, always', () => {
    expect([0n, 1n, -1n, 1_000_000n, -1_500_000n, 10n ** 15n].map(formatMicros)).toEqual([
      '0.000000',
      '0.000001',
      '-0.000001',
      '1.000000',
      '-1.500000',
      '1000000000.000000',
    ]);
  });

  it('carries every amount through text and through a JSON number unchanged', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: -(10n ** 15n) + 1n, max: 10n ** 15n - 1n }), (micros) => {
        const text = formatMicros(micros);
        expect(parseMoney(text)).toBe(micros);
        expect(parseMoney(Number(text))).toBe(micros);
      }),
    );
  });
});
