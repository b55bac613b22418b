import type { GraphError, GraphErrorKind } from './errors.ts';

/** Tries of one page, the first included. */
export const MAX_TRIES = 4;
/** A new try begins within so much time after the first one. */
export const TRIES_WITHIN_MS = 60_000;

/** What a page has been through when a try has failed. */
export interface FailedTry {
  error: Pick<GraphError, 'kind' | 'retryAfterMs'>;
  /** Tries so far, this one included. */
  tries: number;
  /** Since the first try began. */
  elapsedMs: number;
  /** A fresh token has been refused before: another will not help. */
  tokenWasRenewed: boolean;
  /** In `[0, 1)`. */
  random: number;
}

export type RetryDecision =
  | { again: false }
  /** `delayMs`: at least so long from now, whatever the pace of requests allows. */
  | { again: true; delayMs: number };

const AGAIN: ReadonlySet<GraphErrorKind> = new Set([
  'throttled',
  'server',
  'network',
  'timeout',
  'badPage',
  'badLink',
  'redirect',
]);
const FIRST_BACKOFF_MS = 1_000;
const BACKOFF_FACTOR = 3;

/** Decides whether a page is tried again, and when. */
export function decideRetry({ error, tries, elapsedMs, tokenWasRenewed, random }: FailedTry): RetryDecision {
  if (tries >= MAX_TRIES) return { again: false };
  const renewToken = error.kind === 'unauthorized' && !tokenWasRenewed;
  if (!renewToken && !AGAIN.has(error.kind)) return { again: false };
  const delayMs = error.retryAfterMs ?? (renewToken ? 0 : backoffMs(tries, random));
  // Waiting longer here would only hold a worker: the job is sent again, scheduled.
  return elapsedMs + delayMs > TRIES_WITHIN_MS ? { again: false } : { again: true, delayMs };
}

/** Delay after the n-th failure without `Retry-After`: 1, 3, 9 s, of which a random half is taken off. */
export const backoffMs = (failures: number, random: number): number =>
  Math.ceil(FIRST_BACKOFF_MS * BACKOFF_FACTOR ** (failures - 1) * (1 - random / 2));
