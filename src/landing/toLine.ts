import { ADDITIONAL_COLUMN, COLUMNS } from '../graph/columns.ts';
import { cellFault, cellText } from './cellText.ts';
import { exactMembers, hasInexactNumber } from './exactJson.ts';
import { isDeeperThan, isPlain, MAX_LEVELS, quoted, stableJson } from './jsonText.ts';
import { startHour, type StartHour } from './startHour.ts';

export interface FittingRow {
  kind: 'line';
  /** JSON of 30 keys in fixed order, without the LF. Equal rows have equal lines. */
  line: string;
  /** What makes the row one and the same: its id, or, without one, the whole line. */
  key: string;
  start: StartHour;
}

/** A row that cannot be landed as a line. */
export interface Misfit {
  kind: 'misfit';
  /** Every fault with its column, for a person. */
  reason: string;
  id: string | undefined;
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
 * @param textOf the row's JSON as it was sent: some numbers are more exact there
 */
export function toLine(row: unknown, textOf: () => string): FittingRow | Misfit {
  if (!isRow(row)) return misfitOf('the row is no object');
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
      const text = cellText(kind, value, () => jsonOf(row, textOf)(name));
      if (text === undefined) return misfit(row);
      line += head + text;
    }
  }
  const { id, startDateTime } = row;
  const start = typeof startDateTime === 'string' ? startHour(startDateTime) : undefined;
  if (start === undefined) return misfit(row);
  const rest = present === Object.keys(row).length ? NO_ADDITIONAL : additional(row, textOf);
  if (rest === undefined) return misfit(row);
  line += rest;
  return { kind: 'line', line, key: idOf(id) ?? line, start };
}

/** Undefined if a property is nested too deeply. */
function additional(row: Row, textOf: () => string): string | undefined {
  const names = additionalNames(row);
  if (names.length === 0) return NO_ADDITIONAL;
  if (names.some((name) => isDeeperThan(row[name], MAX_LEVELS))) return undefined;
  const json = jsonOf(row, textOf);
  // Entries, not an object: a property may be called __proto__.
  const members = names.sort().map((name) => `${JSON.stringify(name)}:${json(name)}`);
  return `,"${ADDITIONAL_COLUMN}":${quoted(`{${members.join(',')}}`)}}`;
}

/** JSON of the properties that are kept as JSON, by their names. The row's text is looked at only if it has to be. */
function jsonOf(row: Row, textOf: () => string): (name: string) => string {
  let exact: ReturnType<typeof exactMembers> | undefined;
  return (name) => {
    const value = row[name];
    if (!hasInexactNumber(value)) return stableJson(value);
    exact ??= exactMembers(textOf());
    return exact(name) ?? stableJson(value);
  };
}

const additionalNames = (row: Row): string[] =>
  Object.keys(row).filter(
    (name) => !KNOWN.has(name) && !name.startsWith(ANNOTATION) && row[name] !== undefined,
  );

function misfit(row: Row): Misfit {
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
  if (additionalNames(row).some((name) => isDeeperThan(row[name], MAX_LEVELS))) {
    faults.push(`${ADDITIONAL_COLUMN}: nested deeper than ${MAX_LEVELS} levels`);
  }
  return misfitOf(faults.join('; '), idOf(id), start);
}

const misfitOf = (reason: string, id?: string, start?: StartHour): Misfit => ({
  kind: 'misfit',
  reason,
  id,
  start,
});

/** The id of a row that has one; an empty id identifies nothing. */
const idOf = (id: unknown): string | undefined => (typeof id === 'string' && id !== '' ? id : undefined);

const isRow = (row: unknown): row is Row => typeof row === 'object' && row !== null && !Array.isArray(row);
