import { describe, expect, it } from 'vitest';
import type { Entity, Table } from '../../src/storage/tables.ts';

async function entitiesOf(
  table: Table,
  pk: string,
  range?: { from?: string; below?: string },
): Promise<Entity[]> {
  const found: Entity[] = [];
  for await (const entity of table.query(pk, range)) found.push(entity);
  return found;
}

const keysOf = async (
  table: Table,
  pk: string,
  range?: { from?: string; below?: string },
): Promise<string[]> => (await entitiesOf(table, pk, range)).map((entity) => entity.rowKey);

/** What the pipeline relies on of a table: one suite for every implementation. */
export function tableConformance(title: string, open: () => Promise<Table>): void {
  describe(title, () => {
    it('says undefined for an entity that is not there, and nothing for a partition that is empty', async () => {
      const table = await open();
      expect(await table.get('p', 'r')).toBeUndefined();
      expect(await entitiesOf(table, 'p')).toEqual([]);
    });

    it('gives back strings, Int32, Int64 and booleans as they were', async () => {
      const table = await open();
      const properties = {
        text: 'Łódź 🙂 "quoted" \\ / # ? %',
        empty: '',
        count: 2_147_483_647,
        negative: -1,
        micros: 9_007_199_254_740_993n,
        small: 1n,
        flag: false,
      };
      const [etag] = await table.transact('p', [{ kind: 'insert', rowKey: 'r', properties }]);
      const entity = { partitionKey: 'p', rowKey: 'r', etag, properties };
      expect(await table.get('p', 'r')).toEqual(entity);
      expect(await entitiesOf(table, 'p')).toEqual([entity]);
    });

    it('does not store what is undefined', async () => {
      const table = await open();
      await table.transact('p', [{ kind: 'insert', rowKey: 'r', properties: { a: 1, b: undefined } }]);
      expect((await table.get('p', 'r'))?.properties).toEqual({ a: 1 });
    });

    it('gives a partition in the order of row keys, and a range of it without its upper bound', async () => {
      const table = await open();
      const operations = ['b', '!day', 'a', 'c', '!by|x', "o'brien"].map(
        (rowKey) => ({ kind: 'insert', rowKey, properties: {} }) as const,
      );
      await table.transact('p', operations);
      await table.transact('q', [{ kind: 'insert', rowKey: 'a', properties: {} }]);
      expect(await keysOf(table, 'p')).toEqual(['!by|x', '!day', 'a', 'b', 'c', "o'brien"]);
      expect(await keysOf(table, 'p', { from: '"', below: 'c' })).toEqual(['a', 'b']);
      expect(await keysOf(table, 'p', { below: '"' })).toEqual(['!by|x', '!day']);
    });

    it('reads a partition of more than one page whole', async () => {
      const table = await open();
      const keys = Array.from({ length: 1250 }, (_, i) => String(i).padStart(5, '0'));
      for (let at = 0; at < keys.length; at += 100) {
        const part = keys.slice(at, at + 100);
        await table.transact(
          'p',
          part.map((rowKey) => ({ kind: 'insert', rowKey, properties: { n: 1 } }) as const),
        );
      }
      expect(await keysOf(table, 'p')).toEqual(keys);
    });

    it('replaces whole entities and merges the named properties', async () => {
      const table = await open();
      await table.transact('p', [{ kind: 'replace', rowKey: 'r', properties: { a: 1, b: 2 } }]);
      await table.transact('p', [{ kind: 'merge', rowKey: 'r', properties: { b: 3, c: 4 } }]);
      expect((await table.get('p', 'r'))?.properties).toEqual({ a: 1, b: 3, c: 4 });
      await table.transact('p', [{ kind: 'replace', rowKey: 'r', properties: { d: 5 } }]);
      expect((await table.get('p', 'r'))?.properties).toEqual({ d: 5 });
      await table.transact('p', [{ kind: 'merge', rowKey: 'new', properties: { e: 6 } }]);
      expect((await table.get('p', 'new'))?.properties).toEqual({ e: 6 });
    });

    it('refuses by 409 an insert of what exists, by 412 a stale ETag, by 404 a change of what is not there', async () => {
      const table = await open();
      const insert = { kind: 'insert', rowKey: 'r', properties: { a: 1 } } as const;
      const [first = ''] = await table.transact('p', [insert]);
      await expect(table.transact('p', [insert])).rejects.toMatchObject({ status: 409 });
      const [second = ''] = await table.transact('p', [
        { kind: 'merge', rowKey: 'r', properties: { a: 2 }, ifMatch: first },
      ]);
      expect(second).not.toBe(first);
      for (const kind of ['merge', 'replace'] as const) {
        const stale = { kind, rowKey: 'r', properties: { a: 3 }, ifMatch: first };
        await expect(table.transact('p', [stale])).rejects.toMatchObject({ status: 412 });
        const missing = { kind, rowKey: 'none', properties: { a: 3 }, ifMatch: first };
        await expect(table.transact('p', [missing])).rejects.toMatchObject({ status: 404 });
      }
      await expect(table.transact('p', [{ kind: 'delete', rowKey: 'none' }])).rejects.toMatchObject({
        status: 404,
      });
      expect((await table.get('p', 'r'))?.properties).toEqual({ a: 2 });
    });

    it('does all of a transaction or nothing, and refuses a stale head although data precedes nothing', async () => {
      const table = await open();
      const [head = ''] = await table.transact('p', [
        { kind: 'insert', rowKey: '!day', properties: { n: 1 } },
      ]);
      await table.transact('p', [{ kind: 'replace', rowKey: '!day', properties: { n: 2 }, ifMatch: head }]);
      const fenced = table.transact('p', [
        { kind: 'replace', rowKey: '!day', properties: { n: 3 }, ifMatch: head },
        { kind: 'replace', rowKey: 'a', properties: { n: 1 } },
      ]);
      await expect(fenced).rejects.toMatchObject({ status: 412 });
      const torn = table.transact('p', [
        { kind: 'replace', rowKey: 'b', properties: { n: 1 } },
        { kind: 'delete', rowKey: 'none' },
      ]);
      await expect(torn).rejects.toMatchObject({ status: 404 });
      expect(await keysOf(table, 'p')).toEqual(['!day']);
    });

    it('takes 100 operations and refuses 101', async () => {
      const table = await open();
      const operations = Array.from({ length: 101 }, (_, i) => ({
        kind: 'replace' as const,
        rowKey: String(i),
        properties: { i },
      }));
      const etags = await table.transact('p', operations.slice(0, 100));
      expect(etags).toHaveLength(100);
      expect((await table.get('p', '42'))?.etag).toBe(etags[42]);
      await expect(table.transact('p', operations)).rejects.toMatchObject({ status: 400 });
    });

    it('deletes within a transaction', async () => {
      const table = await open();
      await table.transact('p', [{ kind: 'insert', rowKey: 'a', properties: {} }]);
      const etags = await table.transact('p', [
        { kind: 'delete', rowKey: 'a' },
        { kind: 'insert', rowKey: 'b', properties: {} },
      ]);
      expect(etags[0]).toBeUndefined();
      expect(await keysOf(table, 'p')).toEqual(['b']);
    });

    it('refuses keys with / \\ # ? or control characters', async () => {
      const table = await open();
      for (const rowKey of ['a/b', 'a\\b', 'a#b', 'a?b', 'a\u0001b']) {
        await expect(table.transact('p', [{ kind: 'insert', rowKey, properties: {} }])).rejects.toMatchObject(
          {
            status: 400,
          },
        );
      }
    });
  });
}
