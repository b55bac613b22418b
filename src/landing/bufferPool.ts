/** A block is staged when it has this size: few calls, and little to hold. */
export const BLOCK_BYTES = 2 * 1024 * 1024;
/** Room behind a block for the line that makes it full. */
const SLACK_BYTES = 64 * 1024;
const SMALLEST_BYTES = 4 * 1024;
const LARGEST_BYTES = BLOCK_BYTES + SLACK_BYTES;

/**
 * The memory in which the lines of a job wait, over all its windows. Buffers that come back are lent again:
 * fresh memory has to be mapped page by page, which costs as much as writing the lines. What is lent may exceed
 * the limit until somebody gives back; what lies ready for lending stays within the same limit.
 */
export class BufferPool {
  readonly limitBytes: number;
  readonly #spares = new Map<number, Buffer[]>();
  #spareBytes = 0;
  #lentBytes = 0;

  constructor(limitBytes: number) {
    this.limitBytes = limitBytes;
  }

  /** Bytes of all buffers that are lent. */
  get lentBytes(): number {
    return this.#lentBytes;
  }

  isOverdrawn(): boolean {
    return this.#lentBytes > this.limitBytes;
  }

  /** A buffer of at least so many bytes, with anything in it. */
  lend(atLeastBytes: number): Buffer {
    const size = sizeFor(atLeastBytes);
    const spare = this.#spares.get(size)?.pop();
    if (spare !== undefined) this.#spareBytes -= size;
    this.#lentBytes += size;
    return spare ?? Buffer.allocUnsafeSlow(size);
  }

  giveBack(buffer: Buffer): void {
    const size = buffer.length;
    this.#lentBytes -= size;
    if (size > LARGEST_BYTES || this.#spareBytes + size > this.limitBytes) return;
    this.#spareBytes += size;
    const spares = this.#spares.get(size);
    if (spares === undefined) this.#spares.set(size, [buffer]);
    else spares.push(buffer);
  }
}

/** Doubling sizes up to a full block; what is larger gets its own size. */
function sizeFor(atLeastBytes: number): number {
  let size = SMALLEST_BYTES;
  while (size < atLeastBytes && size < BLOCK_BYTES) size *= 2;
  if (size >= atLeastBytes) return size;
  return Math.max(atLeastBytes, LARGEST_BYTES);
}
