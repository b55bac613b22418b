import { describe, expect, it } from 'vitest';
import type { BlobContainer } from '../../src/storage/blobs.ts';
import type { Table } from '../../src/storage/tables.ts';
import { bytes, textOf } from './reading.ts';
import { keysOf } from './tableConformance.ts';

export interface LossyStore {
  container: BlobContainer;
  table: Table;
  /** The next call is carried out, but its answer is lost: the client sends it again, and that answer arrives. */
  loseNextAnswer: () => void;
  /** Answers that were lost so far. */
  lost: () => number;
}

const ABSENT = { condition: 'absent' } as const;

/**
 * What a call says whose first answer was lost. A write that has a condition meets itself, and is refused though it
 * has landed: whoever is refused has to look.
 */
export function repetitionConformance(title: string, open: () => Promise<LossyStore>): void {
  const opened = async () => {
    const { loseNextAnswer, lost, ...store } = await open();
    /** One call, sent twice. */
    const twice = async <T>(call: () => Promise<T>): Promise<T> => {
      const before = lost();
      loseNextAnswer();
      try {
        return await call();
      } finally {
        expect(lost()).toBe(before + 1);
      }
    };
    return { ...store, twice };
  };

  describe(title, () => {
    it('refuses a put that expects no blob by 409, and has stored it', async () => {
      const { container, twice } = await opened();
      const put = twice(() => container.put('a', bytes('x'), ABSENT));
      await expect(put).rejects.toMatchObject({ status: 409, code: 'BlobAlreadyExists' });
      expect(await textOf(container, 'a')).toBe('x');
    });

    it('refuses a put under an ETag by 412, and has stored it', async () => {
      const { container, twice } = await opened();
      const { etag } = await container.put('a', bytes('x'));
      const put = twice(() => container.put('a', bytes('y'), { condition: { ifMatch: etag } }));
      await expect(put).rejects.toMatchObject({ status: 412, code: 'ConditionNotMet' });
      expect(await textOf(container, 'a')).toBe('y');
    });

    it('makes two versions of an unconditional put, and gives the ETag of the last', async () => {
      const { container, twice } = await opened();
      const { etag } = await twice(() => container.put('a', bytes('x')));
      expect(await container.properties('a')).toMatchObject({ etag });
    });

    it('stages a block as if it were sent once', async () => {
      const { container, twice } = await opened();
      await twice(() => container.stageBlock('a', 'id', bytes('x')));
      await container.commitBlocks('a', ['id']);
      expect(await textOf(container, 'a')).toBe('x');
    });

    it('refuses a commit with a condition as it does a put, and never for want of blocks', async () => {
      const { container, twice } = await opened();
      await container.stageBlock('a', 'id', bytes('x'));
      const made = twice(() => container.commitBlocks('a', ['id'], ABSENT));
      await expect(made).rejects.toMatchObject({ status: 409, code: 'BlobAlreadyExists' });
      const etag = (await container.properties('a'))?.etag ?? '';
      await container.stageBlock('a', 'id', bytes('y'));
      const replaced = twice(() => container.commitBlocks('a', ['id'], { condition: { ifMatch: etag } }));
      await expect(replaced).rejects.toMatchObject({ status: 412, code: 'ConditionNotMet' });
      expect(await textOf(container, 'a')).toBe('y');
    });

    it('commits without a condition as if it were sent once: its blocks are found in the blob', async () => {
      const { container, twice } = await opened();
      await container.stageBlock('a', 'id-1', bytes('x'));
      await container.stageBlock('a', 'id-2', bytes('y'));
      const { etag } = await twice(() => container.commitBlocks('a', ['id-2', 'id-1']));
      expect(await container.properties('a')).toMatchObject({ etag });
      expect(await textOf(container, 'a')).toBe('yx');
    });

    it('deletes as if it were sent once', async () => {
      const { container, twice } = await opened();
      await container.put('a', bytes('x'));
      await expect(twice(() => container.delete('a'))).resolves.toBeUndefined();
      expect(await container.properties('a')).toBeUndefined();
    });

    it('refuses an insert by 409, and a change under an ETag by 412, and has carried both out', async () => {
      const { table, twice } = await opened();
      const insert = { kind: 'insert', rowKey: '!day', properties: { n: 1 } } as const;
      const row = { kind: 'replace', rowKey: 'row', properties: {} } as const;
      const inserted = twice(() => table.transact('p', [insert, row]));
      await expect(inserted).rejects.toMatchObject({ status: 409, code: 'EntityAlreadyExists' });
      expect(await keysOf(table, 'p')).toEqual(['!day', 'row']);
      const ifMatch = (await table.get('p', '!day'))?.etag ?? '';
      const head = { kind: 'replace', rowKey: '!day', properties: { n: 2 }, ifMatch } as const;
      const replaced = twice(() => table.transact('p', [head, { kind: 'delete', rowKey: 'row' }]));
      await expect(replaced).rejects.toMatchObject({ status: 412, code: 'UpdateConditionNotSatisfied' });
      expect((await table.get('p', '!day'))?.properties).toEqual({ n: 2 });
      expect(await keysOf(table, 'p')).toEqual(['!day']);
    });

    it('refuses a deletion of entities by 404, and has carried it out', async () => {
      const { table, twice } = await opened();
      await table.transact('p', [{ kind: 'insert', rowKey: 'r', properties: {} }]);
      const deleted = twice(() => table.transact('p', [{ kind: 'delete', rowKey: 'r' }]));
      await expect(deleted).rejects.toMatchObject({ status: 404 });
      expect(await table.get('p', 'r')).toBeUndefined();
    });

    it('replaces and merges without a condition as if they were sent once', async () => {
      const { table, twice } = await opened();
      for (const kind of ['replace', 'merge'] as const) {
        const change = { kind, rowKey: kind, properties: { n: 1 } };
        const [etag] = await twice(() => table.transact('p', [change]));
        expect(await table.get('p', kind)).toMatchObject({ etag, properties: { n: 1 } });
      }
    });
  });
}
