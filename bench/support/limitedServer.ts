import { createSlidingLimit } from '../../src/local/graph/limits.ts';

/** Graph's documented limits for one log: requests of the collection, and of the app and tenant, in any 60 s. */
export const COLLECTION_LIMIT = 50;
export const APP_LIMIT = 200;

/** Counts requests as Graph does, over true sliding windows. */
export interface LimitedServer {
  /** Undefined if the request is within the limits; else for how long it is told to wait. */
  arrive(nowMs: number): { retryAfterMs: number } | undefined;
  readonly answered: number;
  readonly refused: number;
}

export function limitedServer(): LimitedServer {
  const limits = [createSlidingLimit(COLLECTION_LIMIT), createSlidingLimit(APP_LIMIT)];
  let [answered, refused] = [0, 0];
  return {
    arrive(nowMs) {
      const waits = limits.flatMap((limit) => limit.arrive(nowMs)?.retryAfterMs ?? []);
      if (waits.length === 0) {
        answered += 1;
        return undefined;
      }
      refused += 1;
      return { retryAfterMs: Math.max(...waits) };
    },
    get answered() {
      return answered;
    },
    get refused() {
      return refused;
    },
  };
}
