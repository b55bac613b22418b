import { inParallel } from '../runtime/inParallel.ts';
import type { LedgerEntry } from '../windows/ledger.ts';
import { doubtedOf } from './decideShrink.ts';
import { type Loss, type LossDeps, measureLoss } from './measureLoss.ts';
import type { ReadWindow } from './readRun.ts';

/** What is to be believed of a read, by all of its windows together. */
export interface Judgement {
  /** Windows that are to be kept aside. */
  doubted: () => Loss[];
  /** Windows that lose rows and are believed. */
  losing: () => Loss[];
  lossOf: (window: ReadWindow) => Loss | undefined;
  /** Whether a window may replace the blob with this ETag; measured anew if it is another than before. */
  believes: (window: ReadWindow, etag: string | undefined) => Promise<boolean>;
}

const PARALLEL_WINDOWS = 8;

/** @param entries by window id, of the ledger as it was after the last page */
export async function judgeRead(
  windows: readonly ReadWindow[],
  entries: ReadonlyMap<string, LedgerEntry>,
  deps: LossDeps,
): Promise<Judgement> {
  const losses = new Map<ReadWindow, Loss>();
  const measure = async (window: ReadWindow): Promise<void> => {
    losses.set(window, await measureLoss(window, entries.get(window.window.id), deps));
  };
  await inParallel(windows, PARALLEL_WINDOWS, measure);

  const doubted = (): Loss[] => doubtedOf(windows.flatMap((window) => losses.get(window) ?? []));
  return {
    doubted,
    losing: () => {
      const aside = new Set(doubted());
      return [...losses.values()].filter((loss) => loss.lacking > 0 && !aside.has(loss));
    },
    lossOf: (window) => losses.get(window),
    believes: async (window, etag) => {
      if (losses.get(window)?.etag !== etag) await measure(window);
      return !doubted().some((loss) => loss.window === window);
    },
  };
}
