import type { Lane } from '../../queues/names.ts';
import type { Table } from '../../storage/tables.ts';
import { GraphError } from '../errors.ts';
import type { RequestPacer } from '../pstnCalls.ts';
import { abortError, type Wait } from '../wait.ts';
import { createBudgetDesk } from './budgetDesk.ts';
import { LONGEST_BLOCK_MS } from './budgetState.ts';
import { createBudgetStore } from './budgetStore.ts';
import type { WhyLater } from './decideStart.ts';
import { paceOf, TAKEN_AT_ONCE_MS } from './spacing.ts';

export interface BudgetOptions {
  table: Pick<Table, 'get' | 'transact'>;
  /** Requests that Graph allows for one call log in any 60 s. */
  requestsPerMinute: number;
  /** Requests that Graph allows for all call logs of the app and tenant in any 60 s. */
  appRequestsPerMinute: number;
  /** How far clocks, network and sending may move a request between its slot and its arrival. */
  marginMs: number;
  /** The clock that all instances share, ms since the epoch. */
  nowMs: () => number;
  wait: Wait;
  /** In `[0, 1)`. */
  random: () => number;
  /** A permit that is further away than this is refused instead of waited for. Default: a minute. */
  maxWaitMs?: number;
}

/** The requests of all instances to one Graph, shared through a table. */
export interface SharedBudget extends RequestPacer {
  /**
   * Whether a job may begin its page sequence now; if not, after how many milliseconds it is to be sent again.
   * @param requests that the job is expected to make
   * @throws GraphError `budget` if the table does not answer.
   */
  start(lane: Lane, requests: number): Promise<'begin' | { retryAfterMs: number; why: WhyLater }>;
}

/** Of the margin, what may pass between a slot and the request that leaves for it. */
const SEND_SHARE = 1 / 5;
/** Of the margin, what two clocks may be apart. */
const SKEW_SHARE = 2 / 5;
/** Somebody may have been told to wait since the state was last looked at: so long ago it is looked at again, */
const LOOK_AGAIN_MS = 100;
/** so long before the slot at least, and longer with a slow table, so that the answer is there in time. */
const LOOK_BEFORE_MS = 30;

export function createSharedBudget(options: BudgetOptions): SharedBudget {
  const { table, marginMs, nowMs, wait, random, maxWaitMs = 60_000 } = options;
  const pace = paceOf(Math.min(options.requestsPerMinute, options.appRequestsPerMinute), marginMs);
  // Without a margin nobody counts on the limit being kept to the request, but no burst is saved up either.
  const maxLateMs = marginMs > 0 ? marginMs * SEND_SHARE : TAKEN_AT_ONCE_MS;
  const store = createBudgetStore(table, nowMs);
  const desk = createBudgetDesk({ store, pace, nowMs, maxLateMs });

  /** Waits for a slot. False if it must not be used any more: it is lost, as if a request had been made. */
  async function reach(slotMs: number, signal: AbortSignal | undefined): Promise<boolean> {
    const beforeMs = Math.max(LOOK_BEFORE_MS, store.answerWithinMs());
    if (slotMs - nowMs() > LOOK_AGAIN_MS) {
      await wait(Math.max(0, slotMs - nowMs() - beforeMs), signal);
      await store.look(slotMs - beforeMs - LOOK_AGAIN_MS);
    }
    // A timer may be early, and so may a clock that was corrected meanwhile.
    for (let ms = slotMs - nowMs(); ms > 0; ms = slotMs - nowMs()) await wait(ms, signal);
    return slotMs >= store.blockedUntilMs() && nowMs() - slotMs <= maxLateMs;
  }

  async function take(lane: Lane, signal?: AbortSignal): Promise<void> {
    const sinceMs = nowMs();
    for (;;) {
      if (signal?.aborted === true) throw abortError(signal);
      if (nowMs() - sinceMs > maxWaitMs) throw tooFar(pace.spacingMs);
      const found = await desk.permit({ lane, sinceMs }, signal);
      if ('slotMs' in found) {
        let isUsed = false;
        try {
          isUsed = await reach(found.slotMs, signal);
        } finally {
          if (!isUsed) desk.giveUp(lane);
        }
        if (isUsed) return;
        continue;
      }
      if (found.atMs - sinceMs > maxWaitMs)
        throw tooFar(Math.max(found.atMs, store.blockedUntilMs()) - nowMs());
      // Not all at once: whoever comes first takes it, and the others ask again.
      await wait(Math.max(0, found.atMs - nowMs()) + random() * pace.spacingMs, signal);
    }
  }

  return {
    take,
    async start(lane, requests) {
      const decision = await desk.start({ lane, sinceMs: nowMs(), requests });
      if (decision.kind === 'begin') return 'begin';
      return { retryAfterMs: Math.max(1, Math.ceil(decision.atMs - nowMs())), why: decision.why };
    },
    async blockFor(ms) {
      store.block(nowMs() + Math.min(ms, LONGEST_BLOCK_MS) + marginMs * SKEW_SHARE);
      await desk.tell();
    },
    async settle() {
      // What could not be stored is stored with the next permit, and whoever asks for that is told of the fault.
      await desk.count().catch(() => undefined);
    },
  };
}

const tooFar = (waitMs: number): GraphError => {
  const retryAfterMs = Math.max(1, Math.ceil(waitMs));
  return new GraphError(
    'budget',
    `The limits of Graph leave no request for ${Math.ceil(retryAfterMs / 1_000)} s: the job is sent again later`,
    { retryAfterMs },
  );
};
