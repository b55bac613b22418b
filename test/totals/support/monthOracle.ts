import fc from 'fast-check';
import { BREAKDOWN_DIMENSIONS, type BreakdownDimension } from '../../../src/totals/breakdown.ts';

/** A call as a test of months thinks of it: what was folded into its day's snapshot. */
export interface MonthCall {
  userId: string | null;
  userPrincipalName: string | null;
  userDisplayName: string | null;
  currency: string | null;
  direction: 'in' | 'out' | null;
  seconds: number;
  chargeMicros: bigint | null;
  connectionMicros: bigint;
  /** Minute of the day at which it started. */
  minute: number;
  values: Partial<Record<BreakdownDimension, string>>;
}

export interface ExpectedMeasures {
  calls: number;
  callsIn: number;
  callsOut: number;
  durationSeconds: number;
  chargeMicros: bigint;
  connectionChargeMicros: bigint;
  callsUnpriced: number;
}

export interface ExpectedUser extends ExpectedMeasures {
  userId: string | null;
  currency: string | null;
  userPrincipalName: string | null;
  userDisplayName: string | null;
  firstCallAt: string;
  lastCallAt: string;
}

export interface ExpectedBreakdown extends ExpectedMeasures {
  dimension: BreakdownDimension;
  value: string | null;
  currency: string | null;
}

export interface Expected {
  totals: ExpectedUser[];
  breakdowns: ExpectedBreakdown[];
}

/**
 * Totals by the book: one pass over all calls for each figure, whether they lie in one day or in many. Shares no
 * code with the product, and knows nothing of sums of sums.
 */
export function expectedTotals(days: ReadonlyMap<string, readonly MonthCall[]>): Expected {
  const calls = [...days]
    .flatMap(([date, ofDay]) => ofDay.map((call) => ({ ...call, at: startOf(date, call) })))
    .sort((a, b) => (a.at < b.at ? -1 : a.at > b.at ? 1 : 0));
  type Placed = (typeof calls)[number];
  const latest = (of: readonly Placed[], text: (call: Placed) => string | null): string | null =>
    of.map(text).findLast((one) => one !== null) ?? null;
  const totals = groupsOf(calls, ({ userId, currency }) => [userId, currency]).map((ofUser) => ({
    userId: ofUser[0].userId,
    currency: ofUser[0].currency,
    userPrincipalName: latest(ofUser, (call) => call.userPrincipalName),
    userDisplayName: latest(ofUser, (call) => call.userDisplayName),
    ...measuresOf(ofUser),
    firstCallAt: ofUser[0].at,
    lastCallAt: ofUser.at(-1)?.at ?? '',
  }));
  const breakdowns = BREAKDOWN_DIMENSIONS.flatMap((dimension) =>
    groupsOf(calls, ({ values, currency }) => [values[dimension] ?? null, currency]).map((ofValue) => ({
      dimension,
      value: ofValue[0].values[dimension] ?? null,
      currency: ofValue[0].currency,
      ...measuresOf(ofValue),
    })),
  );
  return { totals: inOrder(totals), breakdowns: inOrder(breakdowns) };
}

const startOf = (date: string, { minute }: MonthCall): string =>
  `${date}T${String(Math.floor(minute / 60)).padStart(2, '0')}:${String(minute % 60).padStart(2, '0')}:00.0000000Z`;

function groupsOf<T>(items: readonly T[], key: (item: T) => (string | null)[]): [T, ...T[]][] {
  const groups = new Map<string, [T, ...T[]]>();
  for (const item of items) {
    const text = JSON.stringify(key(item));
    const group = groups.get(text);
    if (group === undefined) groups.set(text, [item]);
    else group.push(item);
  }
  return [...groups.values()];
}

function measuresOf(calls: readonly MonthCall[]): ExpectedMeasures {
  const count = (is: (call: MonthCall) => boolean): number => calls.filter(is).length;
  return {
    calls: calls.length,
    callsIn: count(({ direction }) => direction === 'in'),
    callsOut: count(({ direction }) => direction === 'out'),
    durationSeconds: calls.reduce((sum, { seconds }) => sum + seconds, 0),
    chargeMicros: calls.reduce((sum, { chargeMicros }) => sum + (chargeMicros ?? 0n), 0n),
    connectionChargeMicros: calls.reduce((sum, { connectionMicros }) => sum + connectionMicros, 0n),
    callsUnpriced: count(({ chargeMicros }) => chargeMicros === null),
  };
}

/** In an order that does not depend on how they were found. */
export function inOrder<T extends object>(items: readonly T[]): T[] {
  const texts = items.map((item) => ({ text: textOf(item), item }));
  return texts.sort((a, b) => (a.text < b.text ? -1 : 1)).map(({ item }) => item);
}

const textOf = (value: object): string =>
  JSON.stringify(value, (_, one: unknown) => (typeof one === 'bigint' ? one.toString() : one));

const maybe = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: null, freq: 4 });
const someText = (...texts: string[]) => maybe(fc.constantFrom(...texts));
const micros = fc.oneof(
  fc.constantFrom(0n, 1n, 100_000n, 200_000n, 999_999_999_999_999n),
  fc.bigInt({ min: -(10n ** 12n), max: 10n ** 15n - 1n }),
);

/** Few users, three currencies and few values, so that they meet often. */
export const anyMonthCall: fc.Arbitrary<MonthCall> = fc.record({
  userId: someText('u1', 'u2', 'u3', 'a/b#c?d%e|f\\g', '---', '!month'),
  userPrincipalName: someText('one@x.test', 'two@x.test'),
  userDisplayName: someText('One', 'Two', '二'),
  currency: someText('USD', 'EUR', 'JPY'),
  direction: maybe(fc.constantFrom('in' as const, 'out' as const)),
  seconds: fc.integer({ min: 0, max: 100_000 }),
  chargeMicros: maybe(micros),
  connectionMicros: micros,
  minute: fc.integer({ min: 0, max: 1439 }),
  values: fc.dictionary(fc.constantFrom(...BREAKDOWN_DIMENSIONS), fc.constantFrom('a', 'b', '-', 'US/CA #1')),
});

/** A call of user-a, ten minutes long, at 0.12 USD. */
export const aMonthCall = (change: Partial<MonthCall> = {}): MonthCall => ({
  userId: 'user-a',
  userPrincipalName: 'a@example.test',
  userDisplayName: 'A',
  currency: 'USD',
  direction: 'out',
  seconds: 600,
  chargeMicros: 120_000n,
  connectionMicros: 0n,
  minute: 480,
  values: { callType: 'user_out', usageCountryCode: 'DE' },
  ...change,
});
