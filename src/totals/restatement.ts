import * as z from 'zod';
import type { BlobContainer } from '../storage/blobs.ts';
import { isConflict } from '../storage/blobs.ts';
import type { TableOperation } from '../storage/tables.ts';
import type { CurrencySums } from './currencySums.ts';
import { formatMicros } from './money.ts';
import { readAll } from './readAll.ts';
import type { RowChanges } from './rowChanges.ts';
import type { RowMark } from './windowRows.ts';

const VERSION = 1;
const count = z.number().int().nonnegative().nullable();
const sums = z.array(
  z.object({
    currency: z.string().nullable(),
    calls: z.number(),
    callsUnpriced: z.number(),
    durationSeconds: z.number(),
    charge: z.string(),
    connectionCharge: z.string(),
  }),
);
const versioned = z.object({ v: z.literal(VERSION) });
const recordSchema = z.object({
  date: z.string(),
  n: z.number().int().nonnegative(),
  at: z.string(),
  previous: z.string().nullable(),
  from: z.string().nullable(),
  to: z.string(),
  before: sums,
  after: sums,
  rowsCame: count,
  rowsWent: count,
  rowsChanged: count,
});

/**
 * What became of a settled day: number 0 says with which totals it was settled, each further one what they
 * changed from and to. A blob, written once, before the totals that it speaks of; it counts only if these
 * were completed.
 */
export interface Restatement {
  date: string;
  n: number;
  /** Instant, ISO text. */
  at: string;
  /** Blob name of number `n - 1`; null for number 0, or if that is not known. */
  previous: string | null;
  /** Names of the snapshots; `from` is null for number 0. */
  from: string | null;
  to: string;
  before: CurrencySums[];
  after: CurrencySums[];
  /** Null if the rows of before are not known any more, and for number 0. */
  rowsCame: number | null;
  rowsWent: number | null;
  rowsChanged: number | null;
}

export const restatementPrefix = (date: string): string => `restatements/v1/${date}/`;

const RECORD = /^restatements\/v1\/[^/]+\/(\d+)-(\d+)-(.+)\.json$/;
const SNAPSHOT = /^snapshots\/v1\/([^/]+)\/(\d+-.+\.json)$/;

/** Blob name of number `n` that ends at this snapshot: one run writes both. */
export function restatementName(n: number, to: string): string {
  const [, date, run] = SNAPSHOT.exec(to) ?? [];
  if (date === undefined || run === undefined) throw new RangeError(`no name of a snapshot: ${to}`);
  return `${restatementPrefix(date)}${n}-${run}`;
}

/** Number and generation in a record's blob name; undefined for any other blob. */
export function partsOfName(name: string): { n: number; generation: number; writer: string } | undefined {
  const [, n, generation, writer] = RECORD.exec(name) ?? [];
  return writer === undefined ? undefined : { n: Number(n), generation: Number(generation), writer };
}

/** Writes a record with the rows that made it, once. */
export async function writeRestatement(
  control: BlobContainer,
  restatement: Restatement,
  rows: RowChanges | undefined,
): Promise<void> {
  const body = { v: VERSION, ...restatement, ...(rows === undefined ? {} : { rows: toText(rows) }) };
  try {
    await control.put(restatementName(restatement.n, restatement.to), Buffer.from(JSON.stringify(body)), {
      condition: 'absent',
      contentType: 'application/json',
      metadata: { created: restatement.at },
    });
  } catch (error) {
    // The name holds a nonce of this run: what stands there is this run's own write.
    if (!isConflict(error)) throw error;
  }
}

/** Undefined if there is none, or if it is not as this app writes it. */
export async function readRestatement(
  control: BlobContainer,
  name: string,
): Promise<Restatement | undefined> {
  const content = await readAll(control, name);
  if (content === undefined) return undefined;
  try {
    const value: unknown = JSON.parse(content.toString('utf8'));
    versioned.parse(value);
    return recordSchema.parse(value);
  } catch {
    return undefined;
  }
}

/** Ids and amounts; whose calls they are stays out of it. */
function toText({ came, went, changed }: RowChanges) {
  return {
    came: came.map(callOf),
    went: went.map(callOf),
    changed: changed.map(({ before, after }) => ({
      id: after.id,
      before: amountsOf(before),
      after: amountsOf(after),
    })),
  };
}

const callOf = (mark: RowMark) => ({ id: mark.id, ...amountsOf(mark) });

const amountsOf = ({ currency, chargeMicros, connectionChargeMicros }: RowMark) => ({
  currency,
  charge: chargeMicros === null ? null : formatMicros(chargeMicros),
  connectionCharge: connectionChargeMicros === null ? null : formatMicros(connectionChargeMicros),
});

export const RESTATED_KEY_PREFIX = '!restated|';
/** The next text after every key with the prefix. */
export const RESTATED_KEY_END = '!restated}';
export const restatedKey = (n: number): string => `${RESTATED_KEY_PREFIX}${n}`;

/** A string property holds 32 Ki characters of UTF-16. */
const MAX_JSON_LENGTH = 30_000;

/** The entity that stands beside the totals. */
export function restatedOperation(restatement: Restatement): TableOperation {
  const { n, at, from, to, rowsCame, rowsWent, rowsChanged } = restatement;
  const { before, after, leftOut } = fitting(restatement);
  return {
    kind: 'replace',
    rowKey: restatedKey(n),
    properties: {
      n,
      at,
      from: from ?? undefined,
      to,
      record: restatementName(n, to),
      before: JSON.stringify(before),
      after: JSON.stringify(after),
      currenciesLeftOut: leftOut === 0 ? undefined : leftOut,
      rowsCame: rowsCame ?? undefined,
      rowsWent: rowsWent ?? undefined,
      rowsChanged: rowsChanged ?? undefined,
    },
  };
}

/** As many currencies as two columns hold, those that changed first; the record has all. */
function fitting({ before, after }: Pick<Restatement, 'before' | 'after'>) {
  const old = new Map(before.map((one) => [one.currency, one]));
  const now = new Map(after.map((one) => [one.currency, one]));
  const currencies = [...new Set([...old.keys(), ...now.keys()])];
  const isSame = (currency: string | null): boolean =>
    JSON.stringify(old.get(currency)) === JSON.stringify(now.get(currency));
  const changedFirst = [
    ...currencies.filter((currency) => !isSame(currency)),
    ...currencies.filter((currency) => isSame(currency)),
  ];
  const fits = { before: [] as CurrencySums[], after: [] as CurrencySums[], leftOut: 0 };
  let length = 0;
  for (const currency of changedFirst) {
    const pair = [old.get(currency), now.get(currency)] as const;
    length += JSON.stringify(pair).length;
    if (length > MAX_JSON_LENGTH) {
      fits.leftOut += 1;
      continue;
    }
    if (pair[0] !== undefined) fits.before.push(pair[0]);
    if (pair[1] !== undefined) fits.after.push(pair[1]);
  }
  return fits;
}
