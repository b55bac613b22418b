import type { AggregateDeps } from '../../../src/totals/rewriteDay.ts';

/** Stands before every call of storage and queue; `page` is a further piece of an answer that has begun. */
export type Gate = <T>(call: string, effect: () => Promise<T>) => Promise<T>;

/** The same services, with every call going through the gate. */
export function gatedDeps(deps: AggregateDeps, gate: Gate): AggregateDeps {
  const { raw, control, dailyTotals, ledger, sender } = deps;
  return {
    ...deps,
    raw: {
      ...raw,
      list: (prefix) => gatedItems('list', raw.list(prefix), gate),
      read: async (name, options) => {
        const content = await gate('read', () => raw.read(name, options));
        return content && { ...content, chunks: gatedItems('chunk', content.chunks, gate) };
      },
    },
    control: {
      ...control,
      list: (prefix) => gatedItems('listControl', control.list(prefix), gate),
      properties: (name) => gate('properties', () => control.properties(name)),
      read: async (name, options) => {
        const content = await gate('readControl', () => control.read(name, options));
        return content && { ...content, chunks: gatedItems('page', content.chunks, gate) };
      },
      put: (...put) => gate('put', () => control.put(...put)),
    },
    dailyTotals: {
      ...dailyTotals,
      get: (partition, row) => gate('get', () => dailyTotals.get(partition, row)),
      query: (partition, range) => gatedItems('query', dailyTotals.query(partition, range), gate),
      transact: (partition, operations) =>
        gate('transact', () => dailyTotals.transact(partition, operations)),
    },
    ledger: { readDay: (date) => gate('ledger', () => ledger.readDay(date)) },
    sender: {
      send: (...sent) => gate('send', () => sender.send(...sent)),
      sendAll: (...sent) => gate('send', () => sender.sendAll(...sent)),
    },
    nextStages: (...done) => gate('next', async () => deps.nextStages?.(...done)),
  };
}

async function* gatedItems<T>(call: string, items: AsyncIterable<T>, gate: Gate): AsyncGenerator<T> {
  const iterator = items[Symbol.asyncIterator]();
  for (let name = call; ; name = 'page') {
    const next = await gate(name, () => iterator.next());
    if (next.done === true) return;
    yield next.value;
  }
}
