import { inParallel } from '../runtime/inParallel.ts';
import type { BlobContainer } from '../storage/blobs.ts';
import { sha256 } from './digest.ts';
import { putUnknownDay } from './rawStore.ts';
import type { RejectedRow } from './rejectedRow.ts';

const MAX_WAITING_BYTES = 1024 * 1024;
const PARALLEL_PUTS = 8;

/** Rows of a read that belong to none of its windows; each is a small blob of its own, written at most once. */
export class UnknownDayRows {
  readonly #container: BlobContainer;
  /** By the SHA-256 of the line. */
  readonly #waiting = new Map<string, RejectedRow>();
  #waitingBytes = 0;
  #rows = 0;

  constructor(container: BlobContainer) {
    this.#container = container;
  }

  get rows(): number {
    return this.#rows;
  }

  get isFull(): boolean {
    return this.#waitingBytes >= MAX_WAITING_BYTES;
  }

  add(row: RejectedRow, lineHash: string): void {
    this.#waiting.set(lineHash, row);
    this.#waitingBytes += row.line.length;
    this.#rows += 1;
  }

  /** Takes a row that has not been written out again. */
  remove(isIt: (lineHash: string) => boolean): boolean {
    const found = [...this.#waiting.keys()].find(isIt);
    if (found === undefined) return false;
    this.#waiting.delete(found);
    this.#rows -= 1;
    return true;
  }

  async write(): Promise<void> {
    await inParallel(this.#waiting.values(), PARALLEL_PUTS, (row) =>
      putUnknownDay(
        this.#container,
        Buffer.from(sha256(row.json), 'latin1').toString('hex'),
        Buffer.from(`${row.line}\n`),
      ),
    );
    this.#waiting.clear();
    this.#waitingBytes = 0;
  }
}
