import { rejectedDayPrefix, storedRead } from '../landing/rawStore.ts';
import { type BlobContainer, StorageError } from '../storage/blobs.ts';
import { rawDayPrefix, windowOfRawBlob } from '../windows/grid.ts';
import type { LedgerEntry } from '../windows/ledger.ts';
import type { CallRow } from './callRow.ts';
import type { DayVector } from './dayHead.ts';
import { readRows } from './readLines.ts';

/** One raw blob of a day, as listed. */
export interface RawBlob {
  windowId: string;
  name: string;
  etag: string;
  claim: number;
}

/** A blob is no longer the one that was listed. */
export class RawMovedError extends Error {
  override readonly name = 'RawMovedError';

  constructor(blobName: string, options?: ErrorOptions) {
    super(`${blobName} was replaced or removed while the day was folded`, options);
  }
}

/** A blob is not there, and the ledger says that it had rows. */
export class RawMissingError extends Error {
  override readonly name = 'RawMissingError';
}

/** The raw blobs of a day's windows; what else lies in the folder is nobody's. */
export async function listRawDay(raw: BlobContainer, date: string): Promise<RawBlob[]> {
  const blobs: RawBlob[] = [];
  for await (const { name, etag, metadata } of raw.list(rawDayPrefix(date))) {
    const window = windowOfRawBlob(name);
    if (window?.date !== date) continue;
    const claim = Number(metadata['claim']);
    blobs.push({ windowId: window.id, name, etag, claim: Number.isSafeInteger(claim) ? claim : 0 });
  }
  return blobs;
}

/**
 * Rows of the day that do not fit, as its rejected blobs count them. Not as the ledger does: it is written after
 * the day was told.
 */
export async function countRejected(raw: BlobContainer, date: string): Promise<number> {
  let rows = 0;
  for await (const blob of raw.list(rejectedDayPrefix(date))) rows += storedRead(blob).rows;
  return rows;
}

export const vectorOf = (blobs: readonly RawBlob[]): DayVector =>
  Object.fromEntries(blobs.map(({ windowId, etag }) => [windowId, etag]));

/**
 * A blob that is gone is never taken for an hour without calls. The ledger has to be read before the listing:
 * it is written after the blob.
 * @throws RawMissingError
 */
export function checkNoneMissing(ledger: readonly LedgerEntry[], blobs: readonly RawBlob[]): void {
  const listed = new Set(blobs.map(({ windowId }) => windowId));
  const missing = ledger.filter(({ window, rows }) => rows > 0 && !listed.has(window.id));
  if (missing.length === 0) return;
  throw new RawMissingError(
    `raw blobs of ${missing.map(({ window }) => window.id).join(', ')} are missing, though the ledger counts rows ` +
      'there. The totals of the day stay as they were; read these hours again with "pstn backfill"',
  );
}

/** @throws RawMovedError if the blob was replaced or removed since it was listed. */
export async function* readBlobRows(raw: BlobContainer, blob: RawBlob): AsyncGenerator<CallRow[]> {
  try {
    const content = await raw.read(blob.name, { ifMatch: blob.etag });
    if (content === undefined) throw new RawMovedError(blob.name);
    yield* readRows(blob.name, content.chunks);
  } catch (error) {
    if (error instanceof StorageError && (error.status === 404 || error.status === 412)) {
      throw new RawMovedError(blob.name, { cause: error });
    }
    throw error;
  }
}
