import { COLUMNS } from './columns.ts';
import {
  CLOSE_LIST,
  CLOSE_OBJECT,
  COLON,
  COMMA,
  endOfPlainValue,
  endOfText,
  endOfValue,
  OPEN_LIST,
  OPEN_OBJECT,
  QUOTE,
  skipSpace,
} from './jsonBytes.ts';
import type { PageRows } from './pageRows.ts';

const BYTE_ORDER_MARK = [0xef, 0xbb, 0xbf];
const NAMES = COLUMNS.map(({ name }) => Buffer.from(`"${name}"`));

/**
 * Finds the rows of a page, and their values, without parsing them; that each row is JSON is certain afterwards.
 * Of two members `value` the later one counts, as in JSON.parse.
 * @param rows is filled with what is found
 * @returns JSON of the page with `[]` in the place of its rows, and the page is JSON if this is. Undefined if the page is no object with an array `value`, or is not whole, or a row is no JSON
 */
export function scanPage(bytes: Buffer, rows: PageRows): string | undefined {
  const begin = BYTE_ORDER_MARK.every((code, at) => bytes[at] === code) ? BYTE_ORDER_MARK.length : 0;
  let at = skipSpace(bytes, begin);
  if (bytes[at] !== OPEN_OBJECT) return undefined;
  let from = 0;
  let end = 0;
  do {
    at = skipSpace(bytes, at + 1);
    if (bytes[at] !== QUOTE) break;
    const nameEnd = endOfText(bytes, at);
    const colon = skipSpace(bytes, nameEnd);
    if (nameEnd === 0 || bytes[colon] !== COLON) return undefined;
    const name = bytes.toString('utf8', at, nameEnd);
    at = skipSpace(bytes, colon + 1);
    if (!isJson(name)) return undefined;
    if (JSON.parse(name) === 'value') {
      from = at;
      at = end = bytes[from] === OPEN_LIST ? scanRows(bytes, from, rows) : endOfValue(bytes, from);
    } else {
      at = endOfValue(bytes, at);
    }
    if (at === 0) return undefined;
    at = skipSpace(bytes, at);
  } while (bytes[at] === COMMA);
  if (bytes[from] !== OPEN_LIST) return undefined;
  return `${bytes.toString('utf8', begin, from)}[]${bytes.toString('utf8', end)}`;
}

/** @returns where the array that begins there ends; 0 if it is not whole, or an element is no JSON */
function scanRows(bytes: Buffer, from: number, rows: PageRows): number {
  rows.clear(bytes);
  let at = skipSpace(bytes, from + 1);
  if (bytes[at] === CLOSE_LIST) return at + 1;
  for (;;) {
    at = scanRow(bytes, at, rows);
    if (at === 0) return 0;
    at = skipSpace(bytes, at);
    if (bytes[at] === CLOSE_LIST) return at + 1;
    if (bytes[at] !== COMMA) return 0;
    at = skipSpace(bytes, at + 1);
  }
}

/** @returns where the row ends; 0 if it is no JSON */
function scanRow(bytes: Buffer, from: number, rows: PageRows): number {
  rows.begin(from);
  const known = scanValues(bytes, from, rows);
  if (known !== 0) {
    rows.end(known, true);
    return known;
  }
  const end = endOfValue(bytes, from);
  if (end === 0 || !isJson(bytes.toString('utf8', from, end))) return 0;
  rows.begin(from);
  rows.end(end, false);
  return end;
}

/** @returns where the row ends; 0 if it is anything but an object of columns, each at most once */
function scanValues(bytes: Buffer, from: number, rows: PageRows): number {
  if (bytes[from] !== OPEN_OBJECT) return 0;
  let at = from;
  let next = 0;
  do {
    at = skipSpace(bytes, at + 1);
    const column = columnAt(bytes, at, next);
    if (column < 0) return 0;
    next = column + 1;
    at = skipSpace(bytes, at + (NAMES[column]?.length ?? 0));
    if (bytes[at] !== COLON) return 0;
    const value = skipSpace(bytes, at + 1);
    at = endOfPlainValue(bytes, value);
    const isPlain = at !== 0;
    if (!isPlain) {
      at = endOfValue(bytes, value);
      if (at === 0 || !isJson(bytes.toString('utf8', value, at))) return 0;
    }
    if (!rows.addValue(column, value, at, isPlain)) return 0;
    at = skipSpace(bytes, at);
  } while (bytes[at] === COMMA);
  return bytes[at] === CLOSE_OBJECT ? at + 1 : 0;
}

/** Index of the column whose name stands at a place, tried in wire order from `next` on; -1 if it is none. */
function columnAt(bytes: Buffer, at: number, next: number): number {
  for (let tried = 0; tried < NAMES.length; tried++) {
    const column = (next + tried) % NAMES.length;
    if (isAt(bytes, at, NAMES[column])) return column;
  }
  return -1;
}

function isAt(bytes: Buffer, at: number, name: Buffer | undefined): boolean {
  if (name === undefined) return false;
  for (let index = 0; index < name.length; index++) if (bytes[at + index] !== name[index]) return false;
  return true;
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    // Who asks says what is wrong: the parser's message quotes the text, which may hold names and numbers.
    return false;
  }
}
