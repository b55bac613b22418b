import type { Lane } from '../../queues/names.ts';
import { type BudgetState, countUse, decidePermit, type Pace } from './budgetState.ts';
import { decideStart, type StartDecision } from './decideStart.ts';

export interface PermitAsk {
  lane: Lane;
  /** Since when the request has been waiting. */
  sinceMs: number;
}

export interface StartAsk {
  lane: Lane;
  /** Since when the job has been waiting for the answer. */
  sinceMs: number;
  /** Requests that the job is expected to make. */
  requests: number;
}

/** A slot, or when to ask again. */
export type PermitAnswer = { slotMs: number } | { atMs: number };

/** What one instance wants of the budget at one time, to be decided and stored with one write. */
export interface Asks extends Pace {
  nowMs: number;
  /** Until so long from now nobody can use a slot, because the table has not answered. */
  leadMs: number;
  permits: readonly PermitAsk[];
  starts: readonly StartAsk[];
  /** Requests by lane that were made, less those that were not, and are not counted yet. */
  uncounted: Readonly<Record<Lane, number>>;
  /** Is worth a write by itself. */
  countNow?: boolean;
  /** How often another instance was faster while these were waiting. Default: 0. */
  conflicts?: number;
}

export interface Decisions {
  /** Undefined if nothing is to be stored. */
  state: BudgetState | undefined;
  /** As the asks are ordered. */
  permits: PermitAnswer[];
  starts: StartDecision[];
  /** Slots that were taken for nobody yet, ascending. */
  spareMs: number[];
}

/** Live first; of a lane, who has waited longest. Whoever gets a slot counts as a request. */
export function decideAll(before: BudgetState, asks: Asks): Decisions {
  const { nowMs, leadMs, spacingMs, atOnce, uncounted, conflicts = 0 } = asks;
  const pace = { spacingMs, atOnce, nowMs, leadMs };
  const permits: PermitAnswer[] = [];
  const requests = { ...uncounted };
  const slots: number[] = [];
  let state = before;
  const turns = inTurn(asks.permits);
  turns.forEach(({ ask: { lane, sinceMs }, index }, turn) => {
    if (slots.length === 0) {
      const ofLane = turns.slice(turn).filter(({ ask }) => ask.lane === lane).length;
      const wanted = Math.max(atOnce, ofLane);
      const decision = decidePermit(state, { ...pace, lane, waitedMs: nowMs - sinceMs, slots: wanted });
      if (decision.kind === 'later') {
        permits[index] = { atMs: decision.atMs };
        return;
      }
      state = decision.state;
      slots.push(...decision.slotsMs);
    }
    permits[index] = { slotMs: slots.shift() ?? NaN };
    requests[lane] += 1;
  });
  const starts = inTurn(asks.starts).reduce<StartDecision[]>((all, { ask, index }) => {
    const decision = decideStart(state, { ...pace, ...ask, waitedMs: nowMs - ask.sinceMs, conflicts });
    state = decision.state;
    all[index] = decision;
    return all;
  }, []);
  const isCounted = requests.live !== 0 || requests.backfill !== 0;
  if (isCounted && (state !== before || asks.countNow === true)) state = countUse(state, nowMs, requests);
  return { state: state === before ? undefined : state, permits, starts, spareMs: slots };
}

const RANK: Readonly<Record<Lane, number>> = { live: 0, backfill: 1 };

/** The asks in the order in which they are served, each with its place among all. */
const inTurn = <T extends { lane: Lane; sinceMs: number }>(asks: readonly T[]): { ask: T; index: number }[] =>
  asks
    .map((ask, index) => ({ ask, index }))
    .sort(({ ask: a }, { ask: b }) => RANK[a.lane] - RANK[b.lane] || a.sinceMs - b.sinceMs);
