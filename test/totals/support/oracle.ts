import { startText, type TestBlob, type TestCall, toLine } from './calls.ts';

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

/** What a breakdown has to be. */
export type ExpectedBreakdown = Omit<
  ExpectedTotals,
  'userId' | 'userPrincipalName' | 'userDisplayName' | 'firstCallAt' | 'lastCallAt'
> & { dimension: string; value: string | null };

export interface ExpectedDay {
  totals: ExpectedTotals[];
  breakdowns: ExpectedBreakdown[];
  rows: number;
  repeatedIds: number;
}

interface Placed extends TestCall {
  hour: number;
  claim: number;
}

/** The totals of a day by the book, one pass over all calls for each figure. Shares no code with the product. */
export function expectedDay(date: string, blobs: readonly TestBlob[]): ExpectedDay {
  const all = placed(blobs);
  const counted = countedOf(all);
  const groups = new Map<string, Placed[]>();
  for (const call of counted) {
    const key = JSON.stringify([userOf(call), currencyOf(call)]);
    groups.set(key, [...(groups.get(key) ?? []), call]);
  }
  return {
    totals: [...groups.values()].map((calls) => totalsOf(date, calls)).sort(byKey),
    breakdowns: DIMENSIONS.flatMap((dimension) => breakdownsOf(dimension, counted)).sort(byKey),
    rows: counted.length,
    repeatedIds: all.length - counted.length,
  };
}

/** The rows that count, as text, in a fixed order. */
export const countedLines = (date: string, blobs: readonly TestBlob[]): string[] =>
  countedOf(placed(blobs))
    .map((call) => toLine(date, call.hour, call))
    .sort();

const placed = (blobs: readonly TestBlob[]): Placed[] =>
  blobs.flatMap(({ hour, claim, calls }) => calls.map((call) => ({ ...call, hour, claim })));

const countedOf = (all: readonly Placed[]): Placed[] =>
  all.filter(
    (call) => call.id === null || !all.some((other) => other.id === call.id && rank(other) > rank(call)),
  );

/** Order of totals and of breakdowns. */
export const byKey = (a: Keyed, b: Keyed): number => (keyOf(a) < keyOf(b) ? -1 : 1);

interface Keyed {
  userId?: string | null;
  dimension?: string;
  value?: string | null;
  currency: string | null;
}
const keyOf = ({ dimension, value, userId, currency }: Keyed): string =>
  JSON.stringify([dimension ?? null, value ?? null, userId ?? null, currency]);

const DIMENSIONS = [
  'callType',
  'usageCountryCode',
  'destinationName',
  'licenseCapability',
  'inventoryType',
  'operator',
] as const;

function breakdownsOf(dimension: (typeof DIMENSIONS)[number], all: readonly Placed[]): ExpectedBreakdown[] {
  const values = new Set(all.map((call) => JSON.stringify([blankToNull(call[dimension]), currencyOf(call)])));
  return [...values].map((key) => {
    const [value, currency] = JSON.parse(key) as [string | null, string | null];
    const calls = all.filter(
      (call) => blankToNull(call[dimension]) === value && currencyOf(call) === currency,
    );
    return { dimension, value, currency, ...measuresOf(calls) };
  });
}

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
    ...measuresOf(calls),
    firstCallAt: startText(date, first.hour, first.ticks),
    lastCallAt: startText(date, last.hour, last.ticks),
  };
}

const measuresOf = (calls: readonly Placed[]) => ({
  calls: calls.length,
  callsIn: calls.filter(({ callType }) => /^[^_]*_in(_|$)/.test(callType ?? '')).length,
  callsOut: calls.filter(({ callType }) => /^[^_]*_out(_|$)/.test(callType ?? '')).length,
  durationSeconds: Number(sum(calls.map(({ duration }) => duration))),
  chargeMicros: String(sum(calls.map(({ chargeMicros }) => chargeMicros))),
  connectionChargeMicros: String(sum(calls.map(({ connectionMicros }) => connectionMicros))),
  callsUnpriced: calls.filter(({ chargeMicros }) => chargeMicros === null).length,
});
