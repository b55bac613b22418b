import { columnAt, nameBytes } from './columnAt.ts';
import {
  CLOSE_OBJECT,
  COLON,
  COMMA,
  endOfPlainValue,
  endOfValue,
  isJson,
  OPEN_OBJECT,
  skipSpace,
} from './jsonBytes.ts';
import type { PageRows } from './pageRows.ts';

/**
 * Adds the row that begins at a place to those of its page.
 * @returns where the row ends; 0 if it is no JSON
 */
export function scanRow(from: number, rows: PageRows): number {
  rows.begin(from);
  const known = scanValues(from, rows);
  if (known !== 0) {
    rows.end(known, true);
    return known;
  }
  const { bytes } = rows;
  const end = endOfValue(bytes, from);
  if (end === 0 || !isJson(bytes, from, end)) return 0;
  rows.begin(from);
  rows.end(end, false);
  return end;
}

/** @returns where the row ends; 0 if it is anything but an object of columns, each at most once */
function scanValues(from: number, rows: PageRows): number {
  const { bytes, view } = rows;
  if (bytes[from] !== OPEN_OBJECT) return 0;
  let at = from;
  let next = 0;
  do {
    at = skipSpace(bytes, at + 1);
    const column = columnAt(view, at, next);
    if (column < 0) return 0;
    next = column + 1;
    at = skipSpace(bytes, at + nameBytes(column));
    if (bytes[at] !== COLON) return 0;
    const value = skipSpace(bytes, at + 1);
    at = endOfPlainValue(bytes, value);
    const isPlain = at !== 0;
    if (!isPlain) {
      at = endOfValue(bytes, value);
      if (at === 0 || !isJson(bytes, value, at)) return 0;
    }
    if (!rows.addValue(column, value, at, isPlain)) return 0;
    at = skipSpace(bytes, at);
  } while (bytes[at] === COMMA);
  return bytes[at] === CLOSE_OBJECT ? at + 1 : 0;
}
