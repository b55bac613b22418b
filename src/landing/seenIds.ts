import { sha256, wordOf } from './digest.ts';

/** `same` and `different` say how a row compares with the one that had its key first. */
export type Sighting = 'new' | 'same' | 'different';

/** Words of 32 bits: four of the key, two of the row's hash. */
const ENTRY_WORDS = 6;
/** Of a chunk, a power of two. */
const CHUNK_BITS = 10;
const CHUNK_ENTRIES = 1 << CHUNK_BITS;
const FIRST_SLOTS = 4_096;
/** A key that is new passes few taken slots, each of which may cost a look at an entry far away. */
const MAX_LOAD = 0.6;

/**
 * The rows that a job has met: 24 bytes each (128 bits of the key, 64 of the row's SHA-256) and an index of
 * open addressing beside them, 7 to 14 bytes each. A GUID is its own 128 bits; a key of another form is known
 * by its SHA-256. Memory of a job grows by this and by nothing else with the number of its rows.
 */
export class SeenIds {
  /** Entries in the order of arrival: never moved, so that growing remakes the index alone. */
  readonly #chunks: Uint32Array[] = [];
  /** Number of an entry + 1, or 0 where free. */
  #slots = new Uint32Array(FIRST_SLOTS);
  #size = 0;
  /** The key in hand. */
  #key0 = 0;
  #key1 = 0;
  #key2 = 0;
  #key3 = 0;

  get size(): number {
    return this.#size;
  }

  /** Bytes held. */
  get bytes(): number {
    return this.#slots.byteLength + this.#chunks.length * CHUNK_ENTRIES * ENTRY_WORDS * 4;
  }

  /** @param rowHash SHA-256 of the row's line */
  add(key: string, rowHash: string): Sighting {
    this.#takeKey(key);
    return this.#add(rowHash);
  }

  /** As {@link add}, with a key whose UTF-8 stands in `[from, end)`. */
  addFrom(bytes: Buffer, from: number, end: number, rowHash: string): Sighting {
    this.#takeBytes(bytes, from, end);
    return this.#add(rowHash);
  }

  #add(rowHash: string): Sighting {
    const slot = this.#find();
    const entry = this.#slots[slot] ?? 0;
    if (entry !== 0) return this.#hasRow(entry - 1, rowHash) ? 'same' : 'different';
    this.#append(rowHash);
    this.#slots[slot] = this.#size;
    if (this.#size > this.#slots.length * MAX_LOAD) this.#grow();
    return 'new';
  }

  /** Whether this is the row that had the key first. */
  has(key: string, rowHash: string): boolean {
    this.#takeKey(key);
    const entry = this.#slots[this.#find()] ?? 0;
    return entry !== 0 && this.#hasRow(entry - 1, rowHash);
  }

  /** Whether any row has the key. */
  hasKey(key: string): boolean {
    this.#takeKey(key);
    return this.#slots[this.#find()] !== 0;
  }

