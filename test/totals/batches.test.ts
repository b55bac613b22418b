import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { TableOperation } from '../../src/storage/tables.ts';
import { groupOperations, sizeOf } from '../../src/totals/batches.ts';

const upsert = (rowKey: string, text = ''): TableOperation => ({
  kind: 'replace',
  rowKey,
  properties: { userDisplayName: text, chargeMicros: 1n },
});

const upserts = (count: number, text?: string) =>
  Array.from({ length: count }, (_, i) => upsert(`user-${i}`, text));

describe('groups of operations', () => {
  it('are one, empty, if there is nothing to write: the head is written all the same', () => {
    expect(groupOperations([])).toEqual([[]]);
  });

  it('leave the head a place among the 100 operations of a transaction', () => {
    expect(groupOperations(upserts(99)).map(({ length }) => length)).toEqual([99]);
    expect(groupOperations(upserts(250)).map(({ length }) => length)).toEqual([99, 99, 52]);
  });

  it('stay below 4 MiB with the head, also where a character has three bytes', () => {
    const groups = groupOperations(upserts(99, '二'.repeat(32_000)));
    expect(groups.length).toBeGreaterThan(2);
    for (const group of groups) {
      const body = JSON.stringify(group, (_, value: unknown) =>
        typeof value === 'bigint' ? String(value) : value,
      );
      expect(Buffer.byteLength(body) + 64 * 1024).toBeLessThan(4 * 1024 * 1024);
    }
  });

  it('hold every operation once, in order', () => {
    const operations = fc.array(
      fc
        .record({ key: fc.string(), length: fc.constantFrom(0, 10, 32_000) })
        .map(({ key, length }) =>
          length === 10 ? ({ kind: 'delete', rowKey: key } as const) : upsert(key, '二'.repeat(length)),
        ),
      { maxLength: 250 },
    );
    fc.assert(
      fc.property(operations, (all) => {
        const groups = groupOperations(all);
        expect(groups.flat()).toEqual(all);
        expect(groups.every(({ length }) => length <= 99)).toBe(true);
        expect(groups.slice(1).every(({ length }) => length > 0)).toBe(true);
      }),
    );
  });

  it('count what a key and a text really take', () => {
    expect(sizeOf(upsert('二'.repeat(200), '二'.repeat(1_000)))).toBeGreaterThan(200 * 9 + 3_000);
    expect(sizeOf(upsert('u', '\u0001'.repeat(1_000)))).toBeGreaterThan(6_000);
  });
});
