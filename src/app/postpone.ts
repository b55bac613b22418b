import { GraphError } from '../graph/errors.ts';

/** What becomes of a job that was stopped by an error. */
export type StoppedJob =
  /** Sent anew, so that nothing is used up: neither a delivery nor a worker's time. */
  | { kind: 'postpone'; delayMs: number; tries: number }
  /** The queue delivers it again at once, ten times at most. */
  | { kind: 'giveBack' }
  /** Nobody tries again but by a command, or the planner in its own time. */
  | { kind: 'fail' };

/** A job that always has to wait is no job that is served. With the delays below it is some seven hours old then. */
export const MAX_POSTPONED = 20;
const FIRST_DELAY_MS = 15_000;
const MAX_DELAY_MS = 30 * 60_000;

/** A quarter of a minute, half of one, 1, 2, 4 ... minutes, half an hour at most. */
const growingMs = (times: number): number => Math.min(MAX_DELAY_MS, FIRST_DELAY_MS * 2 ** times);

/**
 * An outage must not use up the ten deliveries of every job in a few minutes: what Graph may mend by itself is tried
 * again at growing distance. Errors of other kinds are left to the queue.
 * @param tries how often the job was sent anew before
 */
export function decideStopped(error: unknown, tries: number): StoppedJob {
  if (!(error instanceof GraphError)) return { kind: 'giveBack' };
  if (!error.transient || tries >= MAX_POSTPONED) return { kind: 'fail' };
  return { kind: 'postpone', delayMs: delayOf(error, tries), tries: tries + 1 };
}

function delayOf({ retryAfterMs }: GraphError, tries: number): number {
  if (retryAfterMs === undefined) return growingMs(tries);
  // Whoever says again and again when to come back has a fault, and so has a table that stays silent.
  if (tries === 0) return retryAfterMs;
  return Math.max(retryAfterMs, growingMs(tries - 1));
}
