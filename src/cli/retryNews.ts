import type { BackfillProgress } from '../windows/backfillProgress.ts';

/** Beyond so many, another reason tells nothing new. */
const MOST_REASONS = 5;

/** Whoever waits should hear why nothing moves: each reason once, with the first window that it stopped. */
export function retryNews(): (progress: Pick<BackfillProgress, 'retrying'>) => string[] {
  const told = new Set<string>();
  return ({ retrying }) => {
    const news: string[] = [];
    for (const { window, reason } of retrying) {
      // Without the place, which is another one each time.
      const kind = reason.replace(/ \[.*$/s, '');
      if (told.has(kind) || told.size >= MOST_REASONS) continue;
      told.add(kind);
      news.push(`window ${window} could not be read and is tried again: ${reason}`);
    }
    return news;
  };
}
