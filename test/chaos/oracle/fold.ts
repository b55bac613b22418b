import { type Call, DIMENSIONS } from './call.ts';

/** Sums over calls of one currency; amounts in micro-units. */
export interface Sums {
  calls: number;
  callsIn: number;
  callsOut: number;
  seconds: number;
  chargeMicros: bigint;
  connectionMicros: bigint;
  callsUnpriced: number;
}

export interface UserSums extends Sums {
  userId: string | null;
  currency: string | null;
  userPrincipalName: string | null;
  userDisplayName: string | null;
  firstCallAt: string;
  lastCallAt: string;
}

export interface ValueSums extends Sums {
  dimension: string;
  value: string | null;
  currency: string | null;
}

export interface CurrencySums extends Sums {
  currency: string | null;
}

export interface Fold {
  rows: number;
  users: UserSums[];
  values: ValueSums[];
  /** In the order of currencies, none first. */
  currencies: CurrencySums[];
}

/** One raw blob of a day. */
export interface FoldedBlob {
  windowId: string;
  claim: number;
  calls: readonly Call[];
}

/** The calls of a day: an id that stands in several blobs counts from that of the largest claim, then of the latest window. */
export function countedCalls(blobs: readonly FoldedBlob[]): Call[] {
  const newestFirst = [...blobs].sort((a, b) => b.claim - a.claim || (a.windowId < b.windowId ? 1 : -1));
  const taken = new Set<string>();
  return newestFirst.flatMap(({ calls }) =>
    calls.filter(({ id }) => {
      if (id === null) return true;
      if (taken.has(id)) return false;
      taken.add(id);
      return true;
    }),
  );
}

/** Everything that is summed of calls, in whatever order they come. */
export function foldCalls(calls: readonly Call[]): Fold {
  const inOrder = [...calls].sort(byTime);
  const users = new Map<string, UserSums>();
  const values = new Map<string, ValueSums>();
  const currencies = new Map<string | null, CurrencySums>();
  for (const call of inOrder) {
    const { userId, currency, startDateTime } = call;
    const user = made(users, call.userKey, () => ({
      userId,
      currency,
      userPrincipalName: null,
      userDisplayName: null,
      firstCallAt: startDateTime,
      lastCallAt: startDateTime,
      ...NOTHING,
    }));
    add(user, call);
    user.userPrincipalName = call.userPrincipalName ?? user.userPrincipalName;
    user.userDisplayName = call.userDisplayName ?? user.userDisplayName;
    user.lastCallAt = startDateTime;
    for (const [at, dimension] of DIMENSIONS.entries()) {
      const value = call.values[at] ?? null;
      add(
        made(values, call.valueKeys[at] ?? '', () => ({ dimension, value, currency, ...NOTHING })),
        call,
      );
    }
    add(
      made(currencies, currency, () => ({ currency, ...NOTHING })),
      call,
    );
  }
  return {
    rows: calls.length,
    users: [...users.values()],
    values: [...values.values()],
    currencies: [...currencies.values()].sort(byCurrency),
  };
}

const NOTHING: Sums = {
  calls: 0,
  callsIn: 0,
  callsOut: 0,
  seconds: 0,
  chargeMicros: 0n,
  connectionMicros: 0n,
  callsUnpriced: 0,
};

function add(sums: Sums, call: Call): void {
  sums.calls += 1;
  if (call.direction === 'in') sums.callsIn += 1;
  if (call.direction === 'out') sums.callsOut += 1;
  sums.seconds += call.seconds;
  sums.chargeMicros += call.chargeMicros ?? 0n;
  sums.connectionMicros += call.connectionMicros ?? 0n;
  if (call.chargeMicros === null) sums.callsUnpriced += 1;
}

function made<K, T>(all: Map<K, T>, key: K, make: () => T): T {
  let one = all.get(key);
  if (one === undefined) all.set(key, (one = make()));
  return one;
}

/** By start, then id (none first), then all that the row says. */
function byTime(a: Call, b: Call): number {
  const later = a.startMs - b.startMs || a.startTicks - b.startTicks;
  if (later !== 0) return later;
  const [idA, idB] = [a.id ?? '', b.id ?? ''];
  if (idA !== idB) return idA < idB ? -1 : 1;
  return a.line < b.line ? -1 : a.line > b.line ? 1 : 0;
}

const byCurrency = (a: CurrencySums, b: CurrencySums): number => {
  if (a.currency === null || b.currency === null) return a.currency === null ? -1 : 1;
  return a.currency < b.currency ? -1 : 1;
};
