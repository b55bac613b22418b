/** A limit over a true sliding window: at any instant, the requests of the last `windowMs` count. */
export interface SlidingLimit {
  /**
   * Counts a request that arrives at `nowMs`, a time that never goes back. Undefined if it is within the limit;
   * else how long it takes, without further requests, until one is. Refused requests count as well.
   */
  arrive(nowMs: number): { retryAfterMs: number } | undefined;
}

const MINUTE_MS = 60_000;

export function createSlidingLimit(limit: number, windowMs = MINUTE_MS): SlidingLimit {
  if (!Number.isInteger(limit) || limit < 1)
    throw new RangeError(`a limit is a whole number from 1, not ${limit}`);
  // The last `limit` arrivals say all: one more is too many as long as the oldest of them counts.
  const arrivals: number[] = [];
  let oldest = 0;
  return {
    arrive(nowMs) {
      const replaced = arrivals[oldest];
      arrivals[oldest] = nowMs;
      oldest = (oldest + 1) % limit;
      if (replaced === undefined || replaced <= nowMs - windowMs) return undefined;
      return { retryAfterMs: (arrivals[oldest] ?? nowMs) + windowMs - nowMs };
    },
  };
}
