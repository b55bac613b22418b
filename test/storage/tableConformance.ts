import { describe, expect, it } from 'vitest';
import type { Entity, Table } from '../../src/storage/tables.ts';
import { asAzure, type Differences } from './differences.ts';
import { entityLimits } from './entityLimits.ts';
import { transactionConformance } from './transactionConformance.ts';

export async function entitiesOf(
  table: Table,
  pk: string,
  range?: { from?: string; below?: string },
): Promise<Entity[]> {
  const found: Entity[] = [];
  for await (const entity of table.query(pk, range)) found.push(entity);
  return found;
}

export const keysOf = async (
  table: Table,
  pk: string,
  range?: { from?: string; below?: string },
): Promise<string[]> => (await entitiesOf(table, pk, range)).map((entity) => entity.rowKey);

/** What the pipeline relies on of a table: one suite for every implementation. */
export function tableConformance(
  title: string,
  open: () => Promise<Table>,
  differences: Differences = asAzure,
): void {
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

    it('gives all there is in the order of partition and row keys, more than one page of it', async () => {
      const table = await open();
      const rows = Array.from({ length: 60 }, (_, i) => String(i).padStart(2, '0'));
      const partitions = Array.from({ length: 20 }, (_, i) => `2026-11-${10 + i}`);
      for (const partition of [...partitions].reverse()) {
        await table.transact(
          partition,
          [...rows].reverse().map((rowKey) => ({ kind: 'insert', rowKey, properties: { n: 1 } }) as const),
        );
      }
      const found: string[] = [];
      for await (const { partitionKey, rowKey } of table.scan()) found.push(`${partitionKey} ${rowKey}`);
      expect(found).toEqual(partitions.flatMap((partition) => rows.map((row) => `${partition} ${row}`)));
    });

    it('says nothing of a table that is empty', async () => {
      const table = await open();
      for await (const entity of table.scan()) expect(entity).toBeUndefined();
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

    it('moves the ETag with every change, also where nothing is different afterwards', async () => {
      const table = await open();
      const etags = new Set<string | undefined>();
      for (const kind of ['insert', 'merge', 'merge', 'replace', 'replace'] as const) {
        const [etag] = await table.transact('p', [{ kind, rowKey: 'r', properties: { a: 1 } }]);
        etags.add(etag);
        expect((await table.get('p', 'r'))?.etag).toBe(etag);
      }
      await table.transact('p', [{ kind: 'delete', rowKey: 'r' }]);
      etags.add((await table.transact('p', [{ kind: 'insert', rowKey: 'r', properties: { a: 1 } }]))[0]);
      expect(etags.size).toBe(6);
    });

    it('hands out copies: what is done to them changes nothing', async () => {
      const table = await open();
      const properties = { a: 1 };
      await table.transact('p', [{ kind: 'insert', rowKey: 'r', properties }]);
      properties.a = 2;
      const entity = await table.get('p', 'r');
      if (entity !== undefined) entity.properties['a'] = 3;
      for (const found of await entitiesOf(table, 'p')) found.properties['a'] = 4;
      expect((await table.get('p', 'r'))?.properties).toEqual({ a: 1 });
    });

    it('finds entities whatever characters their keys are made of', async () => {
      const table = await open();
      const keys = ['a b', 'a%2Fb', 'a+b', "o'b", 'é|x~!', '\u{1F600}', ''];
      for (const key of keys) {
        await table.transact(`${key}.`, [
          { kind: 'insert', rowKey: key, properties: { key } },
          { kind: 'insert', rowKey: `${key}z`, properties: {} },
        ]);
        expect((await table.get(`${key}.`, key))?.properties).toEqual({ key });
        expect(await keysOf(table, `${key}.`)).toEqual([key, `${key}z`]);
        expect(await keysOf(table, `${key}.`, { from: key, below: `${key}z` })).toEqual([key]);
      }
    });

    it('orders row keys by their UTF-16 units', async () => {
      const table = await open();
      const keys = ['A', 'B', '_', 'a', 'a!', 'a-', 'a|', 'b', '~', 'é', '\u{1F600}', '\uFFEE'];
      const operations = [...keys]
        .reverse()
        .map((rowKey) => ({ kind: 'insert', rowKey, properties: {} }) as const);
      await table.transact('p', operations);
      expect(await keysOf(table, 'p')).toEqual(keys);
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

    transactionConformance(open, differences);
    entityLimits(open, differences);
  });
}
