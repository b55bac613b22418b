import type { Lane } from '../../queues/names.ts';
import { abortError } from '../wait.ts';
import type { Pace } from './budgetState.ts';
import type { BudgetStore } from './budgetStore.ts';
import { decideAll, type PermitAnswer, type PermitAsk, type StartAsk } from './decideAll.ts';
import type { StartDecision } from './decideStart.ts';

export interface DeskOptions {
  store: BudgetStore;
  pace: Pace;
  nowMs: () => number;
  /** So long after its time a slot may still be used. */
  maxLateMs: number;
}

/** Where one instance asks the budget: what is asked for while the table answers is served together. */
export interface BudgetDesk {
  permit(ask: PermitAsk, signal?: AbortSignal): Promise<PermitAnswer>;
  start(ask: StartAsk): Promise<StartDecision>;
  /** Stores what only this instance knows. */
  tell(): Promise<void>;
  /** A slot was given, and no request made. */
  giveUp(lane: Lane): void;
  /** Stores how many requests were made, if that is not known. */
  count(): Promise<void>;
}

interface Asked<Ask, Answer> {
  ask: Ask;
  signal?: AbortSignal | undefined;
  answer: (answer: Answer) => void;
  fail: (error: unknown) => void;
}

interface Batch {
  permits: Asked<PermitAsk, PermitAnswer>[];
  starts: Asked<StartAsk, StartDecision>[];
  tells: Asked<{ countNow: boolean }, void>[];
}

const nobody = (): Batch => ({ permits: [], starts: [], tells: [] });
const all = ({ permits, starts, tells }: Batch) => [...permits, ...starts, ...tells];

export function createBudgetDesk({ store, pace, nowMs, maxLateMs }: DeskOptions): BudgetDesk {
  let waiting = nobody();
  let isServing = false;
  /** Slots that were taken and not used, ascending. */
  let held: number[] = [];
  const uncounted: Record<Lane, number> = { live: 0, backfill: 0 };

  function ask<Ask, Answer>(to: Asked<Ask, Answer>[], what: Ask, signal?: AbortSignal): Promise<Answer> {
    const answer = new Promise<Answer>((resolve, reject) => {
      to.push({ ask: what, signal, answer: resolve, fail: reject });
    });
    if (!isServing) void serve();
    return answer;
  }

  async function serve(): Promise<void> {
    isServing = true;
    for (;;) {
      handOut();
      if (all(waiting).length === 0) break;
      await decide();
    }
    isServing = false;
  }

  /** Gives what is held to those who wait; whoever has given up needs no slot. */
  function handOut(): void {
    waiting.permits = waiting.permits.filter(({ signal, fail }) => {
      if (signal?.aborted !== true) return true;
      fail(abortError(signal));
      return false;
    });
    const earliestMs = Math.max(nowMs() - maxLateMs, store.blockedUntilMs());
    held = held.filter((slotMs) => slotMs >= earliestMs);
    for (const { ask, answer } of waiting.permits.splice(0, held.length)) {
      uncounted[ask.lane] += 1;
      answer({ slotMs: held.shift() ?? NaN });
    }
  }

  /** With one write, for all that have asked until it is made. */
  async function decide(): Promise<void> {
    const batch = nobody();
    const join = (): void => {
      handOut();
      batch.permits.push(...waiting.permits);
      batch.starts.push(...waiting.starts);
      batch.tells.push(...waiting.tells);
      waiting = nobody();
    };
    // What others have begun is seen only by looking.
    if (waiting.starts.length > 0 && waiting.permits.length === 0) store.forget();
    join();
    try {
      const { counted, decisions } = await store.change((state, conflicts) => {
        join();
        const counted = { ...uncounted };
        const decisions = decideAll(state, {
          ...pace,
          nowMs: nowMs(),
          leadMs: Math.max(0, store.answerWithinMs() - maxLateMs / 2),
          permits: batch.permits.map((one) => one.ask),
          starts: batch.starts.map((one) => one.ask),
          uncounted: counted,
          conflicts,
          countNow: batch.tells.some((one) => one.ask.countNow),
        });
        return { state: decisions.state, counted, decisions };
      });
      if (decisions.state !== undefined) {
        uncounted.live -= counted.live;
        uncounted.backfill -= counted.backfill;
      }
      held.push(...decisions.spareMs);
      // Another instance's permits are seen only by looking.
      if (decisions.permits.some((permit) => 'atMs' in permit)) store.forget();
      batch.permits.forEach(({ answer, fail }, i) => settle(decisions.permits[i], answer, fail));
      batch.starts.forEach(({ answer, fail }, i) => settle(decisions.starts[i], answer, fail));
      batch.tells.forEach(({ answer }) => answer());
    } catch (error) {
      for (const { fail } of all(batch)) fail(error);
    }
  }

  return {
    permit: (what, signal) => ask(waiting.permits, what, signal),
    start: (what) => ask(waiting.starts, what),
    tell: () => ask(waiting.tells, { countNow: false }),
    giveUp: (lane) => {
      uncounted[lane] -= 1;
    },
    count: async () => {
      if (uncounted.live !== 0 || uncounted.backfill !== 0) await ask(waiting.tells, { countNow: true });
    },
  };
}

function settle<Answer>(
  found: Answer | undefined,
  answer: (answer: Answer) => void,
  fail: (error: unknown) => void,
): void {
  if (found === undefined) fail(new Error('A request for the budget was left without a decision'));
  else answer(found);
}