  #takeKey(key: string): void {
    const bytes = Buffer.from(key);
    this.#takeBytes(bytes, 0, bytes.length);
  }

  #takeBytes(bytes: Buffer, from: number, end: number): void {
    if (end - from === GUID_BYTES && this.#takeGuid(bytes, from)) return;
    const hashed = sha256(bytes.subarray(from, end));
    this.#key0 = wordOf(hashed, 0);
    this.#key1 = wordOf(hashed, 1);
    this.#key2 = wordOf(hashed, 2);
    this.#key3 = wordOf(hashed, 3);
  }

  /** False if it is none. */
  #takeGuid(bytes: Buffer, from: number): boolean {
    const first = hexWord(bytes, from, 8);
    const second = hexWord(bytes, from + 9, 4);
    const third = hexWord(bytes, from + 14, 4);
    const fourth = hexWord(bytes, from + 19, 4);
    const fifth = hexWord(bytes, from + 24, 4);
    const sixth = hexWord(bytes, from + 28, 8);
    if (Math.min(first, second, third, fourth, fifth, sixth) < 0) return false;
    for (const at of DASHES_AT) if (bytes[from + at] !== DASH) return false;
    this.#key0 = first;
    this.#key1 = second * 0x10000 + third;
    this.#key2 = fourth * 0x10000 + fifth;
    this.#key3 = sixth;
    return true;
  }

  /** The slot of the key in hand, or the free one where it belongs. */
  #find(): number {
    const slots = this.#slots;
    const mask = slots.length - 1;
    let slot = slotOf(this.#key0, this.#key1, this.#key2, this.#key3) & mask;
    for (;;) {
      const entry = slots[slot] ?? 0;
      if (entry === 0 || this.#hasKey(entry - 1)) return slot;
      slot = (slot + 1) & mask;
    }
  }

  #hasKey(entry: number): boolean {
    const chunk = this.#chunkOf(entry);
    const at = offsetOf(entry);
    return (
      chunk[at] === this.#key0 &&
      chunk[at + 1] === this.#key1 &&
      chunk[at + 2] === this.#key2 &&
      chunk[at + 3] === this.#key3
    );
  }

  #hasRow(entry: number, rowHash: string): boolean {
    const chunk = this.#chunkOf(entry);
    const at = offsetOf(entry);
    return chunk[at + 4] === wordOf(rowHash, 0) && chunk[at + 5] === wordOf(rowHash, 1);
  }

  #append(rowHash: string): void {
    const entry = this.#size++;
    if (entry % CHUNK_ENTRIES === 0) this.#chunks.push(new Uint32Array(CHUNK_ENTRIES * ENTRY_WORDS));
    const chunk = this.#chunkOf(entry);
    const at = offsetOf(entry);
    chunk[at] = this.#key0;
    chunk[at + 1] = this.#key1;
    chunk[at + 2] = this.#key2;
    chunk[at + 3] = this.#key3;
    chunk[at + 4] = wordOf(rowHash, 0);
    chunk[at + 5] = wordOf(rowHash, 1);
  }

  #chunkOf(entry: number): Uint32Array {
    const chunk = this.#chunks[entry >>> CHUNK_BITS];
    if (chunk === undefined) throw new RangeError(`no entry ${entry} among ${this.#size}`);
    return chunk;
  }

  /** The old index is let go first: it can be made again from the entries. */
  #grow(): void {
    const length = this.#slots.length * 2;
    this.#slots = new Uint32Array(0);
    const slots = new Uint32Array(length);
    const mask = length - 1;
    let entry = 0;
    for (const chunk of this.#chunks) {
      for (let at = 0; at < chunk.length && entry < this.#size; at += ENTRY_WORDS) {
        let slot = slotOf(chunk[at] ?? 0, chunk[at + 1] ?? 0, chunk[at + 2] ?? 0, chunk[at + 3] ?? 0) & mask;
        while (slots[slot] !== 0) slot = (slot + 1) & mask;
        slots[slot] = ++entry;
      }
    }
    this.#slots = slots;
  }
}

const offsetOf = (entry: number): number => (entry & (CHUNK_ENTRIES - 1)) * ENTRY_WORDS;

/** All words count: GUIDs made by one machine may differ in a few bits of one word only. */
function slotOf(word0: number, word1: number, word2: number, word3: number): number {
  let mixed = Math.imul(word0, 0x9e3779b1);
  mixed = Math.imul(mixed ^ (mixed >>> 15) ^ word1, 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13) ^ word2, 0xc2b2ae35);
  mixed = Math.imul(mixed ^ (mixed >>> 16) ^ word3, 0x27d4eb2f);
  return (mixed ^ (mixed >>> 15)) >>> 0;
}

const GUID_BYTES = 36;
const DASHES_AT = [8, 13, 18, 23];
const DASH = '-'.charCodeAt(0);
const NO_DIGIT = 255;
/** Value of a hexadecimal digit by its code. Only small letters: two keys that differ in case are two keys. */
const DIGITS = new Uint8Array(256).fill(NO_DIGIT);
for (const [value, digit] of Array.from('0123456789abcdef').entries()) DIGITS[digit.charCodeAt(0)] = value;

/** -1 if one of them is no digit. */
function hexWord(bytes: Buffer, from: number, digits: number): number {
  let word = 0;
  for (let at = from; at < from + digits; at++) {
    const digit = DIGITS[bytes[at] ?? 0] ?? NO_DIGIT;
    if (digit === NO_DIGIT) return -1;
    word = word * 16 + digit;
  }
  return word;
}
