import { setTimeout as pause } from 'node:timers/promises';
import type { Services } from '../app/services.ts';
import { type Backfill, packBackfill, startBackfill } from '../windows/backfill.ts';
import { type BackfillProgress, waitForBackfill, watchBackfill } from '../windows/backfillProgress.ts';
import { planBackfill } from '../windows/backfillRange.ts';
import type { Output } from './output.ts';

const POLL_MS = 400;

/**
 * Sends the jobs of a range, newest first.
 * @throws BackfillRangeError if the range is reversed or lies in the future.
 */
export async function sendBackfill(services: Services, fromMs: number, toMs: number): Promise<Backfill> {
  const nowMs = services.clock.nowMs();
  const range = planBackfill({ fromMs, toMs, nowMs });
  const backfill = await packBackfill(services.ledger, range, {
    nowMs,
    settleHours: services.config.SETTLE_HOURS,
  });
  await startBackfill(services, backfill);
  return backfill;
}

/** Waits until every window is read and folded, or has failed, and shows how far it is. */
export async function awaitBackfill(
  services: Services,
  backfill: Backfill,
  output: Output,
  signal: AbortSignal,
): Promise<BackfillProgress> {
  const look = watchBackfill(services, backfill, {
    awaitConfirmation: services.config.SHRINK_CONFIRM_MINUTES === 0,
  });
  const progress = output.progress();
  try {
    return await waitForBackfill(look, (ms) => pause(ms, undefined, { signal }), {
      pollMs: POLL_MS,
      onProgress: (now) =>
        progress.update(
          now.windowsDone,
          now.windows,
          `windows read, ${now.rows} calls, ${now.daysDone} of ${now.days} days summed`,
        ),
    });
  } finally {
    progress.end();
  }
}

/** One line for each window or day that needs a hand. */
export function troubles(progress: BackfillProgress): string[] {
  return [
    ...progress.failed.map(({ window, reason }) => `window ${window} failed: ${reason}`),
    ...progress.shrunk.map(
      (window) => `window ${window} lost rows: kept as it was until a second read agrees`,
    ),
    ...progress.unfolded.map(
      ({ date, reason }) => `day ${date} is not summed yet: ${reason ?? 'it is waiting'}`,
    ),
  ];
}
