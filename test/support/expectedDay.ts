import { createHash } from 'node:crypto';

/**
 * What must be stored of a day, calculated from nothing but the rows' JSON as they went over the wire. Knows the
 * rules from the documents, and shares no code with what it judges.
 */
export interface ExpectedDay {
  /** By name of the raw blob: each row in the form of {@link landedForm}, sorted. */
  raw: Record<string, string[]>;
  /** By name of the rejected blob: each row in the form of {@link rejectedForm}, sorted. */
  rejected: Record<string, string[]>;
  /** Rows that belong to no window of what was asked, likewise. */
  withoutDay: Record<string, string[]>;
  totals: ExpectedTotals[];
}

/** The columns of one entity of `dailyTotals`. */
export interface ExpectedTotals {
  userId: string | undefined;
  currency: string | undefined;
  userPrincipalName: string | undefined;
  userDisplayName: string | undefined;
  calls: number;
  callsIn: number;
  callsOut: number;
  durationSeconds: bigint;
  charge: string;
  connectionCharge: string;
  chargeMicros: bigint;
  connectionChargeMicros: bigint;
  callsUnpriced: number;
  firstCallAt: string;
  lastCallAt: string;
}

type Row = Record<string, unknown>;

const MONEY = ['charge', 'connectionCharge'];
const LISTS = ['administrativeUnitInfos'];
const SECONDS = ['duration'];
/** All columns in the order of the file; those not named above are text. */
export const LANDED_COLUMNS =
  'id,callId,userId,userPrincipalName,userDisplayName,startDateTime,endDateTime,duration,charge,callType,currency,calleeNumber,usageCountryCode,tenantCountryCode,connectionCharge,callerNumber,destinationContext,destinationName,conferenceId,licenseCapability,inventoryType,operator,callDurationSource,otherPartyCountryCode,clientPublicIpV4Address,clientPublicIpV6Address,clientLocalIpV4Address,clientLocalIpV6Address,administrativeUnitInfos,additionalProperties'.split(
    ',',
  );
const GRAPH_COLUMNS = LANDED_COLUMNS.slice(0, -1);
const KNOWN: ReadonlySet<string> = new Set(GRAPH_COLUMNS);
const MAX_LEVELS = 100;

/**
 * @param date the day of which windows are asked for
 * @param rowTexts JSON of each row, once
 */
export function expectedDay(date: string, rowTexts: readonly string[]): ExpectedDay {
  const day: ExpectedDay = { raw: {}, rejected: {}, withoutDay: {}, totals: [] };
  const counted: CountedRow[] = [];
  for (const text of rowTexts) {
    const parsed: unknown = JSON.parse(text);
    const row = typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed) ? parsed : undefined;
    const faults = row === undefined ? [] : faultsOf(row as Row);
    const exact = row === undefined ? {} : (exactly(text) as Row);
    const ticks = row === undefined ? undefined : ticksOf((row as Row)['startDateTime']);
    const utc = ticks === undefined ? '' : new Date(Number(ticks / 10_000n)).toISOString();
    const folder = `callDate=${date}/pstn-calls-${utc.slice(11, 13)}00-PT60M.jsonl`;
    if (utc.slice(0, 10) !== date) {
      const reasons = row !== undefined && faults.length === 0 ? ['startDateTime'] : faults;
      add(day.withoutDay, nameWithoutDay(text), rejectedForm(reasons, text));
    } else if (faults.length > 0) {
      add(day.rejected, `rejected/v1/${folder}`, rejectedForm(faults, text));
    } else if (row !== undefined && ticks !== undefined) {
      add(day.raw, `ndjson/v1/${folder}`, landedForm(expectedCells(row as Row, exact)));
      counted.push({ row: row as Row, ticks });
    }
  }
  for (const lines of [day.raw, day.rejected, day.withoutDay].flatMap((blobs) => Object.values(blobs))) {
    lines.sort();
  }
  day.totals = totalsOf(counted);
  return day;
}

