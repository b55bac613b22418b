import { hash } from 'node:crypto';
import { parseInstant, type Instant } from '../graph/instant.ts';
import { BREAKDOWN_DIMENSIONS, type BreakdownDimension } from './breakdown.ts';
import { parseMoney } from './money.ts';

/** What the totals need of one landed row. */
export interface CallRow {
  /** Null if the row has none: such rows are never taken for each other. */
  id: string | null;
  /** As landed; null if there is none or it is blank. */
  userId: string | null;
  userPrincipalName: string | null;
  userDisplayName: string | null;
  /** Verbatim. */
  startDateTime: string;
  start: Instant;
  durationSeconds: number;
  /** Null: the row has no price. */
  chargeMicros: bigint | null;
  connectionChargeMicros: bigint | null;
  callType: string | null;
  currency: string | null;
  /** What the breakdowns are by. */
  dimensions: Readonly<Record<BreakdownDimension, string | null>>;
  /** Of the whole line: two rows with one digest are equal in every column. */
  digest: string;
}

/** Characters of 6 bits, so 132 bits of a SHA-256. */
const DIGEST_LENGTH = 22;

/** Why a landed line is not what landing writes. Says which column, never what stands in it. */
export class BadRowError extends Error {
  override readonly name = 'BadRowError';
}

/** @throws BadRowError */
export function parseCallRow(line: string): CallRow {
  const row = parseObject(line);
  const startDateTime = text(row, 'startDateTime');
  const start = startDateTime === null ? undefined : parseInstant(startDateTime);
  if (startDateTime === null || start === undefined) throw new BadRowError('startDateTime is no instant');
  const dimensions = Object.fromEntries(
    BREAKDOWN_DIMENSIONS.map((dimension) => [dimension, text(row, dimension)]),
  ) as CallRow['dimensions'];
  return {
    // A blank id is one: only the empty one identifies nothing.
    id: row['id'] === '' ? null : verbatim(row, 'id'),
    userId: text(row, 'userId'),
    userPrincipalName: text(row, 'userPrincipalName'),
    userDisplayName: text(row, 'userDisplayName'),
    startDateTime,
    start,
    durationSeconds: seconds(row, 'duration'),
    chargeMicros: micros(row, 'charge'),
    connectionChargeMicros: micros(row, 'connectionCharge'),
    callType: dimensions.callType,
    currency: text(row, 'currency'),
    dimensions,
    digest: hash('sha256', line, 'base64url').slice(0, DIGEST_LENGTH),
  };
}

type Row = Readonly<Record<string, unknown>>;

function parseObject(line: string): Row {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    // The parser's own message quotes the line: names and numbers would end in the log.
    throw new BadRowError('not JSON');
  }
  if (!isRow(value)) throw new BadRowError('not a JSON object');
  return value;
}

const isRow = (value: unknown): value is Row =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Null for null and for text that is blank. */
function text(row: Row, column: string): string | null {
  const value = verbatim(row, column);
  return value === null || value.trim() === '' ? null : value;
}

function verbatim(row: Row, column: string): string | null {
  const value = row[column];
  if (value !== null && typeof value !== 'string') {
    throw new BadRowError(`${column} is neither text nor null`);
  }
  return value;
}

function seconds(row: Row, column: string): number {
  const value = row[column];
  if (value === null) return 0;
  if (!Number.isSafeInteger(value)) throw new BadRowError(`${column} is neither a whole number nor null`);
  return Number(value);
}

function micros(row: Row, column: string): bigint | null {
  const value = row[column];
  if (value === null) return null;
  const parsed = typeof value === 'number' ? parseMoney(value) : undefined;
  if (parsed === undefined) {
    throw new BadRowError(`${column} is neither money (at most 6 decimals, below 1e9) nor null`);
  }
  return parsed;
}
