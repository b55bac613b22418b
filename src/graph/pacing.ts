import { GraphError } from './errors.ts';
import type { RequestPacer } from './pstnCalls.ts';
import { abortError, type Wait } from './wait.ts';

export interface PacingOptions {
  /** Requests that Graph allows for one call log in any 60 s. */
  requestsPerMinute: number;
  /** Requests that Graph allows for all call logs of the app and tenant in any 60 s. */
  appRequestsPerMinute: number;
  /** How far clocks, network and sending may move a request between its permit and its arrival. */
  marginMs: number;
  /** Milliseconds from any fixed point, never going back. */
  monotonicNowMs: () => number;
  wait: Wait;
  /** A permit that is further away than this is refused instead of waited for. Default: a minute. */
  maxWaitMs?: number;
}

/** All on the monotonic clock, in milliseconds. */
export interface PacingState {
  lastSlotMs: number;
  blockedUntilMs: number;
}

const MINUTE_MS = 60_000;

/**
 * Distance of two requests, in milliseconds. With it `limit + 1` permits in a row span more than a minute and
 * the margin, so that no 60 s at the server, both ends included, hold more than `limit`.
 */
export const spacingMs = (limit: number, marginMs: number): number => (MINUTE_MS + marginMs) / limit + 1;

/** When the next request may be sent: now, or at the earliest later time. */
export const nextSlot = (state: PacingState, nowMs: number, spacing: number): number =>
  Math.max(nowMs, state.lastSlotMs + spacing, state.blockedUntilMs);

interface Waiter {
  sinceMs: number;
  resolve: () => void;
  reject: (error: Error) => void;
}

/**
 * A pacer for the requests of this process: first come, first served. A `take` that would last longer than
 * `maxWaitMs` rejects at once with a `GraphError` of kind `budget`, whose `retryAfterMs` says how long.
 */
export function createPacer(options: PacingOptions): RequestPacer {
  const { marginMs, monotonicNowMs, wait, maxWaitMs = MINUTE_MS } = options;
  const spacing = spacingMs(Math.min(options.requestsPerMinute, options.appRequestsPerMinute), marginMs);
  const state: PacingState = { lastSlotMs: -Infinity, blockedUntilMs: -Infinity };
  let queue: Waiter[] = [];
  let pause: AbortController | undefined;

  const slotOf = (position: number): number =>
    nextSlot(state, monotonicNowMs(), spacing) + position * spacing;

  function grantOrWait(): void {
    for (let head = queue[0]; head !== undefined; head = queue[0]) {
      const nowMs = monotonicNowMs();
      const slot = nextSlot(state, nowMs, spacing);
      if (slot > nowMs) {
        pauseFor(slot - nowMs);
        return;
      }
      // The time of the permit, not of the slot: a timer that fires late must not bring the next one closer.
      state.lastSlotMs = nowMs;
      queue.shift();
      head.resolve();
    }
  }

  function pauseFor(ms: number): void {
    if (pause !== undefined) return;
    const mine = new AbortController();
    pause = mine;
    const done = (): void => {
      pause = undefined;
      grantOrWait();
    };
    // The wait is aborted when nobody is left to wait for; a new one may have come by then.
    wait(ms, mine.signal).then(done, done);
  }

  function leave(waiter: Waiter, error: Error): void {
    if (!queue.includes(waiter)) return;
    queue = queue.filter((other) => other !== waiter);
    waiter.reject(error);
    if (queue.length === 0) pause?.abort();
  }

  function take(signal?: AbortSignal): Promise<void> {
    if (signal?.aborted === true) return Promise.reject(abortError(signal));
    const sinceMs = monotonicNowMs();
    const waitMs = slotOf(queue.length) - sinceMs;
    if (waitMs > maxWaitMs) return Promise.reject(tooFar(waitMs));
    return new Promise((resolve, reject) => {
      const onAbort = (): void => {
        if (signal !== undefined) leave(waiter, abortError(signal));
      };
      const settled = (): void => signal?.removeEventListener('abort', onAbort);
      const waiter: Waiter = {
        sinceMs,
        resolve: () => {
          settled();
          resolve();
        },
        reject: (error) => {
          settled();
          reject(error);
        },
      };
      signal?.addEventListener('abort', onAbort, { once: true });
      queue.push(waiter);
      grantOrWait();
    });
  }

  function blockFor(ms: number): void {
    state.blockedUntilMs = Math.max(state.blockedUntilMs, monotonicNowMs() + ms);
    const nowMs = monotonicNowMs();
    queue.forEach((waiter, position) => {
      const slot = slotOf(position);
      if (slot - waiter.sinceMs > maxWaitMs) leave(waiter, tooFar(slot - nowMs));
    });
  }

  return { take, blockFor };
}

const tooFar = (waitMs: number): GraphError =>
  new GraphError(
    'budget',
    `The limits of Graph leave no request for ${Math.ceil(waitMs / 1_000)} s: the job is sent again later`,
    { retryAfterMs: Math.ceil(waitMs) },
  );
