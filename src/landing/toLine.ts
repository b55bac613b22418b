import { ADDITIONAL_COLUMN, COLUMNS } from '../graph/columns.ts';
import { cellFault, cellText } from './cellText.ts';
import { isPlain, oneLine, quoted, stableJson } from './jsonText.ts';
import { startHour, type StartHour } from './startHour.ts';

/** One row of the log, as it is landed. */
export type EncodedRow = FittingRow | RejectedRow;

export interface FittingRow {
  kind: 'line';
  /** JSON of 30 keys in fixed order, without the LF. Equal rows have equal lines. */
  line: string;
  /** What makes the row one and the same: its id, or, without one, the whole line. */
  key: string;
  start: StartHour;
}

export interface RejectedRow {
  kind: 'rejected';
  /** `{"reason":"...","row":<json>}`, without the LF. */
  line: string;
  /** The row's id, or, without one, the row's JSON. */
  key: string;
  /** Every fault with its column, for a person. */
  reason: string;
  /** The row itself, verbatim. */
  json: string;
  /** Undefined if the row names no day. */
  start: StartHour | undefined;
}

type Row = Readonly<Record<string, unknown>>;

const CELLS = COLUMNS.map(({ name, kind }, index) => {
  const head = `${index === 0 ? '{' : ','}"${name}":`;
  const isText = kind === 'text' || kind === 'instant';
  return { name, kind, isText, head, openHead: `${head}"`, empty: `${head}null` };
});
const KNOWN: ReadonlySet<string> = new Set(COLUMNS.map(({ name }) => name));
const NO_ADDITIONAL = `,"${ADDITIONAL_COLUMN}":null}`;
/** Control information of OData is about the answer, not about the call. */
const ANNOTATION = '@odata.';

/**
 * Encodes one row as Graph sent it. Every page passes through here: the line is put together by hand, because
 * JSON.stringify cannot write `0.000000`.
 */
export function toLine(row: unknown): EncodedRow {
  if (!isRow(row)) return rejected(row, 'the row is no object', undefined, undefined);
  let line = '';
  let present = 0;
  for (const { name, kind, isText, head, openHead, empty } of CELLS) {
    const value = row[name];
    if (value !== undefined) present += 1;
    if (value === undefined || value === null) {
      line += empty;
    } else if (isText && typeof value === 'string' && isPlain(value)) {
      line += openHead + value + '"';
    } else {
      const text = cellText(kind, value);
      if (text === undefined) return misfit(row);
      line += head + text;
    }
  }
  const { id, startDateTime } = row;
  const start = typeof startDateTime === 'string' ? startHour(startDateTime) : undefined;
  if (start === undefined) return misfit(row);
  line += present === Object.keys(row).length ? NO_ADDITIONAL : additional(row);
  return { kind: 'line', line, key: idOf(id) ?? line, start };
}

/** A row that fits, but belongs nowhere: it is kept with the reason. */
export function rejectRow(row: unknown, reason: string): RejectedRow {
  return rejected(row, reason, isRow(row) ? idOf(row['id']) : undefined, undefined);
}

function additional(row: Row): string {
  const names = Object.keys(row).filter(
    (name) => !KNOWN.has(name) && !name.startsWith(ANNOTATION) && row[name] !== undefined,
  );
  if (names.length === 0) return NO_ADDITIONAL;
  // Entries, not an object: a property may be called __proto__.
  const members = names.sort().map((name) => `${JSON.stringify(name)}:${stableJson(row[name])}`);
  return `,"${ADDITIONAL_COLUMN}":${quoted(`{${members.join(',')}}`)}}`;
}

function misfit(row: Row): RejectedRow {
  const faults: string[] = [];
  for (const { name, kind } of CELLS) {
    const fault = cellFault(kind, row[name]);
    if (fault !== undefined) faults.push(`${name}: ${fault}`);
  }
  const { id, startDateTime } = row;
  const start = typeof startDateTime === 'string' ? startHour(startDateTime) : undefined;
  if (startDateTime === undefined || startDateTime === null) {
    faults.push('startDateTime: null, so that the call belongs to no day');
  } else if (typeof startDateTime === 'string' && start === undefined) {
    faults.push('startDateTime: no instant such as 2026-11-23T10:15:30.1234567Z');
  }
  return rejected(row, faults.join('; '), idOf(id), start);
}

function rejected(
  row: unknown,
  reason: string,
  id: string | undefined,
  start: StartHour | undefined,
): RejectedRow {
  const json = oneLine(JSON.stringify(row ?? null));
  return {
    kind: 'rejected',
    line: `{"reason":${quoted(reason)},"row":${json}}`,
    key: id ?? json,
    reason,
    json,
    start,
  };
}

/** An empty id identifies nothing. */
const idOf = (id: unknown): string | undefined => (typeof id === 'string' && id !== '' ? id : undefined);

const isRow = (row: unknown): row is Row => typeof row === 'object' && row !== null && !Array.isArray(row);
