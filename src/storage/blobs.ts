/**
 * What the pipeline needs of a blob container. Two sides implement it: the Azure SDK (`azureBlobs.ts`) and
 * an in-memory store of the tests. ETags carry no quotes: listings come without, headers with, and they are
 * compared with each other.
 */
export interface BlobContainer {
  readonly name: string;
  /** Every blob whose name begins with `prefix`, in the order of names. Directory entries are left out. */
  list(prefix: string): AsyncIterable<BlobItem>;
  /** Undefined when there is no such blob. */
  properties(name: string): Promise<BlobItem | undefined>;
  /** The whole content as it was under one ETag. Undefined when there is no such blob (or `ifMatch` is stale: {@link StorageError} 412). */
  read(name: string, options?: { ifMatch?: string }): Promise<BlobContent | undefined>;
  /** Replaces the whole blob with one call. */
  put(name: string, content: Uint8Array, options?: BlobWriteOptions): Promise<{ etag: string }>;
  /** Uploads a block that stays invisible until it is committed. All ids of one blob have the same length. */
  stageBlock(name: string, blockId: string, content: Uint8Array): Promise<void>;
  /** Replaces the blob by exactly these blocks, in this order; an empty list makes an empty blob. Discards all other uncommitted blocks. */
  commitBlocks(
    name: string,
    blockIds: readonly string[],
    options?: BlobWriteOptions,
  ): Promise<{ etag: string }>;
  /** Deletes the blob; a blob that is not there is no error. */
  delete(name: string, options?: { ifMatch?: string }): Promise<void>;
}

export interface BlobItem {
  name: string;
  etag: string;
  sizeBytes: number;
  metadata: Readonly<Record<string, string>>;
}

export interface BlobContent extends BlobItem {
  /** The bytes, in pieces. Rejects with {@link StorageError} 412 if the blob is replaced while it is read. */
  chunks: AsyncIterable<Uint8Array>;
}

export interface BlobWriteOptions {
  /** Refused with 412 unless the blob's ETag is this one, or, for `absent`, unless there is no blob. */
  condition?: { ifMatch: string } | 'absent';
  metadata?: Readonly<Record<string, string>>;
  contentType?: string;
}

/** What a storage service refused: the status and the service's own code, such as 412 `ConditionNotMet`. */
export class StorageError extends Error {
  override readonly name = 'StorageError';
  readonly status: number;
  readonly code: string;

  constructor(status: number, code: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.status = status;
    this.code = code;
  }
}

/** A storage service gave no answer: nobody listens there, the name is unknown, or it took too long. */
export class StorageUnreachableError extends Error {
  override readonly name = 'StorageUnreachableError';
}

/** True for the answers that mean "somebody else was there, or my own write landed already": a question, not a failure. */
export const isConflict = (error: unknown): error is StorageError =>
  error instanceof StorageError && (error.status === 409 || error.status === 412);
