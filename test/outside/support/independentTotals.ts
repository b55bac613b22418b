/** The measures of a call, from whatever read it. Money is a decimal as text, or null. */
export interface MeasuredCall {
  userId: string | null;
  startDateTime: string | null;
  duration: number | null;
  charge: string | null;
  connectionCharge: string | null;
  currency: string | null;
}

export interface IndependentTotal {
  calls: number;
  durationSeconds: bigint;
  chargeMicros: bigint;
  connectionChargeMicros: bigint;
}

/**
 * Daily totals by `<date>|<user>|<currency>`, calculated by nothing that the pipeline is made of: what the
 * table `dailyTotals` has to say about the same calls.
 */
export function independentTotals(calls: readonly MeasuredCall[]): Map<string, IndependentTotal> {
  const totals = new Map<string, IndependentTotal>();
  for (const call of calls) {
    const date = (call.startDateTime ?? '').slice(0, 10);
    const user = call.userId === null || call.userId.trim() === '' ? '-' : call.userId.toLowerCase();
    const currency = call.currency === null || call.currency.trim() === '' ? '---' : call.currency;
    const key = `${date}|${user}|${currency}`;
    const total = totals.get(key) ?? {
      calls: 0,
      durationSeconds: 0n,
      chargeMicros: 0n,
      connectionChargeMicros: 0n,
    };
    total.calls += 1;
    total.durationSeconds += BigInt(call.duration ?? 0);
    total.chargeMicros += microsOf(call.charge ?? '0');
    total.connectionChargeMicros += microsOf(call.connectionCharge ?? '0');
    totals.set(key, total);
  }
  return totals;
}

/** A decimal of at most six places, in millionths. Zeros at its end change nothing. */
export function microsOf(decimal: string): bigint {
  const match = /^(-?)(\d+)(?:\.(\d{1,6})0*)?$/.exec(decimal);
  if (match === null) throw new RangeError(`not a decimal of six places: ${decimal}`);
  const [, sign = '', whole = '', fraction = ''] = match;
  return BigInt(`${sign}${whole}${fraction.padEnd(6, '0')}`);
}
