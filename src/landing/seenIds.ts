import { sha256, wordOf } from './digest.ts';

/** `same` and `different` say how a row compares with the one that had its key before. */
export type Sighting = 'new' | 'same' | 'different';

const KEY_WORDS = 4;
const ENTRY_WORDS = KEY_WORDS + 2;
const ENTRIES_A_CHUNK = 8_192;
const FIRST_SLOTS = 4_096;
const MAX_LOAD = 0.8;
const GUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/**
 * The rows that a job has met: 24 bytes each (128 bits of the key, 64 of the row's SHA-256) and an index of
 * open addressing beside them, 5 to 10 bytes each. A GUID is its own 128 bits; a key of another form is known
 * by its SHA-256. Memory of a job grows by this and by nothing else with the number of its rows.
 */
export class SeenIds {
  /** Entries in the order of arrival: never moved, so that growing copies only the index. */
  readonly #chunks: Uint32Array[] = [];
  /** Entry number + 1, or 0 where free. */
  #slots = new Uint32Array(FIRST_SLOTS);
  #size = 0;
  readonly #key = new Uint32Array(KEY_WORDS);

  get size(): number {
    return this.#size;
  }

  /** Bytes held. */
  get bytes(): number {
    return this.#slots.byteLength + this.#chunks.length * ENTRIES_A_CHUNK * ENTRY_WORDS * 4;
  }

  /** @param rowHash SHA-256 of the row's line */
  add(key: string, rowHash: string): Sighting {
    this.#readKey(key);
    const high = wordOf(rowHash, 0);
    const low = wordOf(rowHash, 1);
    const slot = this.#find();
    const entry = this.#slots[slot] ?? 0;
    if (entry === 0) {
      this.#append(high, low);
      this.#slots[slot] = this.#size;
      if (this.#size > this.#slots.length * MAX_LOAD) this.#grow();
      return 'new';
    }
    const chunk = this.#chunkOf(entry - 1);
    const at = offsetOf(entry - 1) + KEY_WORDS;
    return chunk[at] === high && chunk[at + 1] === low ? 'same' : 'different';
  }

  /** Whether this is the row that had the key first. */
  has(key: string, rowHash: string): boolean {
    this.#readKey(key);
    const entry = this.#slots[this.#find()] ?? 0;
    if (entry === 0) return false;
    const chunk = this.#chunkOf(entry - 1);
    const at = offsetOf(entry - 1) + KEY_WORDS;
    return chunk[at] === wordOf(rowHash, 0) && chunk[at + 1] === wordOf(rowHash, 1);
  }

  /** The slot of the key that was read last, or the free one where it belongs. */
  #find(): number {
    const mask = this.#slots.length - 1;
    let slot = slotOf(this.#key) & mask;
    for (;;) {
      const entry = this.#slots[slot] ?? 0;
      if (entry === 0 || this.#isKeyAt(this.#chunkOf(entry - 1), offsetOf(entry - 1))) return slot;
      slot = (slot + 1) & mask;
    }
  }

  #readKey(key: string): void {
    const words = this.#key;
    // Only the canonical form is taken for its bits: two keys that differ in case are two keys.
    if (GUID.test(key)) {
      words[0] = hexWord(key, 0, 8);
      words[1] = hexWord(key, 9, 13) * 0x10000 + hexWord(key, 14, 18);
      words[2] = hexWord(key, 19, 23) * 0x10000 + hexWord(key, 24, 28);
      words[3] = hexWord(key, 28, 36);
      return;
    }
    const hashed = sha256(key);
    for (let index = 0; index < KEY_WORDS; index++) words[index] = wordOf(hashed, index);
  }

  #isKeyAt(chunk: Uint32Array, at: number): boolean {
    const words = this.#key;
    return (
      chunk[at] === words[0] &&
      chunk[at + 1] === words[1] &&
      chunk[at + 2] === words[2] &&
      chunk[at + 3] === words[3]
    );
  }

  #append(high: number, low: number): void {
    const entry = this.#size++;
    if (entry % ENTRIES_A_CHUNK === 0) this.#chunks.push(new Uint32Array(ENTRIES_A_CHUNK * ENTRY_WORDS));
    const chunk = this.#chunkOf(entry);
    const at = offsetOf(entry);
    chunk.set(this.#key, at);
    chunk[at + KEY_WORDS] = high;
    chunk[at + KEY_WORDS + 1] = low;
  }

  #chunkOf(entry: number): Uint32Array {
    const chunk = this.#chunks[Math.floor(entry / ENTRIES_A_CHUNK)];
    if (chunk === undefined) throw new RangeError(`no entry ${entry} among ${this.#size}`);
    return chunk;
  }

  /** The old index is let go first: it can be made again from the entries. */
  #grow(): void {
    const slots = this.#slots.length * 2;
    this.#slots = new Uint32Array(0);
    this.#slots = new Uint32Array(slots);
    const mask = slots - 1;
    for (let entry = 0; entry < this.#size; entry++) {
      const at = offsetOf(entry);
      let slot = slotOf(this.#chunkOf(entry).subarray(at, at + KEY_WORDS)) & mask;
      while (this.#slots[slot] !== 0) slot = (slot + 1) & mask;
      this.#slots[slot] = entry + 1;
    }
  }
}

const offsetOf = (entry: number): number => (entry % ENTRIES_A_CHUNK) * ENTRY_WORDS;

/** All words count: GUIDs made by one machine may differ in a few bits of one word only. */
function slotOf(words: Uint32Array): number {
  let mixed = 0x9e3779b9;
  for (let index = 0; index < KEY_WORDS; index++) {
    mixed = Math.imul(mixed ^ (words[index] ?? 0), 0x85ebca6b);
    mixed ^= mixed >>> 15;
  }
  return Math.imul(mixed, 0xc2b2ae35) >>> 4;
}

function hexWord(text: string, from: number, to: number): number {
  let word = 0;
  for (let at = from; at < to; at++) {
    const code = text.charCodeAt(at);
    // Digits stand at 48, small letters at 97.
    word = word * 16 + (code < 58 ? code - 48 : code - 87);
  }
  return word;
}
