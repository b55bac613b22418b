import { type BlobContainer, StorageError } from '../storage/blobs.ts';
import { asideBlobName, rawBlobName } from '../windows/grid.ts';
import type { LedgerEntry } from '../windows/ledger.ts';
import { type CompleteRead, decideCommit, isStored, type StoredRead } from './decideCommit.ts';
import { type WindowLoss, type Witness, witnessOf } from './decideShrink.ts';
import { storedRead } from './rawStore.ts';
import { completeRead, type ReadWindow } from './readRun.ts';
import { SeenIds } from './seenIds.ts';
import { storedKeys } from './storedKeys.ts';

export interface LossDeps {
  raw: BlobContainer;
  /** Whether a row with this key came with the read, wherever it belongs. */
  has: (key: string) => boolean;
  /** How much later a read that confirms has to have claimed, in milliseconds. */
  confirmMs: number;
}

/** What a read lacks of the blob that it would replace. */
export interface Loss extends WindowLoss {
  window: ReadWindow;
  /** Of the blob that was looked at; undefined if there is none. */
  etag: string | undefined;
  /** Rows of the blob that came with no page of the read. */
  lacking: number;
  witness: Witness;
  /** What the ledger knew of the window, after the read. */
  entry: LedgerEntry | undefined;
}

/** Each restart is caused by a commit of another read; so many within one look are a fault. */
const MAX_TRIES = 20;
/** Where only keys matter. */
const NO_HASH = '\0'.repeat(8);

/**
 * Compares a complete read with the blob that it would replace, row by row; where nothing would be replaced,
 * no blob is read.
 * @param entry of the ledger, read after the last page
 */
export async function measureLoss(
  window: ReadWindow,
  entry: LedgerEntry | undefined,
  deps: LossDeps,
): Promise<Loss> {
  const read = completeRead(window);
  const name = rawBlobName(window.window);
  for (let tries = 0; tries < MAX_TRIES; tries++) {
    const item = await deps.raw.properties(name);
    const stored = item && storedRead(item);
    const loss = {
      window,
      entry,
      etag: stored?.etag,
      witness: witnessOf(entry, window.claim, deps.confirmMs),
    };
    try {
      if (stored === undefined) return { ...loss, ...(await lossOfMissing(loss, read, deps)) };
      const isReplaced = decideCommit(stored, read) === 'commit';
      if (!isReplaced) return { ...loss, rows: 0, lacking: 0, doubtful: 0 };
      if (isStored(stored, read)) return { ...loss, rows: stored.rows, lacking: 0, doubtful: 0 };
      return { ...loss, ...(await lossOfStored(loss, stored, name, read, deps)) };
    } catch (error) {
      if (!isMoved(error)) throw error;
    }
  }
  throw new Error(`${name}: ${MAX_TRIES} tries to read it met another write each time`);
}

type Counts = Pick<Loss, 'rows' | 'lacking' | 'doubtful' | 'witness'>;

async function lossOfStored(
  { window, entry, witness }: Pick<Loss, 'window' | 'entry' | 'witness'>,
  stored: StoredRead,
  name: string,
  read: CompleteRead,
  { raw, has }: LossDeps,
): Promise<Counts> {
  const lacking = new SeenIds();
  let rows = 0;
  let lackingRows = 0;
  const blob = await raw.read(name, { ifMatch: stored.etag });
  if (blob === undefined) throw moved(name);
  for await (const keys of storedKeys(blob.chunks)) {
    rows += keys.length;
    for (const key of keys) {
      if (has(key)) continue;
      lackingRows += 1;
      if (witness === 'old') lacking.add(key, NO_HASH);
    }
  }
  const counts = { rows, lacking: lackingRows, doubtful: lackingRows, witness };
  if (lackingRows === 0 || witness !== 'old') return counts;
  const before = await readAside(raw, window, entry);
  if (before === undefined) return { ...counts, witness: 'none' };
  // The same rows: it lacked the same.
  if (before.rows === 0 || before.digest === read.digest) return { ...counts, doubtful: 0 };
  let doubtful = 0;
  const content = await raw.read(before.name, { ifMatch: before.etag });
  if (content === undefined) throw moved(before.name);
  for await (const keys of storedKeys(content.chunks)) {
    for (const key of keys) if (lacking.hasKey(key)) doubtful += 1;
  }
  return { ...counts, doubtful };
}

/** A blob that the ledger counts rows in is gone: how many are lacking is known, which ones is not. */
async function lossOfMissing(
  { window, entry, witness }: Pick<Loss, 'window' | 'entry' | 'witness'>,
  read: CompleteRead,
  { raw }: LossDeps,
): Promise<Counts> {
  const known = entry !== undefined && entry.done < read.claim ? entry.rows : 0;
  const lacking = Math.max(0, known - read.rows);
  const counts = { rows: known, lacking, doubtful: lacking, witness };
  if (lacking === 0 || witness !== 'old') return counts;
  const before = await readAside(raw, window, entry);
  if (before === undefined) return { ...counts, witness: 'none' };
  return { ...counts, doubtful: Math.min(lacking, Math.max(0, before.rows - read.rows)) };
}

/** The read that lost rows before this one, if it is the one that the ledger names. */
async function readAside(
  raw: BlobContainer,
  { window }: ReadWindow,
  entry: LedgerEntry | undefined,
): Promise<(StoredRead & { name: string }) | undefined> {
  const name = asideBlobName(window);
  const item = await raw.properties(name);
  const aside = item && storedRead(item);
  return aside?.claim === entry?.shrunkClaim ? aside && { ...aside, name } : undefined;
}

const moved = (name: string): StorageError => new StorageError(404, 'BlobNotFound', `${name} is gone`);

/** The blob that was looked at is another by now, or none. */
const isMoved = (error: unknown): boolean =>
  error instanceof StorageError && (error.status === 412 || error.status === 404);