/** The blob that keeps a row which belongs to no window of its read. */
export const nameWithoutDay = (text: string): string =>
  `rejected/v1/callDate=unknown/${createHash('sha256').update(onOneLine(text)).digest('hex')}.json`;

/** A landed row for comparison: cells in the order of the file, money as the very digits. */
export const landedForm = (cells: readonly unknown[]): string => JSON.stringify(cells);

/** A rejected row for comparison: the columns that its reason names, and its text. */
export const rejectedForm = (columns: readonly string[], text: string): string =>
  `[${[...columns].sort().join()}] ${onOneLine(text)}`;

/**
 * The cells of a row that fits, for {@link landedForm}.
 * @param exact the same row with the digits of its numbers: see {@link exactly}
 */
export function expectedCells(row: Row, exact: Row): unknown[] {
  const cells = GRAPH_COLUMNS.map((name) => {
    const value = row[name] ?? null;
    if (value === null) return null;
    if (MONEY.includes(name)) return (value as number).toFixed(6);
    if (SECONDS.includes(name)) return String((value as number) + 0);
    return LISTS.includes(name) ? sorted(exact[name]) : value;
  });
  const others = Object.entries(exact).filter(([name]) => isUnknown(name));
  return [...cells, others.length === 0 ? null : sorted(Object.fromEntries(others))];
}

/** A property of Graph's that has no column. */
export const isUnknown = (name: string): boolean => !KNOWN.has(name) && !name.startsWith('@odata.');

/** Columns that do not fit, whatever the row's place. */
export function faultsOf(row: Readonly<Record<string, unknown>>): string[] {
  const faults = GRAPH_COLUMNS.filter((name) => {
    const value = row[name] ?? null;
    if (value === null) return false;
    if (MONEY.includes(name)) return !isMoney(value);
    if (SECONDS.includes(name)) return !(typeof value === 'number' && (value | 0) === value);
    if (LISTS.includes(name)) return !Array.isArray(value) || levelsOf(value) > MAX_LEVELS;
    return typeof value !== 'string';
  });
  if (ticksOf(row['startDateTime']) === undefined) faults.push('startDateTime');
  if (Object.entries(row).some(([name, value]) => isUnknown(name) && levelsOf(value) > MAX_LEVELS)) {
    faults.push('additionalProperties');
  }
  return [...new Set(faults)];
}

/** Six decimals name it exactly, and it is below a thousand million. */
const isMoney = (value: unknown): boolean =>
  typeof value === 'number' && Math.abs(value) < 1e9 && Number(value.toFixed(6)) === value;

/** Units of 100 ns since 1970; undefined for what is no instant. */
export function ticksOf(text: unknown): bigint | undefined {
  if (typeof text !== 'string') return undefined;
  const match = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?(Z|[+-]\d\d:\d\d)$/.exec(text);
  if (match === null) return undefined;
  const [, wall = '', fraction = '', offset = ''] = match;
  const wallMs = Date.parse(`${wall}Z`);
  if (Number.isNaN(wallMs) || new Date(wallMs).toISOString().slice(0, 19) !== wall) return undefined;
  return BigInt(Date.parse(`${wall}${offset}`)) * 10_000n + BigInt(fraction.padEnd(7, '0').slice(0, 7));
}

interface CountedRow {
  row: Row;
  ticks: bigint;
}

