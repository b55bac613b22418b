import type { Entity } from '../../../src/storage/tables.ts';
import { columnDifferences, differs, isInstant, objectIn, told, unmatched } from './differences.ts';
import type { Facts } from './facts.ts';
import { HOUR_MS } from './hours.ts';
import { fieldDifferences, listIn, rowDifferences, sumsDifferences, sumsOf } from './recordParts.ts';
import { rowChanges } from './rowChanges.ts';
import { type Snapshot, snapshotOf } from './snapshots.ts';

const RESTATED = '!restated|';

interface Day {
  what: string;
  date: string;
  facts: Facts;
  /** Of the day's partition, by number. */
  restatements: Entity[];
  settled: Snapshot;
}

/**
 * The restatements of a day lead from the totals with which it was settled to those of now, without a gap: each
 * begins with the rows with which the one before it ended, and each changes a row.
 */
export function chainDifferences(
  date: string,
  { properties: head }: Entity,
  partition: ReadonlyMap<string, Entity>,
  facts: Facts,
): string[] {
  const what = `day ${date}`;
  const restatements = [...partition.values()]
    .filter(({ rowKey }) => rowKey.startsWith(RESTATED))
    .sort((a, b) => numberOf(a) - numberOf(b));
  const differences = [
    ...differs(`${what} head: restatements`, head['restatements'], restatements.length),
    ...restatements.flatMap(({ rowKey }, at) =>
      differs(`${what}: key of restatement ${at + 1}`, rowKey, `${RESTATED}${at + 1}`),
    ),
  ];
  const { settledSnapshot } = head;
  if (head['state'] === 'provisional') {
    return [...differences, ...differs(`${what} head: settledSnapshot`, settledSnapshot, undefined)];
  }
  if (typeof settledSnapshot !== 'string')
    return [...differences, `${what} head: settledSnapshot is missing`];
  const settled = snapshotOf(settledSnapshot, facts);
  if (settled === undefined)
    return [...differences, `${what} head: settledSnapshot ${settledSnapshot} is gone`];
  const day: Day = { what, date, facts, restatements, settled };
  const now = typeof head['snapshot'] === 'string' ? snapshotOf(head['snapshot'], facts) : undefined;
  return [
    ...differences,
    ...settled.differences,
    ...settlementDifferences(day),
    ...linkDifferences(day, now),
  ];
}

const numberOf = ({ rowKey }: Entity): number => Number(rowKey.slice(RESTATED.length));

/** Record 0 says with which totals the day was settled, which could not be before it was over. */
function settlementDifferences({ what, date, settled, facts }: Day): string[] {
  const name = recordName(0, settled.name);
  const record = objectIn(facts.final.control.text(name));
  if (record === undefined) return [`${what}: record ${name} of the settlement is missing`];
  const { settleHours, clocksApartMs = 0 } = facts.final;
  const earliestMs = Date.parse(`${date}T00:00:00Z`) + (24 + settleHours) * HOUR_MS - clocksApartMs;
  const { at } = record;
  const early =
    isInstant(at) && Date.parse(at) >= earliestMs ? [] : [`${what}: settled too early, at ${told(at)}`];
  const expected = { ...fixed(date, 0), previous: null, from: null, to: settled.name, ...NO_COUNTS };
  return [
    ...early,
    ...fieldDifferences(`${what}: record ${name}`, record, expected),
    ...sumsDifferences(`${what}: record ${name}`, record, [], sumsOf(settled.fold)),
  ];
}

const fixed = (date: string, n: number) => ({ v: 1, date, n });
const NO_COUNTS = { rowsCame: null, rowsWent: null, rowsChanged: null };

function linkDifferences(day: Day, now: Snapshot | undefined): string[] {
  const { what, facts, restatements, settled } = day;
  const differences: string[] = [];
  let last = settled;
  let previous = recordName(0, settled.name);
  for (const [at, { properties }] of restatements.entries()) {
    const n = at + 1;
    const from = snapshotOf(String(properties['from']), facts);
    const to = snapshotOf(String(properties['to']), facts);
    if (from === undefined || to === undefined) {
      differences.push(
        `${what}: snapshot ${told(properties[from === undefined ? 'from' : 'to'])} of restatement ${n} is gone`,
      );
      return differences;
    }
    if (!isSameRows(last, from))
      differences.push(`${what}: restatement ${n} does not begin where ${n - 1} ended`);
    if (isSameRows(from, to)) differences.push(`${what}: restatement ${n} changes no row`);
    differences.push(
      ...from.differences,
      ...to.differences,
      ...restatementDifferences(day, n, properties, { from, to, previous }),
    );
    last = to;
    previous = recordName(n, to.name);
  }
  if (now !== undefined && !isSameRows(last, now)) {
    differences.push(
      `${what}: the rows of now are not those with which ${restatements.length === 0 ? 'it was settled' : 'the last restatement ended'}`,
    );
  }
  return [...new Set(differences)];
}

interface Link {
  from: Snapshot;
  to: Snapshot;
  /** Name of the record before. */
  previous: string;
}

/** What entity and record say, against the rows on both sides. */
function restatementDifferences(
  { what, date, facts }: Day,
  n: number,
  properties: Entity['properties'],
  { from, to, previous }: Link,
): string[] {
  const changes = rowChanges(from.calls, to.calls);
  const counts = {
    rowsCame: changes.came.length,
    rowsWent: changes.went.length,
    rowsChanged: changes.changed.length,
  };
  const named = { from: from.name, to: to.name };
  const record = recordName(n, to.name);
  const entity = `${what}: restatement ${n}`;
  const sums = [sumsOf(from.fold), sumsOf(to.fold)] as const;
  const { before, after, at, ...rest } = properties;
  const differences = [
    ...columnDifferences(entity, rest, { n, ...named, record, ...counts }),
    ...(isInstant(at) ? [] : [`${entity}: at is ${told(at)}`]),
    ...sumsDifferences(entity, { before: listIn(before), after: listIn(after) }, ...sums),
  ];
  const body = objectIn(facts.final.control.text(record));
  if (body === undefined) return [...differences, `${entity}: its record ${record} is missing`];
  return [
    ...differences,
    ...fieldDifferences(`${entity}: record`, body, { ...fixed(date, n), at, previous, ...named, ...counts }),
    ...sumsDifferences(`${entity}: record`, body, ...sums),
    ...rowDifferences(`${entity}: record`, body['rows'], changes),
  ];
}

/** The two folds count the same rows. */
function isSameRows(a: Snapshot, b: Snapshot): boolean {
  if (a === b) return true;
  const { missing, added } = unmatched(
    a.calls.map(({ line }) => line),
    b.calls.map(({ line }) => line),
  );
  return missing.length === 0 && added.length === 0;
}

const recordName = (n: number, snapshot: string): string =>
  snapshot.replace(/^snapshots\/v1\/([^/]+)\//, `restatements/v1/$1/${n}-`);
