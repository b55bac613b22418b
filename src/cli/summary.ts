import { formatMicros } from '../totals/money.ts';

/** What the summary needs of one user's totals of one day. */
export interface SummedTotals {
  userId: string | null;
  userPrincipalName: string | null;
  userDisplayName: string | null;
  currency: string | null;
  calls: number;
  durationSeconds: number;
  chargeMicros: bigint;
  connectionChargeMicros: bigint;
}

export interface Summary {
  calls: number;
  durationSeconds: number;
  /** By currency, the largest sum first. Money is text with 6 places; currencies are never added. */
  money: {
    currency: string;
    calls: number;
    durationSeconds: number;
    charge: string;
    connectionCharge: string;
  }[];
  /** The users who cost most, in the currency in which most calls were made. */
  topUsers: {
    user: string;
    currency: string;
    calls: number;
    durationSeconds: number;
    /** charge + connectionCharge. */
    cost: string;
  }[];
}

const NO_CURRENCY = '---';
const NO_USER = 'without a user';

/** Sums over days and users: money by currency, and the users who cost most. */
export function summarize(totals: Iterable<SummedTotals>, topUsers: number): Summary {
  const currencies = new Map<string, Sums>();
  const users = new Map<string, Map<string, Sums & { label: string }>>();
  for (const one of totals) {
    const currency = one.currency ?? NO_CURRENCY;
    add(getOrMake(currencies, currency, emptySums), one);
    const ofCurrency = getOrMake(users, currency, () => new Map<string, Sums & { label: string }>());
    const user = getOrMake(ofCurrency, one.userId ?? '', () => ({ ...emptySums(), label: '' }));
    add(user, one);
    user.label = one.userDisplayName ?? one.userPrincipalName ?? one.userId ?? NO_USER;
  }
  const byCalls = [...currencies].sort(([, a], [, b]) => b.calls - a.calls);
  const main = byCalls[0]?.[0] ?? NO_CURRENCY;
  return {
    calls: byCalls.reduce((sum, [, one]) => sum + one.calls, 0),
    durationSeconds: byCalls.reduce((sum, [, one]) => sum + one.durationSeconds, 0),
    money: byCalls.map(([currency, sums]) => ({
      currency,
      calls: sums.calls,
      durationSeconds: sums.durationSeconds,
      charge: formatMicros(sums.chargeMicros),
      connectionCharge: formatMicros(sums.connectionChargeMicros),
    })),
    topUsers: [...(users.get(main)?.values() ?? [])]
      .sort((a, b) => compareMicros(costMicros(b), costMicros(a)) || b.calls - a.calls)
      .slice(0, topUsers)
      .map((user) => ({
        user: user.label,
        currency: main,
        calls: user.calls,
        durationSeconds: user.durationSeconds,
        cost: formatMicros(costMicros(user)),
      })),
  };
}

interface Sums {
  calls: number;
  durationSeconds: number;
  chargeMicros: bigint;
  connectionChargeMicros: bigint;
}

const emptySums = (): Sums => ({
  calls: 0,
  durationSeconds: 0,
  chargeMicros: 0n,
  connectionChargeMicros: 0n,
});

function add(sums: Sums, one: SummedTotals): void {
  sums.calls += one.calls;
  sums.durationSeconds += one.durationSeconds;
  sums.chargeMicros += one.chargeMicros;
  sums.connectionChargeMicros += one.connectionChargeMicros;
}

const costMicros = (sums: Sums): bigint => sums.chargeMicros + sums.connectionChargeMicros;
const compareMicros = (a: bigint, b: bigint): number => (a < b ? -1 : a > b ? 1 : 0);

function getOrMake<K, V>(map: Map<K, V>, key: K, make: () => V): V {
  const present = map.get(key);
  if (present !== undefined) return present;
  const made = make();
  map.set(key, made);
  return made;
}
