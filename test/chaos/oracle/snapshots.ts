import type { Call } from './call.ts';
import { columnDifferences, differs, mapDifferences, objectIn } from './differences.ts';
import type { Columns } from './entities.ts';
import type { Facts } from './facts.ts';
import { countedCalls, type Fold, type FoldedBlob, foldCalls, type Sums } from './fold.ts';
import { blobsOfVector } from './reader.ts';

type Fields = Readonly<Record<string, unknown>>;

/** A snapshot, and what the blobs that it names came to. */
export interface Snapshot {
  name: string;
  fields: Fields;
  vector: Fields;
  /** The calls that count. */
  calls: readonly Call[];
  fold: Fold;
  /** What is wrong with it. */
  differences: string[];
}

const known = new WeakMap<Facts, Map<string, Snapshot | undefined>>();

/** Undefined if there is none. Looked at once, however often it is named. */
export function snapshotOf(name: string, facts: Facts): Snapshot | undefined {
  const ofFacts = known.get(facts) ?? new Map<string, Snapshot | undefined>();
  known.set(facts, ofFacts);
  if (!ofFacts.has(name)) ofFacts.set(name, readSnapshot(name, facts));
  return ofFacts.get(name);
}

function readSnapshot(name: string, { final }: Facts): Snapshot | undefined {
  const text = final.control.text(name);
  if (text === undefined) return undefined;
  const differences: string[] = [];
  const fields = objectIn(text) ?? {};
  const vector = (fields['vector'] ?? {}) as Fields;
  const blobs = blobsOfVector(name, vector, final.history, differences);
  const calls = countedCalls(blobs);
  const fold = foldCalls(calls);
  const { date, generation, writer } = fields;
  differences.push(
    ...differs(`${name}: v`, fields['v'], 1),
    ...differs(
      `${name}: its name`,
      name,
      `snapshots/v1/${String(date)}/${String(generation)}-${String(writer)}.json`,
    ),
    ...differs(`${name}: rows`, fields['rows'], fold.rows),
    ...mapDifferences(`${name}: repeated`, textsIn(fields['repeated']), textsIn(repeatedIds(blobs, calls))),
    ...listDifferences(`${name}: totals`, fields['totals'], fold.users.map(userFields)),
    ...listDifferences(`${name}: breakdowns`, fields['breakdowns'], fold.values.map(valueFields)),
  );
  return { name, fields, vector, calls, fold, differences };
}

/** By window, the ids that count from another one, sorted. */
function repeatedIds(blobs: readonly FoldedBlob[], counted: readonly Call[]): Record<string, string[]> {
  const counts = new Set(counted);
  const repeated: Record<string, string[]> = {};
  for (const { windowId, calls } of blobs) {
    const ids = calls.filter((call) => !counts.has(call)).map(({ id }) => id ?? '');
    if (ids.length > 0) repeated[windowId] = ids.sort();
  }
  return repeated;
}

const textsIn = (lists: unknown): Record<string, string> =>
  Object.fromEntries(
    Object.entries((lists ?? {}) as Fields).map(([name, list]) => [name, JSON.stringify(list)]),
  );

const userFields = (user: Fold['users'][number]): Columns => ({
  ...asFields(user),
  userPrincipalName: user.userPrincipalName ?? NONE,
  userDisplayName: user.userDisplayName ?? NONE,
  userId: user.userId ?? NONE,
  currency: user.currency ?? NONE,
  firstCallAt: user.firstCallAt,
  lastCallAt: user.lastCallAt,
});

const valueFields = (one: Fold['values'][number]): Columns => ({
  ...asFields(one),
  dimension: one.dimension,
  value: one.value ?? NONE,
  currency: one.currency ?? NONE,
});

/** Stands for null, which no column holds. */
const NONE = '(null)';

const asFields = (sums: Sums): Columns => ({
  calls: sums.calls,
  callsIn: sums.callsIn,
  callsOut: sums.callsOut,
  durationSeconds: sums.seconds,
  chargeMicros: String(sums.chargeMicros),
  connectionChargeMicros: String(sums.connectionMicros),
  callsUnpriced: sums.callsUnpriced,
});

const KEY_FIELDS = ['dimension', 'value', 'userId', 'currency'];
const keyOf = (fields: Columns): string => JSON.stringify(KEY_FIELDS.map((name) => fields[name] ?? ''));

/** The items of a list, whatever their order, field by field. */
function listDifferences(what: string, found: unknown, expected: readonly Columns[]): string[] {
  if (!Array.isArray(found)) return [`${what} is no list`];
  const items = new Map<string, Columns>();
  for (const item of found as Fields[]) {
    const fields = Object.fromEntries(
      Object.entries(item).map(([name, value]) => [name, (value ?? NONE) as string | number]),
    );
    items.set(keyOf(fields), fields);
  }
  const wanted = new Map(expected.map((fields) => [keyOf(fields), fields]));
  return [
    ...differs(`${what}: their number`, found.length, expected.length),
    ...[...items.keys()].filter((key) => !wanted.has(key)).map((key) => `${what} ${key}: belongs to no row`),
    ...[...wanted].flatMap(([key, fields]) => {
      const item = items.get(key);
      return item === undefined
        ? [`${what} ${key}: is missing`]
        : columnDifferences(`${what} ${key}`, item, fields);
    }),
  ];
}
