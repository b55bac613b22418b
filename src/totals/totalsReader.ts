import type { Table } from '../storage/tables.ts';
import { readDayHead, type StoredDayHead } from './dayHead.ts';
import { fromEntity, type StoredTotals } from './entities.ts';
import { RESERVED_KEY_PREFIX } from './tableKey.ts';

export { readDayHead, type StoredDayHead } from './dayHead.ts';
export type { StoredTotals } from './entities.ts';

const MAX_READS = 5;

export interface DayReading {
  /** Undefined: the day was never folded. */
  head: StoredDayHead | undefined;
  totals: StoredTotals[];
  /** False: the totals were being replaced each time they were read; some may be older than others. */
  consistent: boolean;
}

/**
 * The totals of a day. Entities come in pages, so the head is read before and after them: only if it has not
 * moved do they belong together. Tried a few times, then given as they are.
 */
export async function readDay(table: Table, date: string): Promise<DayReading> {
  for (let reads = 1; ; reads += 1) {
    const before = await readDayHead(table, date);
    const totals: StoredTotals[] = [];
    for await (const entity of table.query(date)) {
      if (!entity.rowKey.startsWith(RESERVED_KEY_PREFIX)) totals.push(fromEntity(entity));
    }
    const head = await readDayHead(table, date);
    const whole = head === undefined ? totals.length === 0 : head.complete;
    const consistent = whole && head?.etag === before?.etag;
    if (consistent || reads === MAX_READS) return { head, totals, consistent };
  }
}
