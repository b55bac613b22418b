import { ADDITIONAL_COLUMN, type ColumnKind, COLUMNS } from '../graph/columns.ts';
import type { PageRows } from '../graph/pageRows.ts';
import { cellText } from './cellText.ts';
import { hasInexactNumber } from './exactJson.ts';
import { MONEY_DECIMALS } from './moneyText.ts';
import { PieceWriter } from './pieceWriter.ts';

/** The line of a row without any value: what a row leaves out is copied from here. */
const EMPTY = Buffer.from(
  `{${COLUMNS.map(({ name }) => `"${name}":null`).join(',')},"${ADDITIONAL_COLUMN}":null}`,
);
const CELLS = COLUMNS.map(({ name, kind }) => ({ kind, headBytes: `,"${name}":`.length }));
/** Where the head of each column begins in the empty line; the last one is that of the additional column. */
const HEADS = [0];
for (const { headBytes } of CELLS) HEADS.push((HEADS.at(-1) ?? 0) + headBytes + 'null'.length);
/** Index of the column that has to be there: without an id a row is known by the text of its line. */
const ID = COLUMNS.findIndex(({ name }) => name === 'id');

/** What may stand behind an amount of money. */
const DECIMALS = Buffer.from(`.${'0'.repeat(MONEY_DECIMALS)}`);
/** More digits before the point would reach the limit of money. With six behind it, a double is exact. */
const MAX_WHOLE_DIGITS = 9;
const MAX_AMOUNTS = CELLS.filter(({ kind }) => kind === 'money').length;
const MAX_BYTES_A_UNIT = 3;

/** A list is landed as the text of its JSON. */
const EMPTY_LIST = Buffer.from('"[]"');

const QUOTE = 0x22;
const OPEN_LIST = 0x5b;
const POINT = 0x2e;
const ZERO = 0x30;
const NINE = 0x39;
const LETTER_N = 0x6e;

/** Bytes that {@link copyLine} may write for a row. */
export const roomFor = (rows: PageRows, row: number): number =>
  2 * bytesOf(rows, row) + EMPTY.length + MAX_AMOUNTS * DECIMALS.length + EMPTY_LIST.length;

const bytesOf = (rows: PageRows, row: number): number => rows.endOf(row) - rows.fromOf(row);

/**
 * Writes the line of a row, without LF, byte for byte as `toLine` makes it, and without parsing the row: what
 * Graph sends stands nearly all in the form and in the order in which it is landed.
 *
 * @param out has {@link roomFor} the row from `at` on
 * @returns where the line ends in `out`; 0 if only `toLine` can tell what becomes of the row
 */
export function copyLine(rows: PageRows, row: number, out: Buffer, at: number): number {
  if (!rows.isKnown(row) || rows.valueFrom(row, ID) === 0) return 0;
  const { bytes } = rows;
  const pieces = new PieceWriter(out, at);
  let textRoom = bytesOf(rows, row);
  /** End of the value before this one, where its head begins if nothing else stands between. */
  let before = rows.fromOf(row);
  for (let column = 0; column < CELLS.length; column++) {
    const { kind, headBytes } = CELLS[column] as (typeof CELLS)[number];
    const head = HEADS[column] ?? 0;
    const from = rows.valueFrom(row, column);
    if (from === 0) {
      pieces.add(EMPTY, head, HEADS[column + 1] ?? 0);
      continue;
    }
    const end = rows.valueEnd(row, column);
    // With blanks or another member between, it would be further.
    if (from - before === headBytes) pieces.add(bytes, before, from);
    else pieces.add(EMPTY, head, head + headBytes);
    before = end;
    const isPlain = rows.isPlain(row, column);
    if (isPlain && bytes[from] === OPEN_LIST && kind === 'collection') {
      pieces.add(EMPTY_LIST, 0, EMPTY_LIST.length);
      continue;
    }
    const missing = isPlain ? missingBytes(kind, bytes, from, end) : -1;
    if (missing >= 0) {
      pieces.add(bytes, from, end);
      if (missing > 0) pieces.add(DECIMALS, DECIMALS.length - missing, DECIMALS.length);
      continue;
    }
    const text = parsedText(rows, row, column, kind);
    if (text === undefined) return 0;
    textRoom -= text.length * MAX_BYTES_A_UNIT;
    if (textRoom < 0) return 0;
    pieces.addText(text);
  }
  pieces.add(EMPTY, HEADS[CELLS.length] ?? 0, EMPTY.length);
  return pieces.finish();
}

/** How many bytes of {@link DECIMALS} a plain value lacks to be landed as it stands; -1 if that is not all. */
function missingBytes(kind: ColumnKind, bytes: Buffer, from: number, end: number): number {
  const first = bytes[from] ?? 0;
  if (first === LETTER_N) return 0;
  switch (kind) {
    case 'text':
    case 'instant':
      return first === QUOTE ? 0 : -1;
    case 'seconds':
      return endOfDigits(bytes, from, end) === end && end - from <= MAX_WHOLE_DIGITS ? 0 : -1;
    case 'money':
      return missingDecimals(bytes, from, end);
    case 'collection':
      return -1;
  }
}

/** A sign, an exponent and too many digits are left to `moneyText`. */
function missingDecimals(bytes: Buffer, from: number, end: number): number {
  const point = endOfDigits(bytes, from, end);
  if (point - from > MAX_WHOLE_DIGITS || point === from) return -1;
  if (point === end) return DECIMALS.length;
  const decimals = end - point - 1;
  const isDecimal = bytes[point] === POINT && endOfDigits(bytes, point + 1, end) === end;
  return isDecimal && decimals <= MONEY_DECIMALS ? MONEY_DECIMALS - decimals : -1;
}

function endOfDigits(bytes: Buffer, from: number, end: number): number {
  let at = from;
  while (at < end && (bytes[at] ?? 0) >= ZERO && (bytes[at] ?? 0) <= NINE) at += 1;
  return at;
}

/** The value as `toLine` writes it; undefined if it does not fit its column, or needs more of the row's text. */
function parsedText(rows: PageRows, row: number, column: number, kind: ColumnKind): string | undefined {
  const value: unknown = JSON.parse(rows.valueText(row, column));
  // What fits is not nested deeper than a stack: only then may it be walked through.
  const text = cellText(kind, value);
  return kind === 'collection' && text !== undefined && hasInexactNumber(value) ? undefined : text;
}
