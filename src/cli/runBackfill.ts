import { setTimeout as pause } from 'node:timers/promises';
import type { Services } from '../app/services.ts';
import { toMessage } from '../queues/messages.ts';
import { QUEUES } from '../queues/names.ts';
import type { DeadLetter } from '../queues/peek.ts';
import { type Backfill, packBackfill, startBackfill } from '../windows/backfill.ts';
import { type BackfillProgress, waitForBackfill, watchBackfill } from '../windows/backfillProgress.ts';
import { planBackfill } from '../windows/backfillRange.ts';
import { givenUp } from './givenUp.ts';
import type { Output } from './output.ts';
import { UnfoldedDays } from './unfoldedDays.ts';

const POLL_MS = 400;
/** Looking for dead letters costs two links a queue: now and then is enough. */
const LOOK_FOR_DEAD_LETTERS_MS = 5_000;

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
 * Waits until every window is read and folded, or has failed, or was given up, and shows how far it is. Whoever
 * waits also heals: the message of a day that is read and not folded is sent again.
 */
export async function awaitBackfill(
  services: Services,
  backfill: Backfill,
  output: Output,
  signal: AbortSignal,
): Promise<BackfillProgress> {
  const since = { sentMs: Date.now(), plannedMs: Math.max(...backfill.jobs.map(plannedMs)) };
  const { windows } = backfill.range;
  const abandoned = {
    windows: new Map<string, string>(),
    dates: new Map<string, string>(),
    settling: new Set<string>(),
  };
  const look = watchBackfill(services, backfill, {
    awaitConfirmation: services.config.SHRINK_CONFIRM_MINUTES === 0,
    settleHours: services.config.SETTLE_HOURS,
    abandoned,
  });
  const days = new UnfoldedDays();
  const shown = output.progress();
  let lookedMs = performance.now();
  const heal = async (now: BackfillProgress): Promise<void> => {
    const nowMs = performance.now();
    const { wake, stuck, asTheyAre, news } = days.look(now.unfolded, nowMs);
    for (const line of news) output.note(line);
    for (const date of wake) await services.sender.send(QUEUES.days, toMessage({ date }));
    for (const [date, reason] of stuck) abandoned.dates.set(date, reason);
    for (const date of asTheyAre) abandoned.settling.add(date);
    if (nowMs - lookedMs < LOOK_FOR_DEAD_LETTERS_MS) return;
    lookedMs = nowMs;
    const found = givenUp(await deadLetters(services), windows, since);
    for (const [id, reason] of found.windows) abandoned.windows.set(id, reason);
    for (const [date, reason] of found.dates) abandoned.dates.set(date, reason);
  };
  const lookAndHeal = async (): Promise<BackfillProgress> => {
    const now = await look();
    if (!now.finished) await heal(now);
    return now;
  };
  try {
    return await waitForBackfill(lookAndHeal, (ms) => pause(ms, undefined, { signal }), {
      pollMs: POLL_MS,
      onProgress: ({ windowsDone, windows: all, rows, daysDone, days: allDays }) =>
        shown.update(windowsDone, all, `windows read, ${rows} calls, ${daysDone} of ${allDays} days summed`),
    });
  } finally {
    shown.end();
  }
}

/** All jobs of a command are planned at once. */
const plannedMs = ({ planned }: Backfill['jobs'][number]): number => Date.parse(planned);

async function deadLetters({ peeker }: Services): Promise<DeadLetter[]> {
  const queues = [QUEUES.backfillWindows, QUEUES.windows, QUEUES.days];
  return (await Promise.all(queues.map((queue) => peeker.deadLetters(queue)))).flat();
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
