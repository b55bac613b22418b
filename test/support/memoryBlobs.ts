import {
  type BlobContainer,
  type BlobContent,
  type BlobItem,
  type BlobWriteOptions,
  StorageError,
} from '../../src/storage/blobs.ts';

interface StoredBlob {
  etag: string;
  content: Uint8Array;
  metadata: Readonly<Record<string, string>>;
}

/** A container of the tests: what it holds can be looked at and changed without going through the interface. */
export interface MemoryContainer extends BlobContainer {
  readonly blobs: Map<string, StoredBlob>;
  /** Uncommitted blocks by blob name and block id. */
  readonly staged: Map<string, Map<string, Uint8Array>>;
  text(name: string): string | undefined;
}

/** Bytes that one read yields at a time: small, so that readers meet lines cut in two. */
const CHUNK_BYTES = 1000;

/** In-memory container with the semantics that Azure's blobs have; proved equal by the storage conformance suite. */
export function memoryContainer(name: string): MemoryContainer {
  const blobs = new Map<string, StoredBlob>();
  const staged = new Map<string, Map<string, Uint8Array>>();
  let version = 0;

  const item = (blobName: string, blob: StoredBlob): BlobItem => ({
    name: blobName,
    etag: blob.etag,
    sizeBytes: blob.content.length,
    metadata: { ...blob.metadata },
  });

  const check = (blobName: string, options: BlobWriteOptions | undefined): void => {
    const { condition } = options ?? {};
    const present = blobs.get(blobName);
    if (condition === undefined) return;
    if (condition === 'absent') {
      if (present !== undefined) throw new StorageError(409, 'BlobAlreadyExists', `${blobName} exists`);
    } else if (present?.etag !== condition.ifMatch) {
      throw new StorageError(412, 'ConditionNotMet', `${blobName} has another ETag`);
    }
  };

  const store = (blobName: string, content: Uint8Array, options: BlobWriteOptions | undefined) => {
    const etag = `0x${(++version).toString(16).toUpperCase().padStart(15, '0')}`;
    blobs.set(blobName, { etag, content, metadata: { ...options?.metadata } });
    staged.delete(blobName);
    return { etag };
  };

  return {
    name,
    blobs,
    staged,
    text: (blobName) => {
      const blob = blobs.get(blobName);
      return blob && Buffer.from(blob.content).toString('utf8');
    },
    async *list(prefix) {
      await Promise.resolve();
      const names = [...blobs.keys()].filter((key) => key.startsWith(prefix)).sort(byCodeUnits);
      for (const key of names) {
        const blob = blobs.get(key);
        if (blob !== undefined) yield item(key, blob);
      }
    },
    async properties(blobName) {
      await Promise.resolve();
      const blob = blobs.get(blobName);
      return blob && item(blobName, blob);
    },
    async read(blobName, options): Promise<BlobContent | undefined> {
      await Promise.resolve();
      const blob = blobs.get(blobName);
      if (blob === undefined) return undefined;
      if (options?.ifMatch !== undefined && options.ifMatch !== blob.etag) {
        throw new StorageError(412, 'ConditionNotMet', `${blobName} has another ETag`);
      }
      return { ...item(blobName, blob), chunks: chunksOf(blobName, blob, blobs) };
    },
    async put(blobName, content, options) {
      await Promise.resolve();
      check(blobName, options);
      return store(blobName, Uint8Array.from(content), options);
    },
    async stageBlock(blobName, blockId, content) {
      await Promise.resolve();
      if (content.length === 0) throw new StorageError(400, 'InvalidHeaderValue', 'a block may not be empty');
      const blocks = staged.get(blobName) ?? new Map<string, Uint8Array>();
      const [other] = blocks.keys();
      if (other !== undefined && other.length !== blockId.length) {
        throw new StorageError(400, 'InvalidBlobOrBlock', `block ids of ${blobName} differ in length`);
      }
      blocks.set(blockId, Uint8Array.from(content));
      staged.set(blobName, blocks);
    },
    async commitBlocks(blobName, blockIds, options) {
      await Promise.resolve();
      check(blobName, options);
      const blocks = staged.get(blobName);
      const parts = blockIds.map((id) => {
        const part = blocks?.get(id);
        if (part === undefined) {
          throw new StorageError(400, 'InvalidBlockList', `${blobName} has no staged block ${id}`);
        }
        return part;
      });
      return store(blobName, Uint8Array.from(Buffer.concat(parts)), options);
    },
    async delete(blobName, options) {
      await Promise.resolve();
      const blob = blobs.get(blobName);
      if (blob === undefined) return;
      if (options?.ifMatch !== undefined && options.ifMatch !== blob.etag) {
        throw new StorageError(412, 'ConditionNotMet', `${blobName} has another ETag`);
      }
      blobs.delete(blobName);
      staged.delete(blobName);
    },
  };
}

async function* chunksOf(name: string, blob: StoredBlob, blobs: ReadonlyMap<string, StoredBlob>) {
  for (let at = 0; at < blob.content.length; at += CHUNK_BYTES) {
    await Promise.resolve();
    if (blobs.get(name)?.etag !== blob.etag) {
      throw new StorageError(412, 'ConditionNotMet', `${name} was replaced while it was read`);
    }
    yield blob.content.subarray(at, at + CHUNK_BYTES);
  }
}

const byCodeUnits = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
