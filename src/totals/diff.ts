import type { Entity, EntityProperties, TableOperation } from '../storage/tables.ts';
import { BREAKDOWN_KEY_PREFIX, RESERVED_KEY_PREFIX } from './tableKey.ts';

export interface EntityDiff {
  /** New or changed entities as whole replacements, and deletions of those nobody wants any more. */
  operations: TableOperation[];
  totals: DiffCounts;
  breakdowns: DiffCounts;
}

export interface DiffCounts {
  upserts: number;
  deletes: number;
  unchanged: number;
}

/**
 * What has to be written so that a partition holds exactly the wanted entities. Equal ones are left alone, so
 * that their ETags and `updatedAt` tell when a value last changed; another `updatedAt` alone is no change.
 * Of the keys that begin with `!` only those of breakdowns are looked at.
 */
export async function diffEntities(
  present: AsyncIterable<Entity>,
  wanted: ReadonlyMap<string, EntityProperties>,
): Promise<EntityDiff> {
  const missing = new Map(wanted);
  const deletes: TableOperation[] = [];
  const counts = {
    totals: { upserts: 0, deletes: 0, unchanged: 0 },
    breakdowns: { upserts: 0, deletes: 0, unchanged: 0 },
  };
  const countsOf = (rowKey: string): DiffCounts =>
    rowKey.startsWith(BREAKDOWN_KEY_PREFIX) ? counts.breakdowns : counts.totals;
  for await (const { rowKey, properties } of present) {
    if (rowKey.startsWith(RESERVED_KEY_PREFIX) && !rowKey.startsWith(BREAKDOWN_KEY_PREFIX)) continue;
    const want = wanted.get(rowKey);
    if (want === undefined) {
      deletes.push({ kind: 'delete', rowKey });
      countsOf(rowKey).deletes += 1;
    } else if (sameValues(properties, want)) {
      missing.delete(rowKey);
      countsOf(rowKey).unchanged += 1;
    }
  }
  const upserts = [...missing].map(([rowKey, properties]): TableOperation => {
    countsOf(rowKey).upserts += 1;
    return { kind: 'replace', rowKey, properties };
  });
  return { operations: [...upserts, ...deletes], ...counts };
}

function sameValues(a: EntityProperties, b: EntityProperties): boolean {
  for (const name of new Set([...Object.keys(a), ...Object.keys(b)])) {
    if (name !== 'updatedAt' && a[name] !== b[name]) return false;
  }
  return true;
}
