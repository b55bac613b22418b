import { BadMessageError, parseDayChanged, parseWindowJob } from '../queues/messages.ts';
import { QUEUES } from '../queues/names.ts';
import type { DeadLetter } from '../queues/peek.ts';
import { DAY_MS } from '../windows/grid.ts';

/** Clocks of Service Bus and of this machine may differ. */
const SKEW_MS = 60_000;

/**
 * Says, a line each, which dead letters belong to a range `[fromMs, toMs)` and were sent since `sinceMs` of
 * real time. Bodies that cannot be read belong to nobody.
 */
export function givenUp(
  letters: readonly DeadLetter[],
  range: { fromMs: number; toMs: number },
  sinceMs: number,
): string[] {
  return letters
    .filter(({ enqueuedAt }) => enqueuedAt !== undefined && Date.parse(enqueuedAt) >= sinceMs - SKEW_MS)
    .flatMap((letter) => {
      const what = subject(letter, range);
      if (what === undefined) return [];
      const why = letter.description ?? letter.reason ?? 'no reason was left';
      return [`${what} was given up (${letter.queue}: ${why}); the log of the functions says more`];
    });
}

function subject(letter: DeadLetter, range: { fromMs: number; toMs: number }): string | undefined {
  try {
    if (letter.queue === QUEUES.days) {
      const message = parseDayChanged(letter.body);
      if (!('date' in message)) return undefined;
      const dayMs = Date.parse(message.date);
      return dayMs < range.toMs && dayMs + DAY_MS > range.fromMs ? `day ${message.date}` : undefined;
    }
    const { from, to } = parseWindowJob(letter.body);
    return Date.parse(from) < range.toMs && Date.parse(to) > range.fromMs
      ? `job ${from} to ${to}`
      : undefined;
  } catch (error) {
    if (error instanceof BadMessageError) return undefined;
    throw error;
  }
}
