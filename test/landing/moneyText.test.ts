import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { moneyFault, moneyText } from '../../src/landing/moneyText.ts';

describe('moneyText', () => {
  it.each([
    [0, '0.000000'],
    [-0, '0.000000'],
    [1, '1.000000'],
    [0.1, '0.100000'],
    [0.012, '0.012000'],
    [0.123456, '0.123456'],
    [0.000001, '0.000001'],
    [-0.05, '-0.050000'],
    [-3, '-3.000000'],
    [123456.789, '123456.789000'],
    [999999999.999999, '999999999.999999'],
    [JSON.parse('0.1000000000000000055') as number, '0.100000'],
  ])('writes %d with exactly six decimals', (value, text) => {
    expect(moneyText(value)).toBe(text);
  });

  it.each([
    [1e-7, '1e-7 has more than 6 decimals'],
    [1.5e-7, '1.5e-7 has more than 6 decimals'],
    [0.1234567, '0.1234567 has more than 6 decimals'],
    [0.1 + 0.2, '0.30000000000000004 has more than 6 decimals'],
    [1e9, '1000000000 is not below 1,000,000,000'],
    [-1e9, '-1000000000 is not below 1,000,000,000'],
    [1e21, '1e+21 is not below 1,000,000,000'],
    [Infinity, 'Infinity is not below 1,000,000,000'],
    [NaN, 'NaN is not below 1,000,000,000'],
  ])('refuses %d', (value, fault) => {
    expect(moneyText(value)).toBeUndefined();
    expect(moneyFault(value)).toBe(fault);
  });

  it('loses nothing: every amount of micro-units comes back', () => {
    const micros = fc.bigInt({ min: -(10n ** 15n) + 1n, max: 10n ** 15n - 1n });
    fc.assert(
      fc.property(micros, (amount) => {
        const value = Number(amount) / 1e6;
        const text = moneyText(value);
        expect(text).toMatch(/^-?\d+\.\d{6}$/);
        expect(BigInt((text ?? '').replace('.', ''))).toBe(amount);
        expect(JSON.parse(text ?? '')).toBe(value);
      }),
    );
  });
});
