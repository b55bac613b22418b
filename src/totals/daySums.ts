import type { BlobContainer } from '../storage/blobs.ts';
import { compress, decompress, readCache, writeCache } from './cacheBlob.ts';
import { FOLD_VERSION, type FoldedWindow } from './fold.ts';
import { ID_HASH_BYTES } from './idHash.ts';
import type { Sums } from './sums.ts';
import { addEncoded, encodeSums } from './sumsCode.ts';
import { foldPrefix } from './windowRows.ts';

/** What the fold of one raw blob came to, small enough to keep those of a whole day in memory. */
export interface WindowFold {
  windowId: string;
  /** Of the raw blob. */
  etag: string;
  claim: number;
  /** Ids of the blob that were left out, sorted: they count from a newer one. */
  excluded: readonly string[];
  rows: number;
  repeatedIds: number;
  /** Of all ids of the blob, ascending. */
  idHashes: Float64Array;
  /** The sums as {@link addWindow} reads them. */
  packed: Buffer;
}

/** The folds of a day's windows, as they are remembered. */
export interface DaySums {
  windows: WindowFold[];
  /** What stands there now, for {@link writeDaySums}. */
  over: { ifMatch: string } | 'absent';
}

export function packFold(
  window: Pick<WindowFold, 'windowId' | 'etag' | 'claim' | 'excluded'>,
  { sums, rows, repeatedIds, idHashes }: FoldedWindow,
): WindowFold {
  return { ...window, rows, repeatedIds, idHashes, packed: compress(Buffer.from(encodeSums(sums))) };
}

/** Adds the sums of a window to those of its day. */
export const addWindow = (day: Sums, { packed }: WindowFold): void =>
  addEncoded(day, decompress(packed).toString('utf8'));

export const daySumsName = (date: string): string => `${foldPrefix(date)}sums.bin`;
const VERSION = `sums-${FOLD_VERSION}`;

interface Header extends Omit<WindowFold, 'idHashes' | 'packed'> {
  ids: number;
  packedBytes: number;
}

/** One line of JSON that says what follows, then the hashes and the sums of each window, in its order. */
export async function writeDaySums(
  control: BlobContainer,
  date: string,
  { windows, over }: DaySums,
  createdAt: string,
): Promise<void> {
  const headers = windows.map(({ idHashes, packed, ...rest }): Header => ({
    ...rest,
    ids: idHashes.length,
    packedBytes: packed.length,
  }));
  const parts = windows.flatMap(({ idHashes, packed }) => [packHashes(idHashes), packed]);
  const content = Buffer.concat([Buffer.from(`${JSON.stringify(headers)}\n`), ...parts]);
  await writeCache(control, daySumsName(date), { content, version: VERSION, createdAt, over });
}

export async function readDaySums(control: BlobContainer, date: string): Promise<DaySums> {
  const blob = await readCache(control, daySumsName(date), VERSION);
  if (blob === undefined) return { windows: [], over: 'absent' };
  const { content, etag } = blob;
  return { windows: content === undefined ? [] : parse(content), over: { ifMatch: etag } };
}

function parse(content: Buffer): WindowFold[] {
  let at = content.indexOf('\n') + 1;
  const take = (length: number): Buffer => content.subarray(at, (at += length));
  // The checksum says that it is as it was written.
  const headers = JSON.parse(content.toString('utf8', 0, at)) as Header[];
  return headers.map(({ ids, packedBytes, ...rest }) => ({
    ...rest,
    idHashes: unpackHashes(take(ids * ID_HASH_BYTES)),
    packed: take(packedBytes),
  }));
}

function packHashes(hashes: Float64Array): Buffer {
  const bytes = Buffer.alloc(hashes.length * ID_HASH_BYTES);
  for (const [at, hash] of hashes.entries()) bytes.writeUIntBE(hash, at * ID_HASH_BYTES, ID_HASH_BYTES);
  return bytes;
}

const unpackHashes = (bytes: Buffer): Float64Array =>
  Float64Array.from({ length: bytes.length / ID_HASH_BYTES }, (_, at) =>
    bytes.readUIntBE(at * ID_HASH_BYTES, ID_HASH_BYTES),
  );
