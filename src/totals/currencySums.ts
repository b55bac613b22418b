import type { UserTotals } from './fold.ts';
import { formatMicros } from './money.ts';
import { addMeasures, type Measures, noMeasures } from './measures.ts';

/** Sums of a day's calls in one currency; money as decimal text with 6 places. */
export interface CurrencySums {
  /** Null for calls without one. */
  currency: string | null;
  calls: number;
  callsUnpriced: number;
  durationSeconds: number;
  charge: string;
  connectionCharge: string;
}

/** In the order of currencies, none first. */
export function currencySums(totals: readonly UserTotals[]): CurrencySums[] {
  const sums = new Map<string | null, Measures>();
  for (const one of totals) {
    const known = sums.get(one.currency) ?? noMeasures();
    addMeasures(known, one);
    sums.set(one.currency, known);
  }
  return [...sums]
    .sort(([a], [b]) => ((a ?? '') < (b ?? '') ? -1 : (a ?? '') > (b ?? '') ? 1 : a === null ? -1 : 1))
    .map(([currency, { calls, callsUnpriced, durationSeconds, chargeMicros, connectionChargeMicros }]) => ({
      currency,
      calls,
      callsUnpriced,
      durationSeconds,
      charge: formatMicros(chargeMicros),
      connectionCharge: formatMicros(connectionChargeMicros),
    }));
}
