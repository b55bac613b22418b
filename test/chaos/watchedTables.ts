import type { Table } from '../../src/storage/tables.ts';
import type { MemoryTable } from '../support/memoryTables.ts';
import { type AcceptedRead, judgeDay } from './oracle/judge.ts';
import type { BlobVersion } from './recordedRaw.ts';

const HEAD = '!day';

/**
 * The table of daily totals, looked at after each change as a reader would: a day that says that it is whole is what
 * the blobs come to that it names, and of none of them does it name an older version than the fold before: whoever
 * claims later has also looked later.
 * @param onFault is told in words
 */
export function watchedTotals(
  inner: MemoryTable,
  history: ReadonlyMap<string, BlobVersion>,
  onFault: (fault: string) => void,
): Table {
  const vectors = new Map<string, Record<string, string>>();
  return {
    ...inner,
    transact: async (partition, operations) => {
      const etags = await inner.transact(partition, operations);
      const head = await inner.get(partition, HEAD);
      if (head?.properties['complete'] !== true) return etags;
      // A run that only shows that it is alive changes nothing.
      if (operations.length === 1 && head.properties['open'] === true) return etags;
      const entities = [];
      for await (const entity of inner.query(partition)) entities.push(entity);
      for (const fault of judgeDay(head, entities, history)) onFault(fault);
      const vector = JSON.parse(String(head.properties['vector'])) as Record<string, string>;
      for (const [windowId, etag] of Object.entries(vectors.get(partition) ?? {})) {
        const now = vector[windowId];
        if (now === undefined || Number(now) >= Number(etag)) continue;
        onFault(`day ${partition}: was folded with ${windowId} as of ${etag}, and then with ${now}`);
      }
      vectors.set(partition, vector);
      return etags;
    },
  };
}

/** The ledger's table, of which every read that it has accepted is kept. */
export function watchedLedger(inner: MemoryTable, reads: AcceptedRead[]): Table {
  const countOf = async (partition: string, windowId: string): Promise<unknown> =>
    (await inner.get(partition, windowId))?.properties['reads'];
  return {
    ...inner,
    transact: async (partition, operations) => {
      const windowIds = operations.map(({ rowKey }) => rowKey);
      const before = await Promise.all(windowIds.map((id) => countOf(partition, id)));
      const etags = await inner.transact(partition, operations);
      for (const [at, windowId] of windowIds.entries()) {
        const properties = (await inner.get(partition, windowId))?.properties ?? {};
        const { lastReadAt } = properties;
        if (typeof lastReadAt !== 'string' || properties['reads'] === before[at]) continue;
        const claim = Number(properties['accepted'] ?? properties['done']);
        reads.push({ windowId, claim, atMs: Date.parse(lastReadAt) });
      }
      return etags;
    },
  };
}
