import { describe, expect, it } from 'vitest';
import type { BlobContainer, BlobWriteOptions } from '../../src/storage/blobs.ts';
import { bytes, namesOf, statuses, textOf } from './reading.ts';
import { blockConformance } from './blockConformance.ts';
import { asAzure, documented, type Differences } from './differences.ts';

const ANOTHER_ETAG = '0x8D000000000000';

/** What the pipeline relies on of a blob container: one suite for every implementation. */
export function blobConformance(
  title: string,
  open: () => Promise<BlobContainer>,
  differences: Differences = asAzure,
): void {
  describe(title, () => {
    it('says undefined for the properties and the content of a blob that is not there', async () => {
      const container = await open();
      expect(await container.properties('none')).toBeUndefined();
      expect(await container.read('none')).toBeUndefined();
      await expect(container.delete('none')).resolves.toBeUndefined();
    });

    it('gives back content and metadata, with one ETag from put, properties, read and list', async () => {
      const container = await open();
      const { etag } = await container.put('a/1', bytes('eins'), { metadata: { rows: '1', claim: '7' } });
      expect(etag).toMatch(/^[^"]+$/);
      const expected = { name: 'a/1', etag, sizeBytes: 4, metadata: { rows: '1', claim: '7' } };
      expect(await container.properties('a/1')).toEqual(expected);
      expect(await container.read('a/1')).toMatchObject(expected);
      const listed = [];
      for await (const item of container.list('a/')) listed.push(item);
      expect(listed).toEqual([expected]);
      expect(await textOf(container, 'a/1')).toBe('eins');
    });

    it('gives back what it was given, whatever becomes of the bytes that were handed over', async () => {
      const container = await open();
      const content = bytes('before');
      await container.put('a', content);
      await container.stageBlock('b', 'id', content);
      content.fill(0);
      await container.commitBlocks('b', ['id']);
      expect(await textOf(container, 'a')).toBe('before');
      expect(await textOf(container, 'b')).toBe('before');
    });

    it('lists by prefix in the order of names, which are compared by their characters alone', async () => {
      const container = await open();
      const names = Array.from({ length: 30 }, (_, i) => `p/${String(i).padStart(4, '0')}`);
      for (const name of [...names].reverse()) await container.put(name, bytes(name));
      const others = ['q/1', 'P/1', 'p-1', 'p', 'q'];
      for (const name of others) await container.put(name, bytes('x'));
      expect(await namesOf(container, 'p/')).toEqual(names);
      expect(await namesOf(container, '')).toEqual(['P/1', 'p', 'p-1', ...names, 'q', 'q/1']);
      expect(await namesOf(container, 'none')).toEqual([]);
    });

    it('moves the ETag with every write, also of equal content', async () => {
      const container = await open();
      const first = await container.put('a', bytes('x'));
      const second = await container.put('a', bytes('x'));
      expect(second.etag).not.toBe(first.etag);
    });

    it('gives a blob that was deleted and made anew another ETag than before', async () => {
      const container = await open();
      const first = await container.put('a', bytes('x'));
      await container.delete('a');
      const second = await container.put('a', bytes('x'), { condition: 'absent' });
      expect(second.etag).not.toBe(first.etag);
      const stale = { condition: { ifMatch: first.etag } };
      await expect(container.put('a', bytes('y'), stale)).rejects.toMatchObject({ status: 412 });
    });

    it('refuses a put with a stale ETag by 412, and one that expects no blob by 409', async () => {
      const container = await open();
      const first = await container.put('a', bytes('1'), { condition: 'absent' });
      await expect(container.put('a', bytes('2'), { condition: 'absent' })).rejects.toMatchObject({
        status: 409,
        code: 'BlobAlreadyExists',
      });
      const second = await container.put('a', bytes('2'), { condition: { ifMatch: first.etag } });
      const stale = container.put('a', bytes('3'), { condition: { ifMatch: first.etag } });
      await expect(stale).rejects.toMatchObject({ status: 412, code: 'ConditionNotMet' });
      expect((await container.properties('a'))?.etag).toBe(second.etag);
      expect(await textOf(container, 'a')).toBe('2');
    });

    it('refuses a conditional put to a blob that is not there by 412', async () => {
      const container = await open();
      const put = container.put('a', bytes('1'), { condition: { ifMatch: ANOTHER_ETAG } });
      await expect(put).rejects.toMatchObject({ status: 412 });
      expect(await container.properties('a')).toBeUndefined();
    });

    it('lets one of several writers through that all go by the same ETag', async () => {
      const container = await open();
      const { etag } = await container.put('a', bytes('0'));
      const outcomes = async (condition: NonNullable<BlobWriteOptions['condition']>, name: string) => {
        const puts = ['1', '2', '3', '4'].map((text) => container.put(name, bytes(text), { condition }));
        return (await statuses(puts)).sort();
      };
      expect(await outcomes({ ifMatch: etag }, 'a')).toEqual([0, 412, 412, 412]);
      expect(await outcomes('absent', 'b')).toEqual([0, 409, 409, 409]);
    });

    it('clears metadata that a put does not give', async () => {
      const container = await open();
      await container.put('a', bytes('x'), { metadata: { claim: '1', rows: '2' } });
      await container.put('a', bytes('x'), { metadata: { rows: '3' } });
      expect((await container.properties('a'))?.metadata).toEqual({ rows: '3' });
      await container.put('a', bytes('x'));
      expect((await container.properties('a'))?.metadata).toEqual({});
    });

    it('keeps metadata of some KiB, and loses the blanks at its ends', async () => {
      const container = await open();
      const vector = 'x'.repeat(7000);
      await container.put('a', bytes('x'), { metadata: { vector, text: '  a "b" {c}  ' } });
      const expected = { vector, text: 'a "b" {c}' };
      expect((await container.properties('a'))?.metadata).toEqual(expected);
      for await (const item of container.list('')) expect(item.metadata).toEqual(expected);
    });

    it('refuses metadata whose name is no identifier', async () => {
      const container = await open();
      const put = container.put('a', bytes('x'), { metadata: { 'a-b': 'x' } });
      await expect(put).rejects.toMatchObject({ status: 400, code: 'InvalidMetadata' });
    });

    documented(
      'refuses metadata of more than 8 KiB',
      open,
      differences.has('takesMetadataOfAnySize'),
      (container) =>
        expect(
          container.put('a', bytes('x'), { metadata: { vector: 'x'.repeat(9000) } }),
        ).rejects.toMatchObject({ status: 400 }),
      async (container) => {
        await container.put('a', bytes('x'), { metadata: { vector: 'x'.repeat(9000) } });
        expect((await container.properties('a'))?.metadata['vector']).toHaveLength(9000);
      },
    );

    it('reads under an ETag, and refuses a stale one by 412', async () => {
      const container = await open();
      const first = await container.put('a', bytes('1'));
      expect(await container.read('a', { ifMatch: first.etag })).toMatchObject({ etag: first.etag });
      await container.put('a', bytes('2'));
      await expect(container.read('a', { ifMatch: first.etag })).rejects.toMatchObject({ status: 412 });
    });

    documented(
      'says that there is nothing under an ETag where no blob is, to readers and deleters',
      open,
      differences.has('missingBlobHasAnotherEtag'),
      async (container) => {
        expect(await container.read('none', { ifMatch: ANOTHER_ETAG })).toBeUndefined();
        await expect(container.delete('none', { ifMatch: ANOTHER_ETAG })).resolves.toBeUndefined();
      },
      async (container) => {
        const another = { ifMatch: ANOTHER_ETAG };
        await expect(container.read('none', another)).rejects.toMatchObject({ status: 412 });
        await expect(container.delete('none', another)).rejects.toMatchObject({ status: 412 });
      },
    );

    it('never mixes two versions in one read, and says so if it cannot give the first to its end', async () => {
      const container = await open();
      await container.put('a', Buffer.alloc(2_000_000, 'x'));
      const content = await container.read('a');
      await container.put('a', Buffer.alloc(2_000_000, 'y'));
      const seen = new Set<number>();
      let size = 0;
      const read = async () => {
        for await (const chunk of content?.chunks ?? []) {
          size += chunk.length;
          for (const byte of new Set(chunk)) seen.add(byte);
        }
      };
      const failure: unknown = await read().then(
        () => undefined,
        (error: unknown) => error,
      );
      if (failure === undefined) expect(size).toBe(2_000_000);
      else expect(failure).toMatchObject({ status: 412 });
      expect([...seen].filter((byte) => byte !== 'x'.charCodeAt(0))).toEqual([]);
    });

    it('deletes, with a stale ETag not', async () => {
      const container = await open();
      const first = await container.put('a', bytes('1'));
      const second = await container.put('a', bytes('2'));
      await expect(container.delete('a', { ifMatch: first.etag })).rejects.toMatchObject({ status: 412 });
      expect(await textOf(container, 'a')).toBe('2');
      await container.delete('a', { ifMatch: second.etag });
      expect(await container.properties('a')).toBeUndefined();
      expect(await namesOf(container, '')).toEqual([]);
    });

    blockConformance(open, differences);
  });
}
