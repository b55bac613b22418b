import type { Entity, EntityProperties, TableOperation } from '../storage/tables.ts';
import { RESERVED_KEY_PREFIX } from './tableKey.ts';

export interface EntityDiff {
  /** New or changed entities as whole replacements, and deletions of those nobody wants any more. */
  operations: TableOperation[];
  upserts: number;
  deletes: number;
  unchanged: number;
}

/**
 * What has to be written so that a partition holds exactly the wanted entities. Equal ones are left alone, so
 * that their ETags and `updatedAt` tell when a value last changed; another `updatedAt` alone is no change.
 * Keys that begin with `!` are not looked at.
 */
export async function diffEntities(
  present: AsyncIterable<Entity>,
  wanted: ReadonlyMap<string, EntityProperties>,
): Promise<EntityDiff> {
  const missing = new Map(wanted);
  const deletes: TableOperation[] = [];
  let unchanged = 0;
  for await (const { rowKey, properties } of present) {
    if (rowKey.startsWith(RESERVED_KEY_PREFIX)) continue;
    const want = wanted.get(rowKey);
    if (want === undefined) deletes.push({ kind: 'delete', rowKey });
    else if (sameValues(properties, want)) {
      missing.delete(rowKey);
      unchanged += 1;
    }
  }
  const upserts = [...missing].map(([rowKey, properties]): TableOperation => ({
    kind: 'replace',
    rowKey,
    properties,
  }));
  return {
    operations: [...upserts, ...deletes],
    upserts: upserts.length,
    deletes: deletes.length,
    unchanged,
  };
}

function sameValues(a: EntityProperties, b: EntityProperties): boolean {
  for (const name of new Set([...Object.keys(a), ...Object.keys(b)])) {
    if (name !== 'updatedAt' && a[name] !== b[name]) return false;
  }
  return true;
}
