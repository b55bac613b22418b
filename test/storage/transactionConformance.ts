import { describe, expect, it } from 'vitest';
import type { Table, TableOperation } from '../../src/storage/tables.ts';
import { statuses } from './reading.ts';
import { type Differences, documented } from './differences.ts';
import { keysOf } from './tableConformance.ts';

const insert = (rowKey: string, properties: Record<string, string | number> = {}): TableOperation => ({
  kind: 'insert',
  rowKey,
  properties,
});
const drop = (rowKey: string): TableOperation => ({ kind: 'delete', rowKey });

/** Properties of so many bytes in UTF-16, which are half as many in a request. */
const fill = (count: number, characters: number): Record<string, string> =>
  Object.fromEntries(Array.from({ length: count }, (_, i) => [`p${i}`, 'x'.repeat(characters)]));

/** What the pipeline relies on of entity-group transactions: part of the suite of tables. */
export function transactionConformance(open: () => Promise<Table>, differences: Differences): void {
  describe('a transaction', () => {
    it('is refused by 409 for an insert of what exists, by 412 for a stale ETag, by 404 for what is not there', async () => {
      const table = await open();
      const [first = ''] = await table.transact('p', [insert('r', { a: 1 })]);
      const exists = { status: 409, code: 'EntityAlreadyExists' };
      await expect(table.transact('p', [insert('r', { a: 1 })])).rejects.toMatchObject(exists);
      const [second = ''] = await table.transact('p', [
        { kind: 'merge', rowKey: 'r', properties: { a: 2 }, ifMatch: first },
      ]);
      expect(second).not.toBe(first);
      for (const kind of ['merge', 'replace'] as const) {
        const stale = { kind, rowKey: 'r', properties: { a: 3 }, ifMatch: first };
        await expect(table.transact('p', [stale])).rejects.toMatchObject({
          status: 412,
          code: 'UpdateConditionNotSatisfied',
        });
        const missing = { kind, rowKey: 'none', properties: { a: 3 }, ifMatch: first };
        await expect(table.transact('p', [missing])).rejects.toMatchObject({
          status: 404,
          code: 'ResourceNotFound',
        });
      }
      await expect(table.transact('p', [drop('none')])).rejects.toMatchObject({
        status: 404,
        code: 'ResourceNotFound',
      });
      expect(await table.get('p', 'r')).toMatchObject({ properties: { a: 2 }, etag: second });
    });

    it('is refused for the ETag of an entity that was deleted and made anew', async () => {
      const table = await open();
      const [first = ''] = await table.transact('p', [insert('r')]);
      await table.transact('p', [drop('r')]);
      await table.transact('p', [insert('r')]);
      const stale = { kind: 'replace', rowKey: 'r', properties: {}, ifMatch: first } as const;
      await expect(table.transact('p', [stale])).rejects.toMatchObject({ status: 412 });
    });

    it('does all or nothing: a stale head keeps data out, whatever operation fails', async () => {
      const table = await open();
      const [head = ''] = await table.transact('p', [insert('!day', { n: 1 })]);
      await table.transact('p', [{ kind: 'replace', rowKey: '!day', properties: { n: 2 }, ifMatch: head }]);
      const fenced = table.transact('p', [
        { kind: 'replace', rowKey: '!day', properties: { n: 3 }, ifMatch: head },
        { kind: 'replace', rowKey: 'a', properties: { n: 1 } },
      ]);
      await expect(fenced).rejects.toMatchObject({ status: 412 });
      const torn = table.transact('p', [
        { kind: 'replace', rowKey: 'b', properties: { n: 1 } },
        drop('none'),
      ]);
      await expect(torn).rejects.toMatchObject({ status: 404 });
      expect(await keysOf(table, 'p')).toEqual(['!day']);
    });

    it('leaves every entity as it was, ETag included, if its last operation fails', async () => {
      const table = await open();
      const keys = ['deleted', 'merged', 'replaced'];
      await table.transact(
        'p',
        keys.map((rowKey) => insert(rowKey, { a: 1 })),
      );
      const before = await Promise.all(keys.map((rowKey) => table.get('p', rowKey)));
      const torn = table.transact('p', [
        insert('inserted'),
        drop('deleted'),
        { kind: 'merge', rowKey: 'merged', properties: { b: 2 } },
        { kind: 'replace', rowKey: 'replaced', properties: { c: 3 } },
        { kind: 'replace', rowKey: 'upserted', properties: {} },
        drop('none'),
      ]);
      await expect(torn).rejects.toMatchObject({ status: 404 });
      expect(await keysOf(table, 'p')).toEqual(keys);
      expect(await Promise.all(keys.map((rowKey) => table.get('p', rowKey)))).toEqual(before);
    });

    it('is answered for the first of its operations that fails', async () => {
      const table = await open();
      await table.transact('p', [insert('r')]);
      await expect(table.transact('p', [insert('a'), insert('r'), drop('none')])).rejects.toMatchObject({
        status: 409,
      });
      await expect(table.transact('p', [insert('a'), drop('none'), insert('r')])).rejects.toMatchObject({
        status: 404,
      });
    });

    it('is let through once of several that go by the same ETag, or insert the same', async () => {
      const table = await open();
      const [head = ''] = await table.transact('p', [insert('!day')]);
      const numbers = [1, 2, 3, 4];
      const writes = numbers.map((n) =>
        table.transact('p', [
          { kind: 'replace', rowKey: '!day', properties: { n }, ifMatch: head },
          { kind: 'replace', rowKey: `row-${n}`, properties: {} },
        ]),
      );
      expect((await statuses(writes)).sort()).toEqual([0, 412, 412, 412]);
      const inserts = numbers.map((n) => table.transact('q', [insert('!day', { n })]));
      expect((await statuses(inserts)).sort()).toEqual([0, 409, 409, 409]);
      const winner = (await table.get('p', '!day'))?.properties['n'];
      expect(await keysOf(table, 'p')).toEqual(['!day', `row-${String(winner)}`]);
    });

    it('touches its own partition alone', async () => {
      const table = await open();
      await table.transact('p', [insert('r', { of: 'p' })]);
      await table.transact('q', [insert('r', { of: 'q' })]);
      await table.transact('p', [drop('r')]);
      expect((await table.get('q', 'r'))?.properties).toEqual({ of: 'q' });
    });

    it('may delete and insert side by side, and gives no ETag for what is deleted', async () => {
      const table = await open();
      await table.transact('p', [insert('a')]);
      const etags = await table.transact('p', [drop('a'), insert('b')]);
      expect(etags).toEqual([undefined, (await table.get('p', 'b'))?.etag]);
      expect(await keysOf(table, 'p')).toEqual(['b']);
    });

    it('may not name a row key twice', async () => {
      const table = await open();
      const twice = table.transact('p', [insert('r'), { kind: 'merge', rowKey: 'r', properties: {} }]);
      await expect(twice).rejects.toMatchObject({ status: 400, code: 'InvalidDuplicateRow' });
      expect(await keysOf(table, 'p')).toEqual([]);
    });

    it('holds 100 operations, not 101', async () => {
      const table = await open();
      const operations = Array.from({ length: 101 }, (_, i) => insert(String(i), { i }));
      await expect(table.transact('p', operations)).rejects.toMatchObject({ status: 400 });
      const etags = await table.transact('p', operations.slice(0, 100));
      expect(etags).toHaveLength(100);
      expect((await table.get('p', '42'))?.etag).toBe(etags[42]);
    });

    it('holds 4 MiB of text, not more', async () => {
      const table = await open();
      const rows = Array.from({ length: 9 }, (_, i) => insert(String(i), fill(15, 32_000)));
      const tooLarge = { status: 413, code: 'RequestBodyTooLarge' };
      await expect(table.transact('p', rows)).rejects.toMatchObject(tooLarge);
      await table.transact('p', rows.slice(0, 8));
      expect(await keysOf(table, 'p')).toHaveLength(8);
    });

    documented(
      'may hold U+2028 in its text',
      open,
      differences.has('refusesLineSeparators'),
      async (table) => {
        await table.transact('p', [insert('r', { text: 'a\u2028b' })]);
        expect((await table.get('p', 'r'))?.properties).toEqual({ text: 'a\u2028b' });
      },
      (table) =>
        expect(table.transact('p', [insert('r', { text: 'a\u2028b' })])).rejects.toMatchObject({
          status: 400,
        }),
    );
  });
}
