import { hash } from 'node:crypto';

/**
 * SHA-256 of bytes as a string of 32 characters, one a byte: of all outputs the cheapest one to have.
 */
export const sha256 = (content: Uint8Array | string): string => hash('sha256', content, 'binary');

/** Bits 32*`index` and following of a {@link sha256}, from the most significant, as an unsigned integer. */
export const wordOf = (hashed: string, index: number): number => {
  const at = index * 4;
  return (
    ((hashed.charCodeAt(at) << 24) |
      (hashed.charCodeAt(at + 1) << 16) |
      (hashed.charCodeAt(at + 2) << 8) |
      hashed.charCodeAt(at + 3)) >>>
    0
  );
};

const WORDS = 8;
const WORD = 2 ** 32;
/** Sums of so many 32-bit words are exact in a double, with room for the sum carried so far. */
const EXACT_ADDITIONS = 2 ** 20;

/** What a set of no lines has. */
export const EMPTY_DIGEST = '0'.repeat(64);

/**
 * Digest of a set of lines, whatever their order: the sum modulo 2^256 of the SHA-256 of each. A sum, not an
 * exclusive or, because two equal lines must not cancel each other.
 */
export class LineDigest {
  /** Most significant word first; each may exceed 32 bits or be negative until carried. */
  readonly #words = new Float64Array(WORDS);
  #uncarried = 0;

  add(hashed: string): void {
    this.#addTimes(hashed, 1);
  }

  remove(hashed: string): void {
    this.#addTimes(hashed, -1);
  }

  /** 64 hexadecimal digits. */
  hex(): string {
    this.#carry();
    return Array.from(this.#words, (word) => word.toString(16).padStart(8, '0')).join('');
  }

  #addTimes(hashed: string, times: 1 | -1): void {
    const words = this.#words;
    for (let index = 0; index < WORDS; index++) {
      words[index] = (words[index] ?? 0) + times * wordOf(hashed, index);
    }
    if (++this.#uncarried >= EXACT_ADDITIONS) this.#carry();
  }

  #carry(): void {
    let carry = 0;
    for (let index = WORDS - 1; index >= 0; index--) {
      const sum = (this.#words[index] ?? 0) + carry;
      carry = Math.floor(sum / WORD);
      this.#words[index] = sum - carry * WORD;
    }
    this.#uncarried = 0;
  }
}
