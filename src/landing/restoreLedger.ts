import { inParallel } from '../runtime/inParallel.ts';
import type { BlobContainer } from '../storage/blobs.ts';
import {
  rawDayPrefix,
  rejectedBlobName,
  type Window,
  windowOfRawBlob,
  windowsOfDay,
} from '../windows/grid.ts';
import type { Ledger, RestoredWindow } from '../windows/ledger.ts';
import { EMPTY_DIGEST } from './digest.ts';
import { rejectedDayPrefix, storedRead } from './rawStore.ts';

export interface RestoreDeps {
  raw: BlobContainer;
  ledger: Pick<Ledger, 'readDay' | 'restore'>;
}

const PARALLEL_DAYS = 8;

/**
 * Fills a ledger that was lost from the blobs: windows of which it knows nothing become `read`, `unverified`, as
 * their blob tells. When they were read is not known, so that what Graph still has is read again; windows without
 * calls have no blob, and stay unknown. What the ledger knows is left alone: running it again changes nothing.
 *
 * @returns windows that were restored, ascending
 */
export async function restoreLedger(
  dates: Iterable<string>,
  { raw, ledger }: RestoreDeps,
): Promise<Window[]> {
  const restored: Window[] = [];
  await inParallel(dates, PARALLEL_DAYS, async (date) => {
    const found = await storedWindows(raw, date);
    const known = new Set(
      (await ledger.readDay(date)).flatMap(({ window, reads }) => (reads > 0 ? window.id : [])),
    );
    const unknown = found.filter(({ window }) => !known.has(window.id));
    if (unknown.length > 0) restored.push(...(await ledger.restore(date, unknown)));
  });
  return restored.sort((a, b) => a.fromMs - b.fromMs);
}

/** A window that has nothing but rows that do not fit has no raw blob. */
async function storedWindows(raw: BlobContainer, date: string): Promise<RestoredWindow[]> {
  const windows = new Map<string, RestoredWindow>();
  for await (const blob of raw.list(rawDayPrefix(date))) {
    const window = windowOfRawBlob(blob.name);
    if (window === undefined) continue;
    const { claim, rows, digest } = storedRead(blob);
    windows.set(window.id, { window, claim, rows, digest, rejected: 0 });
  }
  const rejectedNames = new Map(windowsOfDay(date).map((window) => [rejectedBlobName(window), window]));
  for await (const blob of raw.list(rejectedDayPrefix(date))) {
    const window = rejectedNames.get(blob.name);
    if (window === undefined) continue;
    const { claim, rows: rejected } = storedRead(blob);
    const lines = windows.get(window.id) ?? { window, claim, rows: 0, digest: EMPTY_DIGEST };
    windows.set(window.id, { ...lines, claim: Math.max(claim, lines.claim), rejected });
  }
  return [...windows.values()];
}
