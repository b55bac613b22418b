import { describe, expect, it } from 'vitest';
import type { BlobContainer } from '../../src/storage/blobs.ts';
import type { Table } from '../../src/storage/tables.ts';
import { namesOf } from './reading.ts';
import { keysOf } from './tableConformance.ts';

/** How many items the next pages hold; `refused`: there is an error in the place of a page. */
export type Pages = readonly (number | 'refused')[];

/** A store with blobs and with a partition `p` of entities, in names and row keys of one's choice. */
export interface PagedStore {
  container: BlobContainer;
  table: Table;
  addBlob: (name: string) => Promise<void>;
  addEntity: (rowKey: string) => Promise<void>;
  /** Pages asked for so far. */
  asked: () => number;
}

const KEYS = ['a/1', 'a/2', 'a/3', 'a/4', 'a/5'];

/** Services give short and empty pages before there is nothing more: what a page holds says nothing of the rest. */
export function pagingConformance(title: string, open: (pages: Pages) => Promise<PagedStore>): void {
  const filled = async (pages: Pages): Promise<PagedStore> => {
    const store = await open(pages);
    for (const key of KEYS) {
      await store.addBlob(key);
      await store.addEntity(key.replace('/', '-'));
    }
    await store.addBlob('b/1');
    return store;
  };
  const entities = KEYS.map((key) => key.replace('/', '-'));

  describe(title, () => {
    it.each<{ what: string; pages: Pages }>([
      { what: 'full', pages: [100] },
      { what: 'short', pages: [2, 1, 2, 100] },
      { what: 'of one item', pages: [1, 1, 1, 1, 1, 1] },
      { what: 'empty at first', pages: [0, 0, 0, 100] },
      { what: 'empty in between', pages: [2, 0, 0, 2, 0, 100] },
    ])('gives every item once and in order, on pages that are $what', async ({ pages }) => {
      const listed = await filled(pages);
      expect(await namesOf(listed.container, 'a/')).toEqual(KEYS);
      const queried = await filled(pages);
      expect(await keysOf(queried.table, 'p')).toEqual(entities);
    });

    it('gives nothing of what is empty, page after empty page', async () => {
      const listed = await open([0, 0, 100]);
      expect(await namesOf(listed.container, 'a/')).toEqual([]);
      const queried = await open([0, 0, 100]);
      expect(await keysOf(queried.table, 'p')).toEqual([]);
    });

    it('keeps to the range of a query on every page', async () => {
      const { table } = await filled([1, 0, 1, 100]);
      expect(await keysOf(table, 'p', { from: 'a-2', below: 'a-5' })).toEqual(['a-2', 'a-3', 'a-4']);
    });

    it('shows what came behind the pages that were given, and misses what came before', async () => {
      const store = await filled([2, 100, 2, 100]);
      const names: string[] = [];
      for await (const { name } of store.container.list('a/')) {
        names.push(name);
        if (name !== 'a/2') continue;
        await store.addBlob('a/15');
        await store.addBlob('a/45');
      }
      expect(names).toEqual(['a/1', 'a/2', 'a/3', 'a/4', 'a/45', 'a/5']);
      const keys: string[] = [];
      for await (const { rowKey } of store.table.query('p')) {
        keys.push(rowKey);
        if (rowKey !== 'a-2') continue;
        await store.addEntity('a-15');
        await store.addEntity('a-45');
      }
      expect(keys).toEqual(['a-1', 'a-2', 'a-3', 'a-4', 'a-45', 'a-5']);
    });

    it('fails where a later page is refused: what came before it is not all there is', async () => {
      const refused = { name: 'StorageError', status: 403 };
      const listed = await filled([2, 'refused']);
      await expect(namesOf(listed.container, 'a/')).rejects.toMatchObject(refused);
      const queried = await filled([2, 'refused']);
      await expect(keysOf(queried.table, 'p')).rejects.toMatchObject(refused);
      const empty = await filled([0, 'refused']);
      await expect(namesOf(empty.container, 'a/')).rejects.toMatchObject(refused);
    });

    it('asks for no page that nobody wants', async () => {
      const store = await filled([2, 100, 2, 100]);
      for await (const { name } of store.container.list('a/')) if (name === 'a/1') break;
      for await (const { rowKey } of store.table.query('p')) if (rowKey === 'a-1') break;
      expect(store.asked()).toBe(2);
    });
  });
}
