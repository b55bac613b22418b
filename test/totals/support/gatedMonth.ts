import type { AggregateMonthDeps } from '../../../src/totals/rewriteMonth.ts';
import type { Gate } from './gatedDeps.ts';

/**
 * The same services, with every call of storage and queue going through the gate: `day` reads a day's head,
 * `snapshot` a snapshot, `get`, `query` and `transact` go to the month's table.
 */
export function gatedMonth(deps: AggregateMonthDeps, gate: Gate): AggregateMonthDeps {
  const { dailyTotals, monthlyTotals, control, sender } = deps;
  return {
    ...deps,
    dailyTotals: {
      ...dailyTotals,
      get: (partition, row) => gate('day', () => dailyTotals.get(partition, row)),
    },
    monthlyTotals: {
      ...monthlyTotals,
      get: (partition, row) => gate('get', () => monthlyTotals.get(partition, row)),
      query: (partition, range) => gatedItems('query', monthlyTotals.query(partition, range), gate),
      transact: (partition, operations) =>
        gate('transact', () => monthlyTotals.transact(partition, operations)),
    },
    control: { ...control, read: (name) => gate('snapshot', () => control.read(name)) },
    sender: {
      send: (...sent) => gate('send', () => sender.send(...sent)),
      sendAll: (...sent) => gate('send', () => sender.sendAll(...sent)),
    },
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
