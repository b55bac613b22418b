import { setTimeout as sleep } from 'node:timers/promises';

/** Resolves after `ms` of real time; rejects with an `AbortError` if `signal` is aborted first. */
export type Wait = (ms: number, signal?: AbortSignal) => Promise<void>;

/** The longest delay that a timer of Node takes; it fires at once for a longer one. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

export const realWait: Wait = (ms, signal) =>
  sleep(Math.min(Math.ceil(ms), LONGEST_TIMER_MS), undefined, signal === undefined ? {} : { signal });

/** What to throw when the caller gave up: always named `AbortError`, with the caller's reason as its cause. */
export function abortError(signal: AbortSignal): Error {
  const reason: unknown = signal.reason;
  if (reason instanceof Error && reason.name === 'AbortError') return reason;
  const error = new Error('Reading from Graph was stopped', { cause: reason });
  error.name = 'AbortError';
  return error;
}
