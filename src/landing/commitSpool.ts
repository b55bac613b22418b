import { type BlobContainer, isConflict, StorageError } from '../storage/blobs.ts';
import { type CompleteRead, decideCommit, isStored, type StoredRead } from './decideCommit.ts';
import type { LineSpool } from './lineSpool.ts';
import { commitOptions, storedRead } from './rawStore.ts';

export type CommitResult =
  | {
      kind: 'committed' | 'unchanged' | 'superseded';
      /** Of the blob as this run saw it last; undefined if there is none. */
      etag: string | undefined;
      /** Of the blob: what another read found, if that one is newer. */
      rows: number;
      digest: string;
      /** False if the blob already carried these lines. */
      changed: boolean;
    }
  /** The read lacks too much of the blob as it is now. */
  | { kind: 'doubted' }
  /** The commit of an older read discarded blocks that are in nobody's memory any more: read again. */
  | { kind: 'blocksLost' };

/** Each conflict is another run's commit or a lost answer; so many for one blob are a fault. */
const MAX_TRIES = 20;

/**
 * Lands one blob of a complete read: looks at the blob, decides, commits on condition that it still is the same
 * one, and after a refusal looks again, because the refusal may be the echo of the own write.
 *
 * @param believes whether the read may replace the blob with this ETag (undefined: there is none)
 */
export async function commitSpool(
  raw: BlobContainer,
  spool: LineSpool,
  read: CompleteRead,
  believes: (etag: string | undefined) => Promise<boolean> = () => Promise.resolve(true),
): Promise<CommitResult> {
  let before: StoredRead | undefined;
  let blocksLost = false;
  for (let tries = 0; tries < MAX_TRIES; tries++) {
    const item = await raw.properties(spool.blobName);
    const stored = item && storedRead(item);
    if (tries === 0) before = stored;
    const decision = decideCommit(stored, read);
    // Where no blob is, nothing to be written may be a loss as well: of one that somebody deleted.
    const isAsked = decision === 'commit' || stored === undefined;
    if (isAsked && !(await believes(stored?.etag))) return { kind: 'doubted' };
    if (decision !== 'commit') return seen(decision, stored, before, read);
    if (blocksLost) return { kind: 'blocksLost' };
    try {
      // By the way it is looked at: what answers from a listing has to know that the listing is out of date.
      const { etag } = await spool.commit(commitOptions(stored, read), raw);
      return { ...contentOf(read), kind: 'committed', etag, changed: !isStored(stored, read) };
    } catch (error) {
      if (isInvalidBlockList(error)) blocksLost = true;
      else if (!isConflict(error)) throw error;
    }
  }
  throw new Error(`${spool.blobName}: ${MAX_TRIES} tries to replace it met another write each time`);
}

function seen(
  decision: 'superseded' | 'landed' | 'unchanged',
  stored: StoredRead | undefined,
  before: StoredRead | undefined,
  read: CompleteRead,
): CommitResult {
  const etag = stored?.etag;
  if (decision === 'landed') {
    return { ...contentOf(read), kind: 'committed', etag, changed: !isStored(before, read) };
  }
  return { ...contentOf(stored ?? read), kind: decision, etag, changed: false };
}

const contentOf = ({ rows, digest }: { rows: number; digest: string }) => ({ rows, digest });

const isInvalidBlockList = (error: unknown): boolean =>
  error instanceof StorageError && error.code === 'InvalidBlockList';
