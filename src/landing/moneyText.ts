/** Amounts of this size and above are refused: what a double still tells apart would be less than 6 decimals. */
const MONEY_LIMIT = 1e9;
export const MONEY_DECIMALS = 6;
const ZEROS = '0'.repeat(MONEY_DECIMALS);
/** By far the most frequent amount. */
const NOTHING = `0.${ZEROS}`;

/**
 * The decimal with exactly 6 places and no exponent, for example `0.012000`, taken from the shortest text that
 * names the double: no digit is invented and none is lost. Undefined if that is not possible, see {@link moneyFault}.
 */
export function moneyText(value: number): string | undefined {
  if (value === 0) return NOTHING;
  if (!(Math.abs(value) < MONEY_LIMIT)) return undefined;
  const text = String(value);
  const point = text.indexOf('.');
  // Without a point it is whole, or an exponent: JavaScript writes 1e-7, which has too many decimals anyway.
  if (point < 0) return text.includes('e') ? undefined : `${text}.${ZEROS}`;
  const missing = MONEY_DECIMALS - (text.length - point - 1);
  if (missing < 0 || text.includes('e')) return undefined;
  return missing === 0 ? text : text + ZEROS.slice(0, missing);
}

/** Why {@link moneyText} has no text for a number. */
export const moneyFault = (value: number): string =>
  Math.abs(value) < MONEY_LIMIT
    ? `${value} has more than ${MONEY_DECIMALS} decimals`
    : `${value} is not below 1,000,000,000`;
