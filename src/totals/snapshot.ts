import type { BlobContainer } from '../storage/blobs.ts';
import { isConflict } from '../storage/blobs.ts';
import type { DayVector } from './dayHead.ts';
import { BREAKDOWN_DIMENSIONS, type BreakdownTotals } from './breakdown.ts';
import type { UserTotals } from './fold.ts';
import type { Measures } from './measures.ts';
import { readAll } from './readAll.ts';

/**
 * The totals of a day as one run completed them, in one blob of `pstn-control` that is never overwritten. The
 * head of the day names the one that is in force; what it names is always whole.
 */
export interface DaySnapshot {
  date: string;
  /** Of the run that wrote it; the two make the name. */
  generation: number;
  writer: string;
  foldVersion: string;
  /** By window id: ETag of the raw blob that was folded. */
  vector: DayVector;
  /** Rows that the totals count. */
  rows: number;
  /** Rows of the day that did not fit and are not in the totals. */
  rejected: number;
  /** By window id: ids that stand in a newer blob too and count from there. Windows without are missing. */
  repeated: Readonly<Record<string, readonly string[]>>;
  totals: UserTotals[];
  breakdowns: BreakdownTotals[];
}

/** A snapshot that is there and cannot be read: which one, what is wrong, what mends it. */
export class BadSnapshotError extends Error {
  override readonly name = 'BadSnapshotError';
}

export const snapshotPrefix = (date: string): string => `snapshots/v1/${date}/`;

/** Blob name, which is also what heads and restatements call a snapshot. */
export const snapshotName = ({
  date,
  generation,
  writer,
}: Pick<DaySnapshot, 'date' | 'generation' | 'writer'>): string =>
  `${snapshotPrefix(date)}${generation}-${writer}.json`;

const VERSION = 1;

/**
 * Writes a snapshot under its name, once.
 * @param createdAt instant, ISO text: by it the daily pass tells the age.
 * @returns its name.
 */
export async function writeSnapshot(
  control: BlobContainer,
  snapshot: DaySnapshot,
  createdAt: string,
): Promise<string> {
  const name = snapshotName(snapshot);
  const body = JSON.stringify({ v: VERSION, ...snapshot }, (_, value: unknown) =>
    typeof value === 'bigint' ? value.toString() : value,
  );
  try {
    await control.put(name, Buffer.from(body), {
      condition: 'absent',
      contentType: 'application/json',
      metadata: { created: createdAt, vector: JSON.stringify(snapshot.vector) },
    });
  } catch (error) {
    // The name holds a nonce of this run: what stands there is this run's own write.
    if (!isConflict(error)) throw error;
  }
  return name;
}

/**
 * Undefined if there is no such snapshot.
 * @throws BadSnapshotError if it is not as this app writes it.
 */
export async function readSnapshot(control: BlobContainer, name: string): Promise<DaySnapshot | undefined> {
  const content = await readAll(control, name);
  return content && parseSnapshot(name, content);
}

function parseSnapshot(name: string, content: Buffer): DaySnapshot {
  const fault = (what: string): BadSnapshotError =>
    new BadSnapshotError(
      `snapshot ${name}: ${what}. Delete this blob: the totals of its day are then made again from the raw calls`,
    );
  let value: unknown;
  try {
    value = JSON.parse(content.toString('utf8'));
  } catch {
    // The parser's own message quotes the text: names would end in the log.
    throw fault('not JSON');
  }
  const top = fieldsOf(value, 'the document', fault);
  if (top.raw['v'] !== VERSION) throw fault(`not of version ${VERSION}`);
  return {
    date: top.text('date'),
    generation: top.whole('generation'),
    writer: top.text('writer'),
    foldVersion: top.text('foldVersion'),
    vector: recordOf(
      top.raw['vector'],
      (etag) => typeof etag === 'string',
      () => fault('vector is wrong'),
    ),
    rows: top.whole('rows'),
    rejected: top.whole('rejected'),
    repeated: recordOf(top.raw['repeated'], isTexts, () => fault('repeated is wrong')),
    totals: top.list('totals').map((one) => toTotals(fieldsOf(one, 'totals', fault))),
    breakdowns: top.list('breakdowns').map((one) => toBreakdown(fieldsOf(one, 'breakdowns', fault), fault)),
  };
}

function toTotals(fields: Fields): UserTotals {
  return {
    userId: fields.textOrNull('userId'),
    currency: fields.textOrNull('currency'),
    userPrincipalName: fields.textOrNull('userPrincipalName'),
    userDisplayName: fields.textOrNull('userDisplayName'),
    ...toMeasures(fields),
    firstCallAt: fields.text('firstCallAt'),
    lastCallAt: fields.text('lastCallAt'),
  };
}

function toBreakdown(fields: Fields, fault: Fault): BreakdownTotals {
  const dimension = BREAKDOWN_DIMENSIONS.find((one) => one === fields.raw['dimension']);
  if (dimension === undefined) throw fault('a breakdown has an unknown dimension');
  return {
    dimension,
    value: fields.textOrNull('value'),
    currency: fields.textOrNull('currency'),
    ...toMeasures(fields),
  };
}

const toMeasures = (fields: Fields): Measures => ({
  calls: fields.whole('calls'),
  callsIn: fields.whole('callsIn'),
  callsOut: fields.whole('callsOut'),
  durationSeconds: fields.whole('durationSeconds'),
  chargeMicros: fields.micros('chargeMicros'),
  connectionChargeMicros: fields.micros('connectionChargeMicros'),
  callsUnpriced: fields.whole('callsUnpriced'),
});

type Fault = (what: string) => BadSnapshotError;
type Fields = ReturnType<typeof fieldsOf>;

/** Fields of an object, each checked for its type alone. */
function fieldsOf(value: unknown, what: string, fault: Fault) {
  if (!isObject(value)) throw fault(`${what}: not an object where one belongs`);
  const field = <T>(name: string, is: (value: unknown) => value is T): T => {
    const found = value[name];
    if (is(found)) return found;
    throw fault(`${what}: ${name} is missing or of a wrong type`);
  };
  return {
    raw: value,
    text: (name: string) => field(name, isText),
    textOrNull: (name: string) => field(name, isTextOrNull),
    whole: (name: string) => field(name, isWhole),
    list: (name: string) => field(name, isList),
    micros: (name: string) => BigInt(field(name, isWholeText)),
  };
}

function recordOf<T>(
  value: unknown,
  is: (value: unknown) => value is T,
  fault: () => BadSnapshotError,
): Record<string, T> {
  if (!isObject(value)) throw fault();
  const entries = Object.entries(value).map(([key, item]): [string, T] => {
    if (!is(item)) throw fault();
    return [key, item];
  });
  return Object.fromEntries(entries);
}

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const isText = (value: unknown): value is string => typeof value === 'string';
const isTextOrNull = (value: unknown): value is string | null => value === null || typeof value === 'string';
const isWhole = (value: unknown): value is number => Number.isSafeInteger(value);
const isList = (value: unknown): value is readonly unknown[] => Array.isArray(value);
const isTexts = (value: unknown): value is readonly string[] => isList(value) && value.every(isText);
const isWholeText = (value: unknown): value is string => isText(value) && /^-?\d+$/.test(value);
