import { describe, expect, it } from 'vitest';
import type { BlobContainer } from '../../src/storage/blobs.ts';

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

async function textOf(container: BlobContainer, name: string): Promise<string | undefined> {
  const content = await container.read(name);
  if (content === undefined) return undefined;
  const parts: Uint8Array[] = [];
  for await (const chunk of content.chunks) parts.push(chunk);
  return Buffer.concat(parts).toString('utf8');
}

async function namesOf(container: BlobContainer, prefix: string): Promise<string[]> {
  const names: string[] = [];
  for await (const item of container.list(prefix)) names.push(item.name);
  return names;
}

/** What the pipeline relies on of a blob container: one suite for every implementation. */
export function blobConformance(title: string, open: () => Promise<BlobContainer>): void {
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

    it('lists by prefix in the order of names, more than one page of them', async () => {
      const container = await open();
      const names = Array.from({ length: 30 }, (_, i) => `p/${String(i).padStart(4, '0')}`);
      for (const name of [...names].reverse()) await container.put(name, bytes(name));
      await container.put('q/1', bytes('x'));
      expect(await namesOf(container, 'p/')).toEqual(names);
    });

    it('moves the ETag with every write, also of equal content', async () => {
      const container = await open();
      const first = await container.put('a', bytes('x'));
      const second = await container.put('a', bytes('x'));
      expect(second.etag).not.toBe(first.etag);
    });

    it('refuses a put with a stale ETag by 412, and one that expects no blob by 409', async () => {
      const container = await open();
      const first = await container.put('a', bytes('1'), { condition: 'absent' });
      await expect(container.put('a', bytes('2'), { condition: 'absent' })).rejects.toMatchObject({
        status: 409,
      });
      const second = await container.put('a', bytes('2'), { condition: { ifMatch: first.etag } });
      const stale = container.put('a', bytes('3'), { condition: { ifMatch: first.etag } });
      await expect(stale).rejects.toMatchObject({ status: 412, code: 'ConditionNotMet' });
      expect((await container.properties('a'))?.etag).toBe(second.etag);
      expect(await textOf(container, 'a')).toBe('2');
    });

    it('refuses a conditional put to a blob that is not there by 412', async () => {
      const container = await open();
      const put = container.put('a', bytes('1'), { condition: { ifMatch: '0x8D000000000000' } });
      await expect(put).rejects.toMatchObject({ status: 412 });
    });

    it('reads under an ETag, and refuses a stale one by 412', async () => {
      const container = await open();
      const first = await container.put('a', bytes('1'));
      expect(await container.read('a', { ifMatch: first.etag })).toMatchObject({ etag: first.etag });
      await container.put('a', bytes('2'));
      await expect(container.read('a', { ifMatch: first.etag })).rejects.toMatchObject({ status: 412 });
    });

    it('keeps staged blocks invisible until they are committed, then replaces the whole blob', async () => {
      const container = await open();
      await container.stageBlock('b', 'id-1', bytes('one\n'));
      expect(await container.properties('b')).toBeUndefined();
      expect(await namesOf(container, '')).toEqual([]);
      await container.stageBlock('b', 'id-2', bytes('two\n'));
      const { etag } = await container.commitBlocks('b', ['id-2', 'id-1'], {
        condition: 'absent',
        metadata: { claim: '1' },
      });
      expect(await container.properties('b')).toMatchObject({ etag, metadata: { claim: '1' } });
      expect(await textOf(container, 'b')).toBe('two\none\n');
    });

    it('keeps the last content of a block id that was staged twice', async () => {
      const container = await open();
      await container.stageBlock('b', 'id-1', bytes('old'));
      await container.stageBlock('b', 'id-1', bytes('new'));
      await container.commitBlocks('b', ['id-1']);
      expect(await textOf(container, 'b')).toBe('new');
    });

    it('discards, with a commit, every block that the commit does not name', async () => {
      const container = await open();
      await container.stageBlock('b', 'id-1', bytes('mine'));
      await container.stageBlock('b', 'id-2', bytes('other'));
      await container.commitBlocks('b', ['id-1']);
      await expect(container.commitBlocks('b', ['id-2'])).rejects.toMatchObject({
        status: 400,
        code: 'InvalidBlockList',
      });
      expect(await textOf(container, 'b')).toBe('mine');
    });

    it('answers a stale condition before it looks at the blocks', async () => {
      const container = await open();
      await container.put('b', bytes('x'));
      const commit = container.commitBlocks('b', ['none'], { condition: { ifMatch: '0x8D000000000000' } });
      await expect(commit).rejects.toMatchObject({ status: 412 });
    });

    it('makes an empty blob of an empty commit, and clears metadata that a commit does not give', async () => {
      const container = await open();
      await container.put('b', bytes('x'), { metadata: { claim: '1' } });
      await container.commitBlocks('b', []);
      expect(await container.properties('b')).toMatchObject({ sizeBytes: 0, metadata: {} });
      expect(await textOf(container, 'b')).toBe('');
    });

    it('deletes, with a stale ETag not', async () => {
      const container = await open();
      const first = await container.put('a', bytes('1'));
      const second = await container.put('a', bytes('2'));
      await expect(container.delete('a', { ifMatch: first.etag })).rejects.toMatchObject({ status: 412 });
      await container.delete('a', { ifMatch: second.etag });
      expect(await container.properties('a')).toBeUndefined();
    });
  });
}
