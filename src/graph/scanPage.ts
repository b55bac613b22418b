import {
  CLOSE_LIST,
  COLON,
  COMMA,
  endOfText,
  endOfValue,
  isJson,
  OPEN_LIST,
  OPEN_OBJECT,
  QUOTE,
  skipSpace,
} from './jsonBytes.ts';
import type { PageRows } from './pageRows.ts';
import { scanRow } from './scanRow.ts';

const BYTE_ORDER_MARK = [0xef, 0xbb, 0xbf];

/**
 * Finds the rows of a page, and their values, without parsing them; that each row is JSON is certain afterwards.
 * Of two members `value` the later one counts, as in JSON.parse.
 * @param rows is filled with what is found
 * @returns JSON of the page with `[]` in the place of its rows: the page is JSON if this is. Undefined if the page is
 *   no object with an array `value`, or is not whole, or a row is no JSON
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
    if (!isJson(bytes, at, nameEnd)) return undefined;
    const name: unknown = JSON.parse(bytes.toString('utf8', at, nameEnd));
    at = skipSpace(bytes, colon + 1);
    if (name === 'value') {
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
    at = scanRow(at, rows);
    if (at === 0) return 0;
    at = skipSpace(bytes, at);
    if (bytes[at] === CLOSE_LIST) return at + 1;
    if (bytes[at] !== COMMA) return 0;
    at = skipSpace(bytes, at + 1);
  }
}
