import { setTimeout as pause } from 'node:timers/promises';
import type { Services } from '../app/services.ts';
import { QUEUES } from '../queues/names.ts';
import { type Backfill, packBackfill, startBackfill } from '../windows/backfill.ts';
import { type BackfillProgress, waitForBackfill, watchBackfill } from '../windows/backfillProgress.ts';
import { planBackfill } from '../windows/backfillRange.ts';
import { givenUp } from './givenUp.ts';
import type { Output } from './output.ts';

const POLL_MS = 400;
/** Looking for dead letters costs two links a queue: now and then is enough. */
const LOOK_FOR_DEAD_LETTERS_EVERY = 12;

/** Work of this backfill lies in a dead-letter queue: waiting for it would never end. */
export class GivenUpError extends Error {
  override readonly name = 'GivenUpError';
}

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

/**
 * Waits until every window is read and folded, or has failed, and shows how far it is.
 * @throws GivenUpError if a job or a day of the range was dead-lettered meanwhile.
 */
export async function awaitBackfill(
  services: Services,
  backfill: Backfill,
  output: Output,
  signal: AbortSignal,
): Promise<BackfillProgress> {
  const startedMs = Date.now();
  const look = watchBackfill(services, backfill, {
    awaitConfirmation: services.config.SHRINK_CONFIRM_MINUTES === 0,
  });
  const progress = output.progress();
  const noted = new Set<string>();
  let looks = 0;
  const lookAndCheck = async (): Promise<BackfillProgress> => {
    looks += 1;
    const now = await look();
    if (!now.finished && looks % LOOK_FOR_DEAD_LETTERS_EVERY === 0) {
      await failIfGivenUp(services, backfill, startedMs);
    }
    return now;
  };
  try {
    return await waitForBackfill(lookAndCheck, (ms) => pause(ms, undefined, { signal }), {
      pollMs: POLL_MS,
      onProgress: (now) => {
        progress.update(
          now.windowsDone,
          now.windows,
          `windows read, ${now.rows} calls, ${now.daysDone} of ${now.days} days summed`,
        );
        for (const { date, reason } of now.unfolded) {
          if (reason === undefined || noted.has(`${date} ${reason}`)) continue;
          noted.add(`${date} ${reason}`);
          output.note(`day ${date} could not be summed and is tried again: ${reason}`);
        }
      },
    });
  } finally {
    progress.end();
  }
}

async function failIfGivenUp(services: Services, backfill: Backfill, sinceMs: number): Promise<void> {
  const queues = [QUEUES.backfillWindows, QUEUES.windows, QUEUES.days];
  const letters = (await Promise.all(queues.map((queue) => services.peeker.deadLetters(queue)))).flat();
  const ofThis = givenUp(letters, backfill.range, sinceMs);
  if (ofThis.length > 0) throw new GivenUpError(ofThis.join('\n'));
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
