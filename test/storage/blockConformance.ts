import { describe, expect, it } from 'vitest';
import type { BlobContainer } from '../../src/storage/blobs.ts';
import { bytes, namesOf, textOf } from './reading.ts';
import { type Differences, documented } from './differences.ts';

const INVALID_BLOCK_LIST = { status: 400, code: 'InvalidBlockList' };
const STALE = { condition: { ifMatch: '0x8D000000000000' } };
const ABSENT = { condition: 'absent' } as const;

/** What the pipeline relies on of staging and committing blocks: part of the suite of blob containers. */
export function blockConformance(open: () => Promise<BlobContainer>, differences: Differences): void {
  describe('blocks', () => {
    it('stay invisible until they are committed, then replace the whole blob', async () => {
      const container = await open();
      await container.stageBlock('b', 'id-1', bytes('one\n'));
      expect(await container.properties('b')).toBeUndefined();
      expect(await container.read('b')).toBeUndefined();
      expect(await namesOf(container, '')).toEqual([]);
      await container.stageBlock('b', 'id-2', bytes('two\n'));
      const { etag } = await container.commitBlocks('b', ['id-2', 'id-1'], {
        ...ABSENT,
        metadata: { claim: '1' },
      });
      expect(await container.properties('b')).toMatchObject({ etag, metadata: { claim: '1' } });
      expect(await textOf(container, 'b')).toBe('two\none\n');
    });

    it('leave a blob that is there as it is: content, metadata and ETag', async () => {
      const container = await open();
      await container.put('b', bytes('old'), { metadata: { claim: '1' } });
      const before = await container.properties('b');
      await container.stageBlock('b', 'id-1', bytes('new'));
      expect(await container.properties('b')).toEqual(before);
      expect(await textOf(container, 'b')).toBe('old');
    });

    it('are the last ones of their ids that were staged', async () => {
      const container = await open();
      await container.stageBlock('b', 'id-1', bytes('old'));
      await container.stageBlock('b', 'id-1', bytes('new'));
      await container.commitBlocks('b', ['id-1']);
      expect(await textOf(container, 'b')).toBe('new');
    });

    it('are of one blob: another blob has others under the same ids', async () => {
      const container = await open();
      await container.stageBlock('a', 'id-1', bytes('of a'));
      await container.stageBlock('b', 'id-1', bytes('of b'));
      await container.commitBlocks('b', ['id-1']);
      expect(await textOf(container, 'b')).toBe('of b');
      await container.commitBlocks('a', ['id-1']);
      expect(await textOf(container, 'a')).toBe('of a');
    });

    it('are discarded by a commit that does not name them', async () => {
      const container = await open();
      await container.stageBlock('b', 'id-1', bytes('mine'));
      await container.stageBlock('b', 'id-2', bytes('other'));
      await container.commitBlocks('b', ['id-1']);
      await expect(container.commitBlocks('b', ['id-2'])).rejects.toMatchObject(INVALID_BLOCK_LIST);
      expect(await textOf(container, 'b')).toBe('mine');
    });

    it('are discarded by an empty commit', async () => {
      const container = await open();
      await container.stageBlock('b', 'id-1', bytes('x'));
      await container.commitBlocks('b', []);
      await expect(container.commitBlocks('b', ['id-1'])).rejects.toMatchObject(INVALID_BLOCK_LIST);
      expect(await textOf(container, 'b')).toBe('');
    });

    it('survive a commit that is refused, because of its condition or of a block that is missing', async () => {
      const container = await open();
      const { etag } = await container.put('b', bytes('x'));
      await container.stageBlock('b', 'id-1', bytes('new'));
      await expect(container.commitBlocks('b', ['id-1'], STALE)).rejects.toMatchObject({ status: 412 });
      await expect(container.commitBlocks('b', ['id-1'], ABSENT)).rejects.toMatchObject({ status: 409 });
      await expect(container.commitBlocks('b', ['id-1', 'id-9'])).rejects.toMatchObject(INVALID_BLOCK_LIST);
      expect(await textOf(container, 'b')).toBe('x');
      await container.commitBlocks('b', ['id-1'], { condition: { ifMatch: etag } });
      expect(await textOf(container, 'b')).toBe('new');
    });

    it('survive a put that is refused', async () => {
      const container = await open();
      await container.put('b', bytes('x'));
      await container.stageBlock('b', 'id-1', bytes('new'));
      await expect(container.put('b', bytes('y'), ABSENT)).rejects.toMatchObject({ status: 409 });
      await expect(container.put('b', bytes('y'), STALE)).rejects.toMatchObject({ status: 412 });
      await container.commitBlocks('b', ['id-1']);
      expect(await textOf(container, 'b')).toBe('new');
    });

    it('can be committed once more, with and beside new ones: a new version of what the blob is made of', async () => {
      const container = await open();
      await container.stageBlock('b', 'id-1', bytes('1'));
      await container.stageBlock('b', 'id-2', bytes('2'));
      const first = await container.commitBlocks('b', ['id-1', 'id-2']);
      const second = await container.commitBlocks('b', ['id-1', 'id-2']);
      expect(second.etag).not.toBe(first.etag);
      expect(await textOf(container, 'b')).toBe('12');
      await container.stageBlock('b', 'id-1', bytes('new'));
      await container.commitBlocks('b', ['id-2', 'id-1', 'id-2']);
      expect(await textOf(container, 'b')).toBe('2new2');
      await expect(container.commitBlocks('b', ['id-1'], ABSENT)).rejects.toMatchObject({ status: 409 });
    });

    it('of a version that was replaced are gone: by a commit without them, and by a put', async () => {
      const container = await open();
      await container.stageBlock('b', 'id-1', bytes('1'));
      await container.stageBlock('b', 'id-2', bytes('2'));
      await container.commitBlocks('b', ['id-1', 'id-2']);
      await container.commitBlocks('b', ['id-2']);
      await expect(container.commitBlocks('b', ['id-1'])).rejects.toMatchObject(INVALID_BLOCK_LIST);
      await container.put('b', bytes('put'));
      await expect(container.commitBlocks('b', ['id-2'])).rejects.toMatchObject(INVALID_BLOCK_LIST);
      expect(await textOf(container, 'b')).toBe('put');
    });

    it('count less than the condition: a stale one is answered before blocks are looked for', async () => {
      const container = await open();
      await container.put('b', bytes('x'));
      await expect(container.commitBlocks('b', ['none'], STALE)).rejects.toMatchObject({ status: 412 });
      await expect(container.commitBlocks('b', ['none'], ABSENT)).rejects.toMatchObject({ status: 409 });
      await expect(container.commitBlocks('c', ['none'], STALE)).rejects.toMatchObject({ status: 412 });
    });

    it('are committed under an ETag only while the blob has it', async () => {
      const container = await open();
      const first = await container.put('b', bytes('x'));
      const second = await container.put('b', bytes('y'));
      await container.stageBlock('b', 'id-1', bytes('z'));
      const stale = { condition: { ifMatch: first.etag } };
      await expect(container.commitBlocks('b', ['id-1'], stale)).rejects.toMatchObject({
        status: 412,
        code: 'ConditionNotMet',
      });
      const { etag } = await container.commitBlocks('b', ['id-1'], { condition: { ifMatch: second.etag } });
      expect(await container.properties('b')).toMatchObject({ etag, sizeBytes: 1 });
    });

    it("are in nobody's way once the blob is deleted, though there was none to be seen", async () => {
      const container = await open();
      await container.stageBlock('b', 'id', bytes('staged'));
      await container.delete('b');
      await container.put('b', bytes('put'), ABSENT);
      expect(await textOf(container, 'b')).toBe('put');
    });

    it('make an empty blob if there are none, and clear metadata that a commit does not give', async () => {
      const container = await open();
      await container.put('b', bytes('x'), { metadata: { claim: '1' } });
      await container.commitBlocks('b', []);
      expect((await container.properties('b'))?.metadata).toEqual({});
      expect(await textOf(container, 'b')).toBe('');
      await container.commitBlocks('b', [], { metadata: { rows: '0' } });
      expect((await container.properties('b'))?.metadata).toEqual({ rows: '0' });
    });

    it('have ids of 1 to 64 bytes, as many as those of the other uncommitted blocks of the blob', async () => {
      const container = await open();
      const block = bytes('x');
      const refused = { status: 400 };
      await expect(container.stageBlock('b', 'i'.repeat(65), block)).rejects.toMatchObject(refused);
      await container.stageBlock('b', 'é'.repeat(32), block);
      await container.stageBlock('b', 'i'.repeat(64), block);
      await expect(container.stageBlock('b', 'i'.repeat(63), block)).rejects.toMatchObject({
        status: 400,
        code: 'InvalidBlobOrBlock',
      });
      await container.commitBlocks('b', ['i'.repeat(64)]);
      await container.stageBlock('b', 'short', block);
    });

    it('may be 50,000 in a blob', async () => {
      const container = await open();
      await container.stageBlock('b', 'id', bytes('x'));
      await container.commitBlocks('b', Array<string>(50_000).fill('id'));
      expect(await container.properties('b')).toMatchObject({ sizeBytes: 50_000 });
    });

    documented(
      'may not be 50,001 in a blob',
      open,
      differences.has('takesAnyNumberOfBlocks'),
      async (container) => {
        await container.stageBlock('b', 'id', bytes('x'));
        const commit = container.commitBlocks('b', Array<string>(50_001).fill('id'));
        await expect(commit).rejects.toMatchObject({ status: 400, code: 'BlockListTooLong' });
      },
      async (container) => {
        await container.stageBlock('b', 'id', bytes('x'));
        await container.commitBlocks('b', Array<string>(50_001).fill('id'));
        expect(await container.properties('b')).toMatchObject({ sizeBytes: 50_001 });
      },
    );

    documented(
      'may not be empty',
      open,
      differences.has('takesEmptyBlocks'),
      (container) =>
        expect(container.stageBlock('b', 'id', bytes(''))).rejects.toMatchObject({ status: 400 }),
      async (container) => {
        await container.stageBlock('b', 'id', bytes(''));
        await container.commitBlocks('b', ['id']);
        expect(await textOf(container, 'b')).toBe('');
      },
    );

    documented(
      'are discarded by a put',
      open,
      differences.has('putKeepsUncommittedBlocks'),
      async (container) => {
        await container.stageBlock('b', 'id', bytes('staged'));
        await container.put('b', bytes('put'));
        await expect(container.commitBlocks('b', ['id'])).rejects.toMatchObject(INVALID_BLOCK_LIST);
        expect(await textOf(container, 'b')).toBe('put');
      },
      async (container) => {
        await container.stageBlock('b', 'id', bytes('staged'));
        await container.put('b', bytes('put'));
        await container.commitBlocks('b', ['id']);
        expect(await textOf(container, 'b')).toBe('staged');
      },
    );

    documented(
      'are discarded with a blob that is deleted',
      open,
      differences.has('deleteKeepsUncommittedBlocks'),
      async (container) => {
        await container.put('b', bytes('put'));
        await container.stageBlock('b', 'id', bytes('staged'));
        await container.delete('b');
        await expect(container.commitBlocks('b', ['id'])).rejects.toMatchObject(INVALID_BLOCK_LIST);
      },
      async (container) => {
        await container.put('b', bytes('put'));
        await container.stageBlock('b', 'id', bytes('staged'));
        await container.delete('b');
        await container.commitBlocks('b', ['id']);
        expect(await textOf(container, 'b')).toBe('staged');
      },
    );

    documented(
      'make no blob: a put that expects none finds none',
      open,
      differences.has('uncommittedBlobIsPresent'),
      async (container) => {
        await container.stageBlock('b', 'id', bytes('staged'));
        await container.put('b', bytes('put'), ABSENT);
        expect(await textOf(container, 'b')).toBe('put');
      },
      async (container) => {
        await container.stageBlock('b', 'id', bytes('staged'));
        await expect(container.put('b', bytes('put'), ABSENT)).rejects.toMatchObject({
          status: 409,
          code: 'BlobAlreadyExists',
        });
        expect(await container.properties('b')).toBeUndefined();
        // What expects none and does succeed is a commit.
        await container.commitBlocks('b', ['id'], ABSENT);
        expect(await textOf(container, 'b')).toBe('staged');
      },
    );
  });
}
