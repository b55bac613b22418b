import type { Entity } from '../../../src/storage/tables.ts';
import { differs, mapDifferences, objectIn } from './differences.ts';
import type { Facts } from './facts.ts';
import { snapshotOf } from './snapshots.ts';

/** The snapshot that a day's head names holds what the head speaks of. */
export function snapshotDifferences(what: string, { properties }: Entity, facts: Facts): string[] {
  const { snapshot: name } = properties;
  if (typeof name !== 'string') return [`${what}: names no snapshot`];
  const snapshot = snapshotOf(name, facts);
  if (snapshot === undefined) return [`${what}: its snapshot ${name} is gone`];
  const { fields, vector, differences } = snapshot;
  return [
    ...differences,
    ...mapDifferences(`${what}: vector of its snapshot`, vector, objectIn(properties['vector']) ?? {}),
    ...differs(`${what}: rows in its snapshot`, fields['rows'], properties['rows']),
    ...differs(`${what}: rejected in its snapshot`, fields['rejected'], properties['rejected']),
    ...differs(`${what}: foldVersion in its snapshot`, fields['foldVersion'], properties['foldVersion']),
  ];
}
