import { inParallel } from '../runtime/inParallel.ts';
import type { Log } from '../runtime/log.ts';
import type { BlobContainer } from '../storage/blobs.ts';
import type { LedgerEntry } from '../windows/ledger.ts';
import { judgeRead } from './judgeRead.ts';
import { keepAside } from './keepAside.ts';
import type { LineSpool } from './lineSpool.ts';
import type { Loss } from './measureLoss.ts';
import type { ReadWindow, RunRead } from './readRun.ts';
import { type JobKind, sendConfirmation, sendMovedRowsReads, type SendReadsDeps } from './sendReads.ts';

/** How far a read is believed, and what follows from what it lacks. */
export interface Beliefs {
  /** Whether the read may replace the blob with this ETag (undefined: there is none). Asked before each commit. */
  mayReplace: (window: ReadWindow, etag: string | undefined) => Promise<boolean>;
  /** Keeps windows aside that may not be replaced, and has them confirmed; each of them once. */
  setAside: (windows: readonly ReadWindow[]) => Promise<void>;
  /** What is known of a window that may not be replaced. */
  asideOf: (window: ReadWindow) => AsideWindow | undefined;
}

export interface AsideWindow {
  /** Of the blob that stays. */
  etag: string | undefined;
  /** A later read is compared with what was kept of this one. */
  isWitness: boolean;
}

export interface BeliefsDeps extends SendReadsDeps {
  raw: BlobContainer;
  log: Log;
  /**
   * Reads windows once more, for the container's folder of reads kept aside: what has been staged for a raw blob
   * cannot go elsewhere. Gives the lines by begin of the window.
   */
  readForAside: (windows: readonly ReadWindow[]) => Promise<ReadonlyMap<number, LineSpool>>;
}

const PARALLEL_WINDOWS = 8;

/**
 * Compares a complete read with what is stored. Reads that follow from what it lacks are sent, and what is not
 * believed is kept aside, before anything is replaced: a run that ends in between is repeated, and finds the
 * same.
 *
 * @param entries by window id, of the ledger as it was after the last page
 */
export async function believe(
  { windows, has }: Pick<RunRead, 'windows' | 'has'>,
  entries: ReadonlyMap<string, LedgerEntry>,
  kind: JobKind,
  deps: BeliefsDeps,
): Promise<Beliefs> {
  const { raw, log, readForAside, shrinkConfirmMinutes } = deps;
  const judgement = await judgeRead(windows, entries, { raw, has, confirmMs: shrinkConfirmMinutes * 60_000 });
  const followed = new Set<ReadWindow>();
  const kept = new Map<ReadWindow, boolean>();

  const followRows = async (losses: readonly Loss[]): Promise<void> => {
    const losing = losses.filter(({ window, lacking }) => lacking > 0 && !followed.has(window));
    for (const { window } of losing) followed.add(window);
    if (losing.length === 0) return;
    log.info('rowsGone', { ...summary(losing) });
    await sendMovedRowsReads(
      losing.map(({ window }) => window.window),
      kind,
      deps,
    );
  };

  const setAside = async (of: readonly ReadWindow[]): Promise<void> => {
    const losses = of.flatMap((window) => (kept.has(window) ? [] : (judgement.lossOf(window) ?? [])));
    if (losses.length === 0) return;
    log.warn('readNotBelieved', { ...summary(losses) });
    // The first of two reads that lack the same stays the one to be compared with.
    const witnesses = losses.filter(({ witness }) => witness !== 'young').map(({ window }) => window);
    const inStore = witnesses.filter(({ lines }) => !lines.isWhole);
    const again = inStore.length === 0 ? new Map<number, LineSpool>() : await readForAside(inStore);
    const isWitness = new Set<ReadWindow>();
    await inParallel(witnesses, PARALLEL_WINDOWS, async (window) => {
      const spool = again.get(window.window.fromMs) ?? window.lines;
      if ((await keepAside(raw, window, spool)) === 'kept') isWitness.add(window);
    });
    for (const spool of again.values()) spool.release();
    await sendConfirmation(losses, kind, deps);
    for (const { window } of losses) kept.set(window, isWitness.has(window));
  };

  await followRows(judgement.losing());
  await setAside(judgement.doubted().map(({ window }) => window));
  return {
    mayReplace: async (window, etag) => {
      if (!(await judgement.believes(window, etag))) return false;
      const loss = judgement.lossOf(window);
      if (loss !== undefined) await followRows([loss]);
      return true;
    },
    setAside,
    asideOf: (window) => {
      const isWitness = kept.get(window);
      return isWitness === undefined ? undefined : { etag: judgement.lossOf(window)?.etag, isWitness };
    },
  };
}

const summary = (losses: readonly Loss[]) => ({
  windows: losses.length,
  first: losses[0]?.window.window.id,
  rows: losses.reduce((sum, { rows }) => sum + rows, 0),
  lacking: losses.reduce((sum, { lacking }) => sum + lacking, 0),
});
