import { BadMessageError, type DayChanged, toMessage } from '../queues/messages.ts';
import { QUEUES } from '../queues/names.ts';
import { readDayHead, type StoredDayHead } from './dayHead.ts';
import { type AggregateDeps, isFolded, rewriteDay, type WrittenDay } from './rewriteDay.ts';
import { claimDay, type DayFence, FencedError } from './tableWriter.ts';

/** Folds of one message that may fail before it is given up. */
export const MAX_FOLD_TRIES = 8;
const MAX_CLAIM_TRIES = 20;
const LONGEST_DELAY_MS = 3_600_000;

/**
 * `unchanged`: the totals are those of the raw blobs already, nothing was written. `completed`: now they are.
 * `busy` and `fenced`: another run is at work or took over, the day was sent again. `failed`: the fold failed,
 * the old totals stand, the day was sent again.
 */
export type AggregateReport =
  | { date: string; outcome: 'unchanged' | 'busy' | 'fenced' }
  | { date: string; outcome: 'failed'; reason: string }
  | ({ date: string; outcome: 'completed' } & WrittenDay);

/**
 * Makes the totals of a day those of its raw blobs. Any number of runs may work on a day at once, be repeated
 * and be cut off anywhere: the message is completed only when a later one exists or nothing is left to do.
 * @throws BadMessageError for a month. @throws whatever failed, when it has failed {@link MAX_FOLD_TRIES} times.
 */
export async function aggregateDay(message: DayChanged, deps: AggregateDeps): Promise<AggregateReport> {
  if (!('date' in message)) {
    throw new BadMessageError(`day message: months are not kept by this version (${message.month})`);
  }
  const report = await run(message, deps);
  const { outcome, ...fields } = report;
  if (outcome === 'failed') deps.log.warn('dayFoldFailed', { ...fields, tries: message.tries ?? 0 });
  else deps.log.info('dayAggregated', { outcome, ...fields });
  return report;
}

type DayMessage = Extract<DayChanged, { date: string }>;

async function run(message: DayMessage, deps: AggregateDeps): Promise<AggregateReport> {
  const { date } = message;
  let fence: DayFence | undefined;
  try {
    for (let tries = 0; tries < MAX_CLAIM_TRIES; tries += 1) {
      const head = await readDayHead(deps.dailyTotals, date);
      if (await isFolded(deps, date, head)) return { date, outcome: 'unchanged' };
      if (head?.open === true && head.etag !== message.seen) {
        return await sendAgain(message, head.etag, 'busy', deps);
      }
      fence = await claim(date, head, deps);
      if (fence !== undefined) {
        return { date, outcome: 'completed', ...(await rewriteDay(deps, date, fence)) };
      }
    }
    return await sendAgain(message, undefined, 'busy', deps);
  } catch (error) {
    if (error instanceof FencedError) return await sendAgain(message, error.headEtag, 'fenced', deps);
    return await giveBack(message, fence, error, deps);
  }
}

const claim = (
  date: string,
  head: StoredDayHead | undefined,
  { dailyTotals, newId, clock }: AggregateDeps,
): Promise<DayFence | undefined> =>
  claimDay(dailyTotals, date, head, newId(), new Date(clock.nowMs()).toISOString());

/**
 * Never silent: the run that is at work may be a dead one. If its head has not moved when the message comes
 * back, it is taken over then.
 */
async function sendAgain(
  { date, tries }: DayMessage,
  seen: string | undefined,
  outcome: 'busy' | 'fenced',
  { sender, delayMs }: AggregateDeps,
): Promise<AggregateReport> {
  const again: DayMessage = {
    date,
    ...(seen === undefined ? {} : { seen }),
    ...(tries === undefined ? {} : { tries }),
  };
  await sender.send(QUEUES.days, toMessage(again), { delayMs });
  return { date, outcome };
}

/** A trigger redelivers at once what throws: a fold that failed is sent again instead, later each time. */
async function giveBack(
  { date, tries = 0 }: DayMessage,
  fence: DayFence | undefined,
  error: unknown,
  { sender, delayMs, log }: AggregateDeps,
): Promise<AggregateReport> {
  const reason = error instanceof Error ? error.message : String(error);
  try {
    await fence?.release(reason);
  } catch (refused) {
    // The head is another's by now, or cannot be reached; the message goes on in either case.
    log.warn('dayNotReleased', { date, reason: refused instanceof Error ? refused.message : 'unknown' });
  }
  if (tries + 1 >= MAX_FOLD_TRIES) throw error;
  const again: DayMessage = { date, tries: tries + 1 };
  await sender.send(QUEUES.days, toMessage(again), {
    delayMs: Math.min(delayMs * 2 ** tries, LONGEST_DELAY_MS),
  });
  return { date, outcome: 'failed', reason };
}
