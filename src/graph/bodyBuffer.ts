const FIRST_BYTES = 256 * 1024;

/**
 * The memory in which the bodies of one sequence of answers lie, one after the other. Fresh memory for each would
 * have to be mapped page by page, and as garbage it would call for a whole collection every few answers.
 */
export class BodyBuffer {
  #memory = Buffer.alloc(0);
  #length = 0;

  /** Begins the next body; the one before is gone. */
  clear(): void {
    this.#length = 0;
  }

  add(chunk: Uint8Array): void {
    const length = this.#length + chunk.length;
    if (length > this.#memory.length) {
      const larger = Buffer.allocUnsafeSlow(Math.max(FIRST_BYTES, length, 2 * this.#memory.length));
      this.#memory.copy(larger, 0, 0, this.#length);
      this.#memory = larger;
    }
    this.#memory.set(chunk, this.#length);
    this.#length = length;
  }

  get length(): number {
    return this.#length;
  }

  /** What has been added since {@link clear}, until it is called again. */
  get content(): Buffer {
    return this.#memory.subarray(0, this.#length);
  }
}
