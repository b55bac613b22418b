import { hashOf } from './random.ts';

/** What happened, step by step: a fingerprint of all of it, and the last steps in words. */
export class Trace {
  readonly #kept: number;
  readonly #last: string[] = [];
  #steps = 0;
  #hash = 0;

  constructor(kept: number) {
    this.#kept = kept;
  }

  add(nowMs: number, text: string): void {
    this.#steps += 1;
    this.#hash = hashOf(text, this.#hash ^ nowMs);
    this.#last[this.#steps % this.#kept] = `${new Date(nowMs).toISOString().slice(5, 23)} ${text}`;
  }

  get steps(): number {
    return this.#steps;
  }

  /** Equal for runs that did the same. */
  get fingerprint(): string {
    return this.#hash.toString(16).padStart(8, '0');
  }

  /** In order. */
  get last(): string[] {
    const from = this.#steps + 1;
    return Array.from({ length: this.#kept }, (_, at) => this.#last[(from + at) % this.#kept]).filter(
      (line) => line !== undefined,
    );
  }
}
