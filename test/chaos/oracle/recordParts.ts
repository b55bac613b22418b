import { decimal } from '../../support/expectedDay.ts';
import { differs, objectIn, unmatched } from './differences.ts';
import type { Fold } from './fold.ts';
import type { RowChanges } from './rowChanges.ts';

/** Only what is expected is looked at. */
export const fieldDifferences = (
  what: string,
  found: Readonly<Record<string, unknown>>,
  expected: Readonly<Record<string, unknown>>,
): string[] =>
  Object.entries(expected).flatMap(([name, value]) => differs(`${what}: ${name}`, found[name], value));

/** The rows that a record lists, against those that changed. */
export function rowDifferences(what: string, rows: unknown, changes: RowChanges): string[] {
  const found = (rows ?? {}) as Record<string, unknown>;
  return (['came', 'went', 'changed'] as const).flatMap((kind) => {
    const list = Array.isArray(found[kind]) ? (found[kind] as unknown[]) : [];
    const { missing, added } = unmatched(
      list.map((one) => JSON.stringify(one)),
      changes[kind],
    );
    return [
      ...missing.map((one) => `${what}: rows ${kind}: ${one} is missing`),
      ...added.map((one) => `${what}: rows ${kind}: ${one} too much`),
    ];
  });
}

/** Sums by currency, each a text of JSON. */
export const sumsOf = ({ currencies }: Fold): string[] =>
  currencies.map((one) =>
    JSON.stringify({
      currency: one.currency,
      calls: one.calls,
      callsUnpriced: one.callsUnpriced,
      durationSeconds: one.seconds,
      charge: decimal(one.chargeMicros),
      connectionCharge: decimal(one.connectionMicros),
    }),
  );

/** The sums on both sides, as a record and its entity give them. */
export function sumsDifferences(
  what: string,
  found: Readonly<Record<string, unknown>>,
  before: readonly string[],
  after: readonly string[],
): string[] {
  return Object.entries({ before, after }).flatMap(([side, expected]) => {
    const list = found[side];
    if (!Array.isArray(list)) return [`${what}: ${side} is no list`];
    const { missing, added } = unmatched(
      list.map((one) => JSON.stringify(one)),
      expected,
    );
    return [
      ...missing.map((one) => `${what}: ${side}: sums ${one} are missing`),
      ...added.map((one) => `${what}: ${side}: sums ${one} are wrong`),
    ];
  });
}

/** The list that a column holds. */
export function listIn(text: unknown): unknown {
  return objectIn(`{"list":${typeof text === 'string' ? text : 'null'}}`)?.['list'];
}
