import { COLUMNS } from './columns.ts';

/** A name in quotes, as it stands in a row. */
interface Name {
  bytes: number;
  /** As integers of 32 bits, without what is left over at the end. */
  words: Int32Array;
  /** The last four bytes. */
  last: number;
}

const WORD_BYTES = 4;

const NAMES = COLUMNS.map(({ name }): Name => {
  const quoted = Buffer.from(`"${name}"`);
  const words = Int32Array.from({ length: Math.floor(quoted.length / WORD_BYTES) }, (_, index) =>
    quoted.readInt32LE(index * WORD_BYTES),
  );
  return { bytes: quoted.length, words, last: quoted.readInt32LE(quoted.length - WORD_BYTES) };
});

/** Bytes of a column's name with its quotes. */
export const nameBytes = (column: number): number => NAMES[column]?.bytes ?? 0;

/**
 * Index of the column whose name, in quotes, stands at a place; -1 if it is none. The names are more than half of
 * what Graph sends: they are compared four bytes at a time.
 * @param next column that is tried first, then those behind it
 */
export function columnAt(view: DataView, at: number, next: number): number {
  const first = next < NAMES.length ? next : 0;
  if (isAt(view, at, NAMES[first])) return first;
  for (let tried = 1; tried < NAMES.length; tried++) {
    const column = (first + tried) % NAMES.length;
    if (isAt(view, at, NAMES[column])) return column;
  }
  return -1;
}

function isAt(view: DataView, at: number, name: Name | undefined): boolean {
  if (name === undefined || at + name.bytes > view.byteLength) return false;
  if (view.getInt32(at + name.bytes - WORD_BYTES, true) !== name.last) return false;
  const { words } = name;
  for (let index = 0; index < words.length; index++) {
    if (view.getInt32(at + index * WORD_BYTES, true) !== words[index]) return false;
  }
  return true;
}
