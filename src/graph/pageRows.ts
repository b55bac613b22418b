import { COLUMNS } from './columns.ts';

/** Numbers that are kept of a row: where it begins and ends, then the same of the value of every column. */
const ROW_NUMBERS = 2 + 2 * COLUMNS.length;
const FIRST_ROWS = 1_024;

/**
 * The rows of a page as they were sent: bytes, and where in them the rows and their values stand. Nothing is
 * parsed, so that a value costs nothing until somebody looks at it. Used again for page after page.
 */
export class PageRows {
  #bytes: Buffer = Buffer.alloc(0);
  #view = new DataView(this.#bytes.buffer);
  #spans = new Int32Array(FIRST_ROWS * ROW_NUMBERS);
  #length = 0;

  /** UTF-8 of the whole page. */
  get bytes(): Buffer {
    return this.#bytes;
  }

  /** The same bytes. */
  get view(): DataView {
    return this.#view;
  }

  get length(): number {
    return this.#length;
  }

  /** Place of the row's first byte. */
  fromOf(row: number): number {
    return this.#spans[row * ROW_NUMBERS] ?? 0;
  }

  endOf(row: number): number {
    return Math.abs(this.#spans[row * ROW_NUMBERS + 1] ?? 0);
  }

  /** Whether the row is an object of columns, each at most once, and so the places of its values are known. */
  isKnown(row: number): boolean {
    return (this.#spans[row * ROW_NUMBERS + 1] ?? 0) > 0;
  }

  /** Place of the value of a column, by its index in `COLUMNS`; 0 if the row does not have it. */
  valueFrom(row: number, column: number): number {
    return this.#spans[row * ROW_NUMBERS + 2 + 2 * column] ?? 0;
  }

  valueEnd(row: number, column: number): number {
    return Math.abs(this.#spans[row * ROW_NUMBERS + 3 + 2 * column] ?? 0);
  }

  /**
   * Whether the value is null, a number, an empty list, or a text in which nothing is escaped, nor has to be in a
   * file of lines. Others have to be parsed.
   */
  isPlain(row: number, column: number): boolean {
    return (this.#spans[row * ROW_NUMBERS + 3 + 2 * column] ?? 0) > 0;
  }

  /**
   * JSON of a row exactly as it was sent: parsing loses digits beyond a double, and names that stand twice.
   * @throws RangeError if there is no such row
   */
  textOf(row: number): string {
    if (!(row >= 0 && row < this.#length)) {
      throw new RangeError(`the page has no row ${row}, it has ${this.#length}`);
    }
    return this.#bytes.toString('utf8', this.fromOf(row), this.endOf(row));
  }

  /** JSON of a value, as it was sent. */
  valueText(row: number, column: number): string {
    return this.#bytes.toString('utf8', this.valueFrom(row, column), this.valueEnd(row, column));
  }

  /** Begins the next page. */
  clear(bytes: Buffer): void {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    this.#length = 0;
  }

  /** Begins the next row. What has been said of the values of this one, if it was not ended, is forgotten. */
  begin(from: number): void {
    const at = this.#length * ROW_NUMBERS;
    if (at + ROW_NUMBERS > this.#spans.length) {
      const larger = new Int32Array(this.#spans.length * 2);
      larger.set(this.#spans);
      this.#spans = larger;
    }
    this.#spans.fill(0, at, at + ROW_NUMBERS);
    this.#spans[at] = from;
  }

  /** Says where a value of the row stands. False if the row has another one for the column. */
  addValue(column: number, from: number, end: number, isPlain: boolean): boolean {
    const at = this.#length * ROW_NUMBERS + 2 + 2 * column;
    if (this.#spans[at] !== 0) return false;
    this.#spans[at] = from;
    this.#spans[at + 1] = isPlain ? end : -end;
    return true;
  }

  end(end: number, isKnown: boolean): void {
    this.#spans[this.#length * ROW_NUMBERS + 1] = isKnown ? end : -end;
    this.#length += 1;
  }
}
