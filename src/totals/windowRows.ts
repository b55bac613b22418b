import type { BlobContainer } from '../storage/blobs.ts';
import { windowOfId } from '../windows/grid.ts';
import { compress, decompress, readCache, writeCache } from './cacheBlob.ts';
import type { CallRow } from './callRow.ts';
import { userOf } from './sums.ts';

/** What is remembered of a row, so that it can be compared with what stands in its place later. */
export interface RowMark {
  id: string | null;
  /** Of the whole line as landed. */
  digest: string;
  /** In lower case. */
  userId: string | null;
  currency: string | null;
  chargeMicros: bigint | null;
  connectionChargeMicros: bigint | null;
}

/** Of all rows of one raw blob, under one ETag. */
export interface WindowRows {
  /** Number of the read that wrote the blob. */
  claim: number;
  marks: RowMark[];
}

/** Independent of the version of the fold: rows of long ago have to be compared with those of today. */
const VERSION = 'rows-1';

export const foldPrefix = (date: string): string => `folds/v1/${date}/`;

const SUFFIX = '.rows.gz';
export const windowRowsName = (windowId: string, etag: string): string =>
  `${foldPrefix(windowOfId(windowId).date)}${windowId}-${etag}${SUFFIX}`;

const NAME = /^folds\/v1\/[^/]+\/(\d{4}-\d\d-\d\dT\d\dZ)-(.+)\.rows\.gz$/;

/** Which window under which ETag a blob is of; undefined for any other blob. */
export function windowOfRowsName(name: string): { windowId: string; etag: string } | undefined {
  const [, windowId, etag] = NAME.exec(name) ?? [];
  return windowId === undefined || etag === undefined ? undefined : { windowId, etag };
}

type Line = [
  id: string | null,
  digest: string,
  userId: string | null,
  currency: string | null,
  charge: string | null,
  connectionCharge: string | null,
];

const toText = (micros: bigint | null): string | null => micros?.toString() ?? null;
const toMicros = (text: string | null): bigint | null => (text === null ? null : BigInt(text));

/** A row's mark as a line of text. */
export function markLine(row: CallRow): string {
  const line: Line = [
    row.id,
    row.digest,
    userOf(row),
    row.currency,
    toText(row.chargeMicros),
    toText(row.connectionChargeMicros),
  ];
  return JSON.stringify(line);
}

/** @param lines of {@link markLine}. */
export async function writeWindowRows(
  control: BlobContainer,
  { windowId, etag, claim }: { windowId: string; etag: string; claim: number },
  lines: readonly string[],
  createdAt: string,
): Promise<void> {
  const content = compress(Buffer.from([String(claim), ...lines].join('\n')));
  await writeCache(control, windowRowsName(windowId, etag), { content, version: VERSION, createdAt });
}

/** Undefined if nothing usable is remembered of this blob. */
export async function readWindowRows(
  control: BlobContainer,
  windowId: string,
  etag: string,
): Promise<WindowRows | undefined> {
  const blob = await readCache(control, windowRowsName(windowId, etag), VERSION);
  if (blob?.content === undefined) return undefined;
  const [claim, ...lines] = decompress(blob.content).toString('utf8').split('\n');
  return { claim: Number(claim), marks: lines.map(parseMark) };
}

function parseMark(text: string): RowMark {
  // The checksum says that it is as it was written.
  const [id, digest, userId, currency, charge, connection] = JSON.parse(text) as Line;
  return {
    id,
    digest,
    userId,
    currency,
    chargeMicros: toMicros(charge),
    connectionChargeMicros: toMicros(connection),
  };
}
