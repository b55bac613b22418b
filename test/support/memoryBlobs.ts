import {
  type BlobContainer,
  type BlobContent,
  type BlobItem,
  type BlobWriteOptions,
  StorageError,
} from '../../src/storage/blobs.ts';
import { type BlobSemantics, checkedMetadata, MAX_BLOCKS, MAX_UNCOMMITTED_BLOCKS } from './blobLimits.ts';

interface StoredBlob {
  etag: string;
  content: Uint8Array;
  metadata: Readonly<Record<string, string>>;
  /** The blocks that it was committed of: a later commit may name them again. None of a blob that was put. */
  blocks?: ReadonlyMap<string, Uint8Array>;
}

export interface MemoryContainerOptions {
  /** Whose, where they differ; the suite of the storage room names the differences. Default: Azure's. */
  semantics?: BlobSemantics;
  /**
   * Asked before each page of a listing: how many blobs it may hold, 0 for an empty one. A page shows the blobs as
   * they are when it is made: a promise leaves room for other calls in between. Default: one page of everything.
   */
  pageSize?: () => number | Promise<number>;
  /** What a read does whose blob is replaced meanwhile: reject with 412 (default), or give the old content to its end. */
  whenReplaced?: () => 'reject' | 'finish';
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
export function memoryContainer(name: string, options: MemoryContainerOptions = {}): MemoryContainer {
  const { semantics = 'azure', pageSize = () => Infinity, whenReplaced = () => 'reject' } = options;
  const likeAzurite = semantics === 'azurite';
  const blobs = new Map<string, StoredBlob>();
  const staged = new Map<string, Map<string, Uint8Array>>();
  /** Invisible blobs, made by the first block of a blob that is not there; Azurite counts them as present. */
  const uncommitted = new Set<string>();
  let version = 0;

  const checkMatch = (blobName: string, ifMatch: string): void => {
    if (blobs.get(blobName)?.etag === ifMatch) return;
    throw new StorageError(412, 'ConditionNotMet', `${blobName} has another ETag`);
  };
  /** Whether a conditional call to a blob that is not there has no answer but "not there". */
  const isAbsent = (blobName: string, ifMatch: string | undefined): boolean =>
    !blobs.has(blobName) && (ifMatch === undefined || !likeAzurite);

  /** @returns the metadata as it is going to be stored */
  const checkWrite = (
    blobName: string,
    writeOptions: BlobWriteOptions | undefined,
    isPresent: boolean,
  ): Record<string, string> => {
    const metadata = checkedMetadata(semantics, writeOptions?.metadata);
    const { condition } = writeOptions ?? {};
    if (condition === 'absent') {
      if (isPresent) throw new StorageError(409, 'BlobAlreadyExists', `${blobName} exists`);
    } else if (condition !== undefined) checkMatch(blobName, condition.ifMatch);
    return metadata;
  };

  const store = (blobName: string, blob: Omit<StoredBlob, 'etag'>) => {
    const etag = `0x${(++version).toString(16).toUpperCase().padStart(15, '0')}`;
    blobs.set(blobName, { ...blob, etag });
    uncommitted.delete(blobName);
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
      for (let after: string | undefined; ;) {
        const size = await pageSize();
        const last = after;
        const names = [...blobs.keys()]
          .filter((key) => key.startsWith(prefix) && (last === undefined || key > last))
          .sort(byCodeUnits);
        const page = names.slice(0, size).flatMap((key) => {
          const blob = blobs.get(key);
          return blob === undefined ? [] : [itemOf(key, blob)];
        });
        yield* page;
        if (page.length === names.length) return;
        after = page.at(-1)?.name ?? after;
      }
    },
    async properties(blobName) {
      await Promise.resolve();
      const blob = blobs.get(blobName);
      return blob && itemOf(blobName, blob);
    },
    async read(blobName, readOptions): Promise<BlobContent | undefined> {
      await Promise.resolve();
      if (isAbsent(blobName, readOptions?.ifMatch)) return undefined;
      if (readOptions?.ifMatch !== undefined) checkMatch(blobName, readOptions.ifMatch);
      const blob = blobs.get(blobName);
      if (blob === undefined) return undefined;
      const isReplaced = () => blobs.get(blobName)?.etag !== blob.etag && whenReplaced() === 'reject';
      return { ...itemOf(blobName, blob), chunks: chunksOf(blobName, blob.content, isReplaced) };
    },
    async put(blobName, content, writeOptions) {
      await Promise.resolve();
      const isPresent = blobs.has(blobName) || (likeAzurite && uncommitted.has(blobName));
      const metadata = checkWrite(blobName, writeOptions, isPresent);
      if (!likeAzurite) staged.delete(blobName);
      return store(blobName, { content: Uint8Array.from(content), metadata });
    },
    async stageBlock(blobName, blockId, content) {
      await Promise.resolve();
      const idBytes = Buffer.byteLength(blockId);
      if (idBytes === 0 || idBytes > 64) {
        throw new StorageError(400, 'InvalidQueryParameterValue', `a block id of ${idBytes} bytes`);
      }
      if (content.length === 0 && !likeAzurite) {
        throw new StorageError(400, 'InvalidHeaderValue', 'a block may not be empty');
      }
      const blocks = staged.get(blobName) ?? new Map<string, Uint8Array>();
      const [other] = blocks.keys();
      if (other !== undefined && Buffer.byteLength(other) !== idBytes) {
        throw new StorageError(400, 'InvalidBlobOrBlock', `block ids of ${blobName} differ in length`);
      }
      if (blocks.size >= MAX_UNCOMMITTED_BLOCKS && !blocks.has(blockId) && !likeAzurite) {
        throw new StorageError(409, 'BlockCountExceedsLimit', `${blobName} has too many uncommitted blocks`);
      }
      blocks.set(blockId, Uint8Array.from(content));
      staged.set(blobName, blocks);
      if (!blobs.has(blobName)) uncommitted.add(blobName);
    },
    async commitBlocks(blobName, blockIds, writeOptions) {
      await Promise.resolve();
      if (blockIds.length > MAX_BLOCKS && !likeAzurite) {
        throw new StorageError(400, 'BlockListTooLong', `${blobName} of ${blockIds.length} blocks`);
      }
      const metadata = checkWrite(blobName, writeOptions, blobs.has(blobName));
      const blocks = new Map<string, Uint8Array>();
      const parts = blockIds.map((id) => {
        const part = staged.get(blobName)?.get(id) ?? blobs.get(blobName)?.blocks?.get(id);
        if (part === undefined) {
          throw new StorageError(400, 'InvalidBlockList', `${blobName} has no block ${id}`);
        }
        blocks.set(id, part);
        return part;
      });
      staged.delete(blobName);
      const content = Uint8Array.from(Buffer.concat(parts));
      return store(blobName, { content, blocks, metadata });
    },
    async delete(blobName, deleteOptions) {
      await Promise.resolve();
      if (deleteOptions?.ifMatch === undefined) uncommitted.delete(blobName);
      if (isAbsent(blobName, deleteOptions?.ifMatch)) return;
      if (deleteOptions?.ifMatch !== undefined) checkMatch(blobName, deleteOptions.ifMatch);
      blobs.delete(blobName);
      if (!likeAzurite) staged.delete(blobName);
    },
  };
}

const itemOf = (name: string, blob: StoredBlob): BlobItem => ({
  name,
  etag: blob.etag,
  sizeBytes: blob.content.length,
  metadata: { ...blob.metadata },
});

async function* chunksOf(name: string, content: Uint8Array, isReplaced: () => boolean) {
  for (let at = 0; at < content.length; at += CHUNK_BYTES) {
    await Promise.resolve();
    if (isReplaced()) {
      throw new StorageError(412, 'ConditionNotMet', `${name} was replaced while it was read`);
    }
    yield content.subarray(at, at + CHUNK_BYTES);
  }
}

const byCodeUnits = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
