import type { Entity } from '../../../src/storage/tables.ts';
import { columnDifferences, isInstant, told } from './differences.ts';
import { type Columns, expectedEntities, type ExpectedEntities } from './entities.ts';
import type { Fold } from './fold.ts';

/** Keys of a partition that are neither totals nor breakdowns. */
const isOther = (rowKey: string): boolean => rowKey.startsWith('!') && !rowKey.startsWith('!by|');

/** The totals and breakdowns of a day or a month are those of a fold, every column of them. */
export function totalsDifferences(what: string, entities: Iterable<Entity>, fold: Fold): string[] {
  const found: ExpectedEntities = { totals: new Map(), breakdowns: new Map() };
  const differences: string[] = [];
  for (const { rowKey, properties } of entities) {
    if (isOther(rowKey)) continue;
    found[rowKey.startsWith('!') ? 'breakdowns' : 'totals'].set(rowKey, properties);
    if (!isInstant(properties['updatedAt'])) {
      differences.push(`${what} ${rowKey}: updatedAt is ${told(properties['updatedAt'])}`);
    }
  }
  const expected = expectedEntities(fold);
  return [
    ...differences,
    ...keyedDifferences(`${what} totals`, found.totals, expected.totals),
    ...keyedDifferences(`${what} breakdown`, found.breakdowns, expected.breakdowns),
  ];
}

function keyedDifferences(
  what: string,
  found: ReadonlyMap<string, Columns>,
  expected: ReadonlyMap<string, Columns>,
): string[] {
  const differences: string[] = [];
  for (const [key, columns] of expected) {
    const have = found.get(key);
    if (have === undefined) differences.push(`${what} ${key}: is missing`);
    else differences.push(...columnDifferences(`${what} ${key}`, have, columns, ['updatedAt']));
  }
  for (const key of found.keys()) {
    if (!expected.has(key)) differences.push(`${what} ${key}: belongs to no row`);
  }
  return differences;
}

/** Keys that begin with `!` and are nothing that belongs into the partition. */
export const strangeKeys = (what: string, keys: Iterable<string>, known: RegExp): string[] =>
  [...keys]
    .filter((key) => isOther(key) && !known.test(key))
    .map((key) => `${what} ${key}: nothing that belongs there`);

/** A head at rest: whole, nobody at work, no trouble. */
export function headDifferences(what: string, { properties }: Entity): string[] {
  const { generation, writer, step, foldVersion, updatedAt } = properties;
  const differences = columnDifferences(
    what,
    { complete: properties['complete'], open: properties['open'], lastError: properties['lastError'] },
    { complete: true, open: false, lastError: undefined },
  );
  const isCount = (value: unknown): boolean => typeof value === 'number' && value >= 1;
  if (!isCount(generation)) differences.push(`${what}: generation is ${told(generation)}`);
  if (!isCount(step)) differences.push(`${what}: step is ${told(step)}`);
  if (typeof writer !== 'string' || writer === '') differences.push(`${what}: writer is ${told(writer)}`);
  if (typeof foldVersion !== 'string' || foldVersion === '') {
    differences.push(`${what}: foldVersion is ${told(foldVersion)}`);
  }
  if (!isInstant(updatedAt)) differences.push(`${what}: updatedAt is ${told(updatedAt)}`);
  return differences;
}

/** All partitions are folded by one version of the code. */
export function versionDifferences(what: string, heads: readonly Entity[]): string[] {
  const versions = new Set(heads.map(({ properties }) => properties['foldVersion']));
  if (versions.size <= 1) return [];
  return [`${what}: folded by different versions: ${[...versions].map(told).join(', ')}`];
}
