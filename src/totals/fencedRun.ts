import { type DayChanged, toMessage } from '../queues/messages.ts';
import { QUEUES } from '../queues/names.ts';
import type { MessageSender } from '../queues/sender.ts';
import type { Log } from '../runtime/log.ts';
import { type Fence, FencedError, type FenceHead, type Stored } from './fence.ts';

/** Folds of one message that may fail before it is given up. */
export const MAX_FOLD_TRIES = 8;
const MAX_CLAIM_TRIES = 20;
const LONGEST_DELAY_MS = 3_600_000;

/** What is folded: a day or a month. */
export type Subject = { date: string } | { month: string };

/** How one subject is looked at and made anew. */
export interface FencedWork<H extends FenceHead, W extends object> {
  readHead(): Promise<Stored<H> | undefined>;
  /** True if what the partition holds is that of its sources and nothing is left to do. */
  isDone(head: Stored<H> | undefined): Promise<boolean>;
  /** Undefined if the head is no longer the one that was seen. */
  claim(seen: Stored<H> | undefined): Promise<Fence<H> | undefined>;
  /** Reads the sources, which it may do only now, and replaces what the partition holds. */
  rewrite(fence: Fence<H>): Promise<W>;
  /**
   * Tells whatever is made of the subject. Also where nothing was to be done: the run that completed it may have
   * ended before it told.
   */
  nextStages?(done: Done<H, W>): Promise<void>;
}

/** What is in force now: as it was found, or as this run has written it. */
export type Done<H extends FenceHead, W extends object> = { found: Stored<H> | undefined } | { written: W };

/**
 * `unchanged`: nothing was to be done. `completed`: the totals were replaced. `busy` and `fenced`: another run is
 * at work or took over, the message was sent again. `failed`: the fold failed, the old totals stand, the message
 * was sent again.
 */
export type RunReport<W extends object> =
  | { outcome: 'unchanged' | 'busy' | 'fenced' }
  | { outcome: 'failed'; reason: string }
  | ({ outcome: 'completed' } & W);

export interface FencedRunDeps {
  sender: MessageSender;
  log: Log;
  /** Real time after which a run whose head has not moved is taken for dead. */
  delayMs: number;
}

/**
 * Serves one message. Any number of runs may work on a subject at once, be repeated and be cut off anywhere:
 * the message may be completed when this resolves, because a later one exists or nothing is left to do.
 * @throws whatever failed, when it has failed {@link MAX_FOLD_TRIES} times.
 */
export async function fencedRun<H extends FenceHead, W extends object>(
  message: DayChanged,
  work: FencedWork<H, W>,
  deps: FencedRunDeps,
): Promise<RunReport<W>> {
  const { report, done } = await foldOnce(message, work, deps);
  try {
    if (done !== undefined) await work.nextStages?.(done);
  } catch (error) {
    return giveBack(message, undefined, error, deps);
  }
  return report;
}

async function foldOnce<H extends FenceHead, W extends object>(
  message: DayChanged,
  work: FencedWork<H, W>,
  deps: FencedRunDeps,
): Promise<{ report: RunReport<W>; done?: Done<H, W> }> {
  let fence: Fence<H> | undefined;
  try {
    for (let tries = 0; tries < MAX_CLAIM_TRIES; tries += 1) {
      const head = await work.readHead();
      // Seen open, and not moved since: the run that opened it is dead, and nobody else would close it.
      const left = head?.open === true && head.etag === message.seen;
      const isDone = await work.isDone(head);
      if (isDone && !left) return { report: { outcome: 'unchanged' }, done: { found: head } };
      if (head?.open === true && !left) return { report: await sendAgain(message, head.etag, 'busy', deps) };
      fence = await work.claim(head);
      if (fence === undefined) continue;
      if (isDone) {
        await fence.release();
        return { report: { outcome: 'unchanged' }, done: { found: head } };
      }
      const written = await work.rewrite(fence);
      return { report: { outcome: 'completed', ...written }, done: { written } };
    }
    return { report: await sendAgain(message, undefined, 'busy', deps) };
  } catch (error) {
    if (error instanceof FencedError) {
      return { report: await sendAgain(message, error.headEtag, 'fenced', deps) };
    }
    return { report: await giveBack(message, fence, error, deps) };
  }
}

const subjectOf = (message: DayChanged): Subject =>
  'date' in message ? { date: message.date } : { month: message.month };

/**
 * Never silent: the run that is at work may be a dead one. If its head has not moved when the message comes
 * back, it is taken over then.
 */
async function sendAgain(
  message: DayChanged,
  seen: string | undefined,
  outcome: 'busy' | 'fenced',
  { sender, delayMs }: FencedRunDeps,
): Promise<{ outcome: 'busy' | 'fenced' }> {
  const { tries } = message;
  const again: DayChanged = {
    ...subjectOf(message),
    ...(seen === undefined ? {} : { seen }),
    ...(tries === undefined ? {} : { tries }),
  };
  await sender.send(QUEUES.days, toMessage(again), { delayMs });
  return { outcome };
}

/** A trigger redelivers at once what throws: a fold that failed is sent again instead, later each time. */
async function giveBack<H extends FenceHead>(
  message: DayChanged,
  fence: Fence<H> | undefined,
  error: unknown,
  { sender, delayMs, log }: FencedRunDeps,
): Promise<{ outcome: 'failed'; reason: string }> {
  const subject = subjectOf(message);
  const { tries = 0 } = message;
  const reason = error instanceof Error ? error.message : String(error);
  try {
    await fence?.release(reason);
  } catch (refused) {
    // The head is another's by now, or cannot be reached; the message goes on in either case.
    log.warn('headNotReleased', {
      ...subject,
      reason: refused instanceof Error ? refused.message : 'unknown',
    });
  }
  if (tries + 1 >= MAX_FOLD_TRIES) throw error;
  const again: DayChanged = { ...subject, tries: tries + 1 };
  await sender.send(QUEUES.days, toMessage(again), {
    delayMs: Math.min(delayMs * 2 ** tries, LONGEST_DELAY_MS),
  });
  return { outcome: 'failed', reason };
}