function totalsOf(rows: readonly CountedRow[]): ExpectedTotals[] {
  const groups = new Map<string, CountedRow[]>();
  for (const counted of rows) {
    const user = textOrNull(counted.row['userId'])?.toLowerCase();
    const key = JSON.stringify([user, textOrNull(counted.row['currency'])]);
    groups.set(key, [...(groups.get(key) ?? []), counted]);
  }
  return [...groups.values()].map((group) => {
    const inOrder = [...group].sort(byTime);
    const latest = (name: string) =>
      inOrder.map(({ row }) => textOrNull(row[name])).findLast((text) => text !== undefined);
    const charge = sum(group, 'charge');
    const connectionCharge = sum(group, 'connectionCharge');
    const direction = (wanted: string) =>
      group.filter(
        ({ row }) => typeof row['callType'] === 'string' && row['callType'].split('_')[1] === wanted,
      ).length;
    return {
      userId: asColumn(textOrNull(group[0]?.row['userId'])?.toLowerCase()),
      currency: asColumn(textOrNull(group[0]?.row['currency'])),
      userPrincipalName: asColumn(latest('userPrincipalName')),
      userDisplayName: asColumn(latest('userDisplayName')),
      calls: group.length,
      callsIn: direction('in'),
      callsOut: direction('out'),
      durationSeconds: group.reduce((all, { row }) => all + BigInt((row['duration'] ?? 0) as number), 0n),
      charge: decimal(charge),
      connectionCharge: decimal(connectionCharge),
      chargeMicros: charge,
      connectionChargeMicros: connectionCharge,
      callsUnpriced: group.filter(({ row }) => (row['charge'] ?? null) === null).length,
      firstCallAt: String(inOrder[0]?.row['startDateTime']),
      lastCallAt: String(inOrder.at(-1)?.row['startDateTime']),
    };
  });
}

const sum = (group: readonly CountedRow[], name: string): bigint =>
  group.reduce((all, { row }) => all + micros((row[name] ?? 0) as number), 0n);

/** Micro-units of an amount. */
export const micros = (value: number): bigint => BigInt(value.toFixed(6).replace('.', ''));

/** Micro-units as a decimal of six places. */
export function decimal(amount: bigint): string {
  const digits = String(amount < 0n ? -amount : amount).padStart(7, '0');
  return `${amount < 0n ? '-' : ''}${digits.slice(0, -6)}.${digits.slice(-6)}`;
}

/** By start, then id, none first. */
const byTime = (a: CountedRow, b: CountedRow): number => {
  if (a.ticks !== b.ticks) return a.ticks < b.ticks ? -1 : 1;
  return (textOrNull(a.row['id']) ?? '') < (textOrNull(b.row['id']) ?? '') ? -1 : 1;
};

/** Nothing and blank text are the same: nobody, or no currency. */
export const textOrNull = (value: unknown): string | undefined =>
  typeof value === 'string' && value.trim() !== '' ? value : undefined;

/** As a string column holds it: no line separators, no halves of characters, at most 32,000 units. */
export const asColumn = (text: string | undefined): string | undefined =>
  text
    ?.replace(/[\u2028\u2029]|\p{Cs}/gu, (unit) => `\\u${unit.charCodeAt(0).toString(16)}`)
    .slice(0, 32_000);

const onOneLine = (json: string): string =>
  json
    .replaceAll('\u2028', '\\u2028')
    .replaceAll('\u2029', '\\u2029')
    .replace(/[\r\n]/g, ' ');

/** Lists and objects inside each other; without recursion, for there may be very many. */
function levelsOf(value: unknown): number {
  let levels = 0;
  let level: unknown[] = [value];
  for (;;) {
    level = level.filter((part) => typeof part === 'object' && part !== null);
    if (level.length === 0) return levels;
    levels += 1;
    level = level.flatMap((part): unknown[] => Object.values(part as object));
  }
}

/**
 * Parses JSON, with each number as the text that names it: what a double does not hold is compared as well.
 * Whole numbers that it does hold may be written in any way.
 */
export const exactly = (json: string): unknown =>
  JSON.parse(
    json.replace(/"(?:[^"\\]|\\.)*"|-?\d[\d.eE+-]*/g, (token) => {
      if (token.startsWith('"')) return token;
      return `"number ${Number.isSafeInteger(Number(token)) ? Number(token) : token}"`;
    }),
  );

/** Properties in the order of their names, at every depth; as JSON text. */
export const sorted = (value: unknown): string =>
  JSON.stringify(value, (_name, part: unknown) =>
    typeof part === 'object' && part !== null && !Array.isArray(part)
      ? Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1)))
      : part,
  );

function add(blobs: Record<string, string[]>, name: string, form: string): void {
  (blobs[name] ??= []).push(form);
}
