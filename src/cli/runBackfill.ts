import { setTimeout as pause } from 'node:timers/promises';
import type { Services } from '../app/services.ts';
import { toMessage } from '../queues/messages.ts';
import { QUEUES } from '../queues/names.ts';
import type { DeadLetter } from '../queues/peek.ts';
import { type FoldedWindows, foldWindows, spanText } from '../report/foldWindows.ts';
import { type Backfill, packBackfill, startBackfill } from '../windows/backfill.ts';
import { type BackfillProgress, waitForBackfill, watchBackfill } from '../windows/backfillProgress.ts';
import { planBackfill } from '../windows/backfillRange.ts';
import { expectedRequests } from '../windows/expectedRequests.ts';
import { windowOfId } from '../windows/grid.ts';
import { sendRest } from '../windows/sendRest.ts';
import { BackfillPace, type Pace, paceText } from './backfillPace.ts';
import { countRequests } from './countRequests.ts';
import { givenUp } from './givenUp.ts';
import type { Output } from './output.ts';
import { spacingOf } from '../graph/budget/spacingOf.ts';
import { retryNews } from './retryNews.ts';
import { UnfoldedDays } from './unfoldedDays.ts';

const POLL_MS = 400;
/** Looking for dead letters costs two links a queue: now and then is enough. */
const LOOK_FOR_DEAD_LETTERS_MS = 5_000;
const COUNT_REQUESTS_MS = 5_000;

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

export interface AwaitedBackfill extends BackfillProgress {
  /** To Graph, of the backfill lane, since it was waited for; undefined where nobody counts them. */
  requests: number | undefined;
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
): Promise<AwaitedBackfill> {
  const watchPace = await paceWatch(services, backfill);
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
  const newsOfRetries = retryNews();
  /** Begins of jobs that were given up and whose rest was sent for them. */
  const sentOn = new Set<string>();
  const shown = output.progress();
  let lookedMs = performance.now();
  const heal = async (now: BackfillProgress): Promise<void> => {
    const nowMs = performance.now();
    const { wake, stuck, asTheyAre, news } = days.look(now.unfolded, nowMs);
    for (const line of [...news, ...newsOfRetries(now)]) output.note(line);
    for (const date of wake) await services.sender.send(QUEUES.days, toMessage({ date }));
    for (const [date, reason] of stuck) abandoned.dates.set(date, reason);
    for (const date of asTheyAre) abandoned.settling.add(date);
    if (nowMs - lookedMs < LOOK_FOR_DEAD_LETTERS_MS) return;
    lookedMs = nowMs;
    const found = givenUp(await deadLetters(services), windows, since);
    for (const [id, reason] of found.windows) abandoned.windows.set(id, reason);
    for (const [date, reason] of found.dates) abandoned.dates.set(date, reason);
    for (const job of found.unsent) {
      if (sentOn.has(job.from)) continue;
      sentOn.add(job.from);
      await sendRest(job, { ...services, settleHours: services.config.SETTLE_HOURS }, false);
    }
  };
  const lookAndHeal = async (): Promise<BackfillProgress> => {
    const now = await look();
    if (!now.finished) await heal(now);
    return now;
  };
  let pace: Pace | undefined;
  try {
    const progress = await waitForBackfill(lookAndHeal, (ms) => pause(ms, undefined, { signal }), {
      pollMs: POLL_MS,
      onProgress: async (now) => {
        pace = await watchPace(now);
        shown.update(now.windowsDone, now.windows, progressText(now, pace));
      },
    });
    return { ...progress, requests: pace?.requests };
  } finally {
    shown.end();
  }
}

function progressText({ rows, daysDone, days }: BackfillProgress, pace: Pace | undefined): string {
  const read = `windows read, ${rows} calls, ${daysDone} of ${days} days summed`;
  return pace === undefined ? read : `${read}, ${paceText(pace)}`;
}

/** Looks at the requests now and then, and once more in the end. */
async function paceWatch(
  { budgetTable, config }: Services,
  { range, expected }: Backfill,
): Promise<(now: BackfillProgress) => Promise<Pace | undefined>> {
  const requests = await countRequests(budgetTable, Date.now());
  const pace = new BackfillPace({
    expectedRequests: expectedRequests(range.windows.reduce((rows, window) => rows + expected.of(window), 0)),
    spacingMs: spacingOf(config),
  });
  let known: Pace | undefined;
  let countedMs = -Infinity;
  return async (now) => {
    const nowMs = performance.now();
    if (!now.finished && nowMs - countedMs < COUNT_REQUESTS_MS) return known;
    countedMs = nowMs;
    const counted = await requests();
    known = counted && pace.look(now, counted, nowMs);
    return known;
  };
}

/** All jobs of a command are planned at once. */
const plannedMs = ({ planned }: Backfill['jobs'][number]): number => Date.parse(planned);

async function deadLetters({ peeker }: Services): Promise<DeadLetter[]> {
  const queues = [QUEUES.backfillWindows, QUEUES.windows, QUEUES.days];
  return (await Promise.all(queues.map((queue) => peeker.deadLetters(queue)))).flat();
}

/** What needs a hand: a line for windows of equal reasons, and for each day. */
export function troubles({
  failed,
  shrunk,
  unfolded,
}: Pick<BackfillProgress, 'failed' | 'shrunk' | 'unfolded'>): string[] {
  const lost = shrunk.map((window) => ({ window, reason: LOST_ROWS }));
  return [
    ...folded(failed).map((line) => `${windowsText(line)} failed: ${line.reason}`),
    ...folded(lost).map((line) => `${windowsText(line)} lost rows: ${line.reason}`),
    ...unfolded.map(({ date, reason }) => `day ${date} is not summed yet: ${reason ?? 'it is waiting'}`),
  ];
}

const LOST_ROWS = 'what was read before is kept until a second read agrees';

const folded = (windows: BackfillProgress['failed']): FoldedWindows[] =>
  foldWindows(
    windows.map(({ window, reason }) => ({ window: windowOfId(window), reason })),
    ({ reason }) => reason,
  );

const windowsText = (line: FoldedWindows): string =>
  line.windows === 1 ? `window ${line.last}` : spanText(line);
