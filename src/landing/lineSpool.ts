import type { PageRows } from '../graph/pageRows.ts';
import { type BlobContainer, type BlobWriteOptions, isConflict } from '../storage/blobs.ts';
import { BLOCK_BYTES, type BufferPool } from './bufferPool.ts';
import { copyLine, roomFor } from './copyLine.ts';
import { LineDigest, sha256 } from './digest.ts';

const LF = 0x0a;
/** UTF-8 of one UTF-16 unit. */
const MAX_BYTES_A_UNIT = 3;

/** Where the lines go: a blob, and what makes block ids of this read differ from those of every other. */
export interface SpoolTarget {
  container: BlobContainer;
  blobName: string;
  claim: number;
  /** 16 hexadecimal digits that no other read has. */
  nonce: string;
}

/**
 * The lines of one blob on their way: collected, staged block by block, visible only once they are committed.
 * What has not been staged is kept until {@link release}, so that a commit can be tried again.
 */
export class LineSpool {
  readonly blobName: string;
  readonly #target: SpoolTarget;
  readonly #pool: BufferPool;
  readonly #digest = new LineDigest();
  readonly #staged: string[] = [];
  #buffer: Buffer | undefined;
  #used = 0;
  #blocks = 0;
  #rows = 0;
  /** The last call that would have replaced the blob at once. */
  #wasRefused = false;

  constructor(target: SpoolTarget, pool: BufferPool) {
    this.blobName = target.blobName;
    this.#target = target;
    this.#pool = pool;
  }

  get rows(): number {
    return this.#rows;
  }

  /** Digest of all lines so far, 64 hexadecimal digits. */
  get digest(): string {
    return this.#digest.hex();
  }

  /** Bytes that wait to be staged. */
  get waitingBytes(): number {
    return this.#used;
  }

  /** What waits to be staged, each line with its LF; valid until the next call. */
  get waiting(): Uint8Array {
    return this.#buffer?.subarray(0, this.#used) ?? new Uint8Array(0);
  }

  get isFull(): boolean {
    return this.#used >= BLOCK_BYTES;
  }

  /** False once a block has been staged: its content is in the store alone. */
  get isWhole(): boolean {
    return this.#staged.length === 0;
  }

  /**
   * Writes a line, without its LF, behind those that wait; it does not belong to them until it is
   * {@link accept}ed. Every line passes here: it is encoded once, where it is going to stay.
   *
   * @returns its bytes, valid until the next call
   */
  write(line: string): Buffer {
    const buffer = this.#room(line.length * MAX_BYTES_A_UNIT + 1);
    const length = buffer.write(line, this.#used);
    return buffer.subarray(this.#used, this.#used + length);
  }

  /** As {@link write}, the line of a row. Undefined if it cannot be copied from the page, see {@link copyLine}. */
  writeRow(rows: PageRows, row: number): Buffer | undefined {
    const buffer = this.#room(roomFor(rows, row) + 1);
    const end = copyLine(rows, row, buffer, this.#used);
    return end === 0 ? undefined : buffer.subarray(this.#used, end);
  }

  /** Takes in the line that was written last. `hashed` is the SHA-256 of its bytes. */
  accept(length: number, hashed: string): void {
    const buffer = this.#room(length + 1);
    buffer[this.#used + length] = LF;
    this.#used += length + 1;
    this.#digest.add(hashed);
    this.#rows += 1;
  }

  /** Takes one waiting line out again: the first whose hash is asked for. False if none that waits is. */
  remove(isIt: (hashed: string) => boolean): boolean {
    const buffer = this.#buffer;
    if (buffer === undefined) return false;
    for (let from = 0; from < this.#used;) {
      const end = buffer.indexOf(LF, from);
      const hashed = sha256(buffer.subarray(from, end));
      if (isIt(hashed)) {
        buffer.copyWithin(from, end + 1, this.#used);
        this.#used -= end + 1 - from;
        this.#digest.remove(hashed);
        this.#rows -= 1;
        return true;
      }
      from = end + 1;
    }
    return false;
  }

  /** Stages what waits, as one block. */
  async stage(): Promise<void> {
    const id = await this.#stageWaiting(this.#target.container, this.blobName);
    if (id === undefined) return;
    this.#staged.push(id);
    this.#used = 0;
  }

  /**
   * Replaces the blob by all lines: with one call if all of them wait. If not, what waits is staged once more on
   * every call, for a commit of another read has discarded whatever was staged. Lines that all wait go as blocks, too,
   * where no blob is and still the condition that there be none was refused: blocks that a dead read has left are a
   * blob to some stores.
   *
   * @param container the way by which the blob is looked at as well
   * @param blobName another blob, to which only lines that all wait can go
   */
  async commit(
    options: BlobWriteOptions,
    container: BlobContainer = this.#target.container,
    blobName: string = this.blobName,
  ): Promise<{ etag: string }> {
    if (this.isWhole && !(this.#wasRefused && options.condition === 'absent')) {
      try {
        return await container.put(blobName, this.waiting, options);
      } catch (error) {
        this.#wasRefused = isConflict(error);
        throw error;
      }
    }
    const last = await this.#stageWaiting(container, blobName);
    const ids = last === undefined ? this.#staged : [...this.#staged, last];
    return container.commitBlocks(blobName, ids, options);
  }

  /** Gives the buffer back; what waited in it is gone. */
  release(): void {
    if (this.#buffer !== undefined) this.#pool.giveBack(this.#buffer);
    this.#buffer = undefined;
    this.#used = 0;
  }

  async #stageWaiting(container: BlobContainer, blobName: string): Promise<string | undefined> {
    if (this.#buffer === undefined || this.#used === 0) return undefined;
    const { claim, nonce } = this.#target;
    const id = `${claim.toString(16).padStart(8, '0')}-${nonce}-${String(this.#blocks++).padStart(6, '0')}`;
    await container.stageBlock(blobName, id, this.#buffer.subarray(0, this.#used));
    return id;
  }

  /** The buffer with room for so many more bytes. */
  #room(bytes: number): Buffer {
    const needed = this.#used + bytes;
    const present = this.#buffer;
    if (present !== undefined && present.length >= needed) return present;
    const larger = this.#pool.lend(needed);
    if (present !== undefined) {
      present.copy(larger, 0, 0, this.#used);
      this.#pool.giveBack(present);
    }
    this.#buffer = larger;
    return larger;
  }
}

/** Stages what is full, and, while all spools together hold too much, the one that holds the most. */
export async function relieve(spools: readonly LineSpool[], pool: BufferPool): Promise<void> {
  for (const spool of spools) if (spool.isFull) await spool.stage();
  if (!pool.isOverdrawn()) return;
  for (const spool of spools) if (spool.waitingBytes === 0) spool.release();
  const largestFirst = [...spools].sort((a, b) => b.waitingBytes - a.waitingBytes);
  for (const spool of largestFirst) {
    if (!pool.isOverdrawn()) return;
    await spool.stage();
    spool.release();
  }
}
