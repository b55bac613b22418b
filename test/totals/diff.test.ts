import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Entity, EntityProperties } from '../../src/storage/tables.ts';
import { diffEntities } from '../../src/totals/diff.ts';
import { memoryTable } from '../support/memoryTables.ts';

const DATE = '2026-11-23';

async function* present(entities: Record<string, EntityProperties>): AsyncGenerator<Entity> {
  for (const [rowKey, properties] of Object.entries(entities)) {
    const defined = Object.entries(properties).filter(([, value]) => value !== undefined);
    yield await Promise.resolve({
      partitionKey: DATE,
      rowKey,
      etag: 'e',
      properties: Object.fromEntries(defined) as Entity['properties'],
    });
  }
}

const diff = (there: Record<string, EntityProperties>, wanted: Record<string, EntityProperties>) =>
  diffEntities(present(there), new Map(Object.entries(wanted)));

describe('the difference of what is stored and what is wanted', () => {
  it('is nothing where only updatedAt differs, or a column that neither has', async () => {
    const result = await diff(
      { a: { calls: 1, updatedAt: 'then' } },
      { a: { calls: 1, userId: undefined, updatedAt: 'now' } },
    );
    expect(result).toMatchObject({
      operations: [],
      totals: { upserts: 0, deletes: 0, unchanged: 1 },
    });
  });

  it('replaces what is new, changed, has a column more or less, or another type', async () => {
    const { operations } = await diff(
      {
        changed: { calls: 1 },
        more: { calls: 1, old: 'x' },
        less: {},
        type: { calls: 1 },
        same: { calls: 1 },
      },
      {
        changed: { calls: 2 },
        more: { calls: 1 },
        less: { calls: 1 },
        type: { calls: 1n },
        same: { calls: 1 },
        new: {},
      },
    );
    expect(operations.map(({ kind, rowKey }) => `${kind} ${rowKey}`).sort()).toEqual([
      'replace changed',
      'replace less',
      'replace more',
      'replace new',
      'replace type',
    ]);
  });

  it('deletes what nobody wants, breakdowns too, but no other key that begins with "!"', async () => {
    const { operations, totals, breakdowns } = await diff(
      { '!day': {}, '!by|operator|a|USD': {}, '!restated|1': {}, '-|---': {}, gone: {} },
      {},
    );
    expect(operations).toEqual([
      { kind: 'delete', rowKey: '!by|operator|a|USD' },
      { kind: 'delete', rowKey: '-|---' },
      { kind: 'delete', rowKey: 'gone' },
    ]);
    expect([totals.deletes, breakdowns.deletes]).toEqual([2, 1]);
  });

  it('makes the table what is wanted, with as few operations as entities differ', async () => {
    const entities = fc.dictionary(
      fc.constantFrom('a', 'b', 'c', 'd', 'e'),
      fc.record({ calls: fc.constantFrom(1, 2), updatedAt: fc.constantFrom('t1', 't2') }),
      { noNullPrototype: true },
    );
    await fc.assert(
      fc.asyncProperty(entities, entities, async (there, wanted) => {
        const table = memoryTable('t');
        for (const [rowKey, properties] of Object.entries(there)) {
          await table.transact(DATE, [{ kind: 'insert', rowKey, properties }]);
        }
        const { operations } = await diffEntities(table.query(DATE), new Map(Object.entries(wanted)));
        if (operations.length > 0) await table.transact(DATE, operations);
        const calls = (of: Record<string, { calls: number }>) =>
          Object.fromEntries(Object.entries(of).map(([key, { calls }]) => [key, calls]));
        const after = Object.fromEntries(
          table.all().map(({ rowKey, properties }) => [rowKey, properties['calls']]),
        );
        expect(after).toEqual(calls(wanted));
        const keys = new Set([...Object.keys(there), ...Object.keys(wanted)]);
        const different = [...keys].filter((key) => there[key]?.calls !== wanted[key]?.calls);
        expect(operations).toHaveLength(different.length);
      }),
    );
  });
});
