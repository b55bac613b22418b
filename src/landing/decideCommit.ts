/** What a blob says of the read that wrote it, from its metadata. */
export interface StoredRead {
  etag: string;
  claim: number;
  digest: string;
  rows: number;
  /** Nonce of the run that wrote it: tells one's own write that landed from another's. */
  attempt: string;
}

/** A complete read of a window that is about to be landed. */
export interface CompleteRead {
  claim: number;
  digest: string;
  rows: number;
  attempt: string;
  /** No other read of the window was unfinished when this one claimed. */
  alone: boolean;
}

export type CommitDecision =
  /** A read that claimed later is stored: it is newer, whatever it found. */
  | 'superseded'
  /** This run's own write is stored; only its answer was lost. */
  | 'landed'
  /** What was read is stored already, and no older read is on its way that would have to be fenced. */
  | 'unchanged'
  /** Replace the blob, provided that it still is the one that was looked at. */
  | 'commit';

/**
 * Decides what becomes of a read, given the blob as it is now (undefined: there is none). Reads are ordered by
 * their claims, not by the time at which they end. A read that was not alone writes even what is stored
 * already, an empty blob included: with its claim in the blob the older read can no longer replace it.
 *
 * A read that lacks too much to be believed at once will branch off before `commit`.
 */
export function decideCommit(stored: StoredRead | undefined, read: CompleteRead): CommitDecision {
  if (stored !== undefined && stored.claim >= read.claim) {
    return stored.attempt === read.attempt ? 'landed' : 'superseded';
  }
  return read.alone && isStored(stored, read) ? 'unchanged' : 'commit';
}

/** Whether the blob holds exactly the rows of the read; no blob holds none. */
export const isStored = (
  stored: Pick<StoredRead, 'digest'> | undefined,
  read: Pick<CompleteRead, 'digest' | 'rows'>,
): boolean => (stored === undefined ? read.rows === 0 : stored.digest === read.digest);
