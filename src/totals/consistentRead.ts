import type { Entity, Table } from '../storage/tables.ts';
import type { FenceHead, HeadKind, Stored } from './fence.ts';

const MAX_READS = 5;

export interface Reading<H extends FenceHead> {
  /** Undefined: the partition was never folded. */
  head: Stored<H> | undefined;
  /** False: the partition was being replaced each time it was read; some entities may be older than others. */
  consistent: boolean;
}

/**
 * Entities come in pages, so the head is read before and after them: only if it has not moved do they belong
 * together. Tried a few times, then given as they are.
 * @param toItem undefined for an entity that is none of those wanted.
 */
export async function readConsistently<H extends FenceHead, T>(
  { table, kind, partition }: { table: Table; kind: Pick<HeadKind<H>, 'read'>; partition: string },
  range: { from: string; below: string } | undefined,
  toItem: (entity: Entity) => T | undefined,
): Promise<Reading<H> & { items: T[] }> {
  for (let reads = 1; ; reads += 1) {
    const before = await kind.read(table, partition);
    const items: T[] = [];
    for await (const entity of table.query(partition, range)) {
      const item = toItem(entity);
      if (item !== undefined) items.push(item);
    }
    const head = await kind.read(table, partition);
    const whole = head === undefined ? items.length === 0 : head.complete;
    const consistent = whole && head?.etag === before?.etag;
    if (consistent || reads === MAX_READS) return { head, items, consistent };
  }
}
