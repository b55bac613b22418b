/** Shorter pieces are copied sooner than `Buffer.copy` is called. */
const SHORT_BYTES = 64;

/** Puts bytes together from pieces of other buffers; pieces that follow each other in one buffer are copied as one. */
export class PieceWriter {
  readonly #out: Buffer;
  #at: number;
  /** What has been added last and not been copied yet. */
  #source: Buffer;
  #from = 0;
  #end = 0;

  /** @param out has to have room for all that is added, from `at` on */
  constructor(out: Buffer, at: number) {
    this.#out = out;
    this.#at = at;
    this.#source = out;
  }

  /** Adds the bytes `[from, end)` of a buffer. */
  add(source: Buffer, from: number, end: number): void {
    if (source !== this.#source || from !== this.#end) {
      this.#copy();
      this.#source = source;
      this.#from = from;
    }
    this.#end = end;
  }

  addText(text: string): void {
    this.#at = this.finish();
    this.#at += this.#out.write(text, this.#at);
  }

  /** @returns where all that was added ends */
  finish(): number {
    this.#copy();
    this.#from = this.#end = 0;
    return this.#at;
  }

  #copy(): void {
    const source = this.#source;
    const from = this.#from;
    const end = this.#end;
    if (end - from > SHORT_BYTES) {
      source.copy(this.#out, this.#at, from, end);
    } else {
      const out = this.#out;
      for (let index = from, at = this.#at; index < end;) out[at++] = source[index++] ?? 0;
    }
    this.#at += end - from;
  }
}
