import type { BlobContainer, BlobItem, BlobWriteOptions } from '../storage/blobs.ts';
import { isConflict } from '../storage/blobs.ts';
import { asideDayPrefix, rawDayPrefix } from '../windows/grid.ts';
import type { CompleteRead, StoredRead } from './decideCommit.ts';

const CONTENT_TYPE = 'application/x-ndjson';
const REJECTED_ROOT = 'rejected/v1/';

export const rejectedDayPrefix = (date: string): string => `${REJECTED_ROOT}callDate=${date}/`;
/** Rows that name no day, one blob a row. */
export const UNKNOWN_DAY_PREFIX = `${REJECTED_ROOT}callDate=unknown/`;

/** The read behind a blob; one without our metadata (put there by hand) counts as older than every read. */
export function storedRead({ etag, metadata }: BlobItem): StoredRead {
  return {
    etag,
    claim: wholeNumber(metadata['claim']),
    digest: metadata['digest'] ?? '',
    rows: wholeNumber(metadata['rows']),
    attempt: metadata['attempt'] ?? '',
  };
}

/** How a blob is replaced by a read: only if it still is the one that was looked at, and signed by the read. */
export const commitOptions = (stored: StoredRead | undefined, read: CompleteRead): BlobWriteOptions => ({
  condition: stored === undefined ? 'absent' : { ifMatch: stored.etag },
  contentType: CONTENT_TYPE,
  metadata: {
    rows: String(read.rows),
    digest: read.digest,
    claim: String(read.claim),
    attempt: read.attempt,
  },
});

/** The largest claim that any blob of the day carries, reads kept aside included; 0 if there is none. */
export async function largestClaim(raw: BlobContainer, date: string): Promise<number> {
  let largest = 0;
  for (const prefix of [rawDayPrefix(date), rejectedDayPrefix(date), asideDayPrefix(date)]) {
    for await (const blob of raw.list(prefix)) largest = Math.max(largest, storedRead(blob).claim);
  }
  return largest;
}

/** Keeps a row that names no day, under a name that its content gives: only the first write does anything. */
export async function putUnknownDay(raw: BlobContainer, rowHashHex: string, line: Buffer): Promise<void> {
  try {
    await raw.put(`${UNKNOWN_DAY_PREFIX}${rowHashHex}.json`, line, {
      condition: 'absent',
      contentType: CONTENT_TYPE,
    });
  } catch (error) {
    if (!isConflict(error)) throw error;
  }
}

function wholeNumber(text: string | undefined): number {
  const value = Number(text ?? 0);
  return Number.isSafeInteger(value) && value >= 0 ? value : 0;
}
