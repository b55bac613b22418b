/** Money inside is an integer number of micro-units of its currency: sums are exact, in any order. */
export const MICROS_A_UNIT = 1_000_000n;

/** Amounts lie below this, in either direction: 15 digits, so that a JSON number carries each of them exactly. */
export const MONEY_LIMIT_MICROS = 1_000_000_000n * MICROS_A_UNIT;

const DECIMAL = /^(-?)(\d+)(?:\.(\d{1,6}))?$/;

/**
 * The exact micro-units of a decimal text or of a number, which stands for its shortest text: 0.1 is 100000n.
 * Undefined if that text has more than 6 decimals or an exponent, is no decimal, or reaches 1e9.
 */
export function parseMoney(value: string | number): bigint | undefined {
  const match = DECIMAL.exec(String(value));
  if (match === null) return undefined;
  const [, sign, units = '', fraction = ''] = match;
  const micros = BigInt(units + fraction.padEnd(6, '0'));
  if (micros >= MONEY_LIMIT_MICROS) return undefined;
  return sign === '-' ? -micros : micros;
}

/** Decimal text with exactly 6 places: `-0.500000`. */
export function formatMicros(micros: bigint): string {
  const digits = (micros < 0n ? -micros : micros).toString().padStart(7, '0');
  return `${micros < 0n ? '-' : ''}${digits.slice(0, -6)}.${digits.slice(-6)}`;
}
