import { startText, type TestBlob, type TestCall } from './calls.ts';

/** What a total has to be, as text, so that differences read well. */
export interface ExpectedTotals {
  userId: string | null;
  currency: string | null;
  userPrincipalName: string | null;
  userDisplayName: string | null;
  calls: number;
  callsIn: number;
  callsOut: number;
  durationSeconds: number;
  chargeMicros: string;
  connectionChargeMicros: string;
  callsUnpriced: number;
  firstCallAt: string;
  lastCallAt: string;
}

export interface ExpectedDay {
  totals: ExpectedTotals[];
  rows: number;
  repeatedIds: number;
}

interface Placed extends TestCall {
  hour: number;
  claim: number;
}

/** The totals of a day by the book, one pass over all calls for each figure. Shares no code with the product. */
export function expectedDay(date: string, blobs: readonly TestBlob[]): ExpectedDay {
  const all = blobs.flatMap(({ hour, claim, calls }) => calls.map((call) => ({ ...call, hour, claim })));
  const counted = all.filter(
    (call) => call.id === null || !all.some((other) => other.id === call.id && rank(other) > rank(call)),
  );
  const groups = new Map<string, Placed[]>();
  for (const call of counted) {
    const key = JSON.stringify([userOf(call), currencyOf(call)]);
    groups.set(key, [...(groups.get(key) ?? []), call]);
  }
  return {
    totals: [...groups.values()].map((calls) => totalsOf(date, calls)).sort(byKey),
    rows: counted.length,
    repeatedIds: all.length - counted.length,
  };
}

export const byKey = (
  a: { userId: string | null; currency: string | null },
  b: { userId: string | null; currency: string | null },
): number => (JSON.stringify([a.userId, a.currency]) < JSON.stringify([b.userId, b.currency]) ? -1 : 1);

const rank = ({ claim, hour }: Placed): number => claim * 100 + hour;
const blankToNull = (text: string | null): string | null =>
  text === null || /^\s*$/.test(text) ? null : text;
const userOf = (call: Placed): string | null => blankToNull(call.userId)?.toLowerCase() ?? null;
const currencyOf = (call: Placed): string | null => blankToNull(call.currency);
const sum = (values: (number | null)[]): bigint =>
  values.reduce((total, value) => total + BigInt(value ?? 0), 0n);

function totalsOf(date: string, calls: readonly Placed[]): ExpectedTotals {
  const inOrder = [...calls].sort(
    (a, b) => a.hour - b.hour || a.ticks - b.ticks || ((a.id ?? '') < (b.id ?? '') ? -1 : 1),
  );
  const [first] = inOrder;
  const last = inOrder.at(-1);
  if (first === undefined || last === undefined) throw new Error('a group without calls');
  const latest = (of: (call: Placed) => string | null): string | null => {
    const having = inOrder.filter((call) => blankToNull(of(call)) !== null);
    const newest = having.at(-1);
    // Calls that share start and id (none) are told apart by the text.
    const equals = having.filter(
      (call) => call.hour === newest?.hour && call.ticks === newest.ticks && call.id === newest.id,
    );
    return equals.map(of).sort().at(-1) ?? null;
  };
  return {
    userId: userOf(first),
    currency: currencyOf(first),
    userPrincipalName: latest((call) => call.userPrincipalName),
    userDisplayName: latest((call) => call.userDisplayName),
    calls: calls.length,
    callsIn: calls.filter(({ callType }) => /^[^_]*_in(_|$)/.test(callType ?? '')).length,
    callsOut: calls.filter(({ callType }) => /^[^_]*_out(_|$)/.test(callType ?? '')).length,
    durationSeconds: Number(sum(calls.map(({ duration }) => duration))),
    chargeMicros: String(sum(calls.map(({ chargeMicros }) => chargeMicros))),
    connectionChargeMicros: String(sum(calls.map(({ connectionMicros }) => connectionMicros))),
    callsUnpriced: calls.filter(({ chargeMicros }) => chargeMicros === null).length,
    firstCallAt: startText(date, first.hour, first.ticks),
    lastCallAt: startText(date, last.hour, last.ticks),
  };
}
