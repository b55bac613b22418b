import type { Lane } from '../../queues/names.ts';
import { type BudgetState, nextSlotMs, type Pace, takingOf } from './budgetState.ts';

/** A sequence begins while fewer takings than these lie ahead: more would only wait for each other. */
const START_REACH: Readonly<Record<Lane, number>> = { live: 11, backfill: 6 };
/** While a live job waits for its turn, a backfill begins only what would otherwise leave slots unused. */
const START_REACH_BEHIND_LIVE = 1;
/** Slots after which a job comes again at the earliest that another was faster than, */
const TURN_SLOTS = 2;
/** or that found no room. */
const POSTPONED_SLOTS: Readonly<Record<Lane, number>> = { live: 4, backfill: 8 };
/** Bookings go no further: whether the guess of what lies before was right is soon found out. */
const BOOKED_SLOTS = 480;
/** Jobs come back in half the time that those before them should take: a wrong guess must not leave slots unused. */
const BOOKED_SHARE = 0.5;
/** After so many conflicts the table serves no more: sequences that run go before a backfill that would begin. */
const CROWDED = 6;

export interface StartRequest extends Pace {
  nowMs: number;
  lane: Lane;
  /** Requests that the job is expected to make. */
  requests: number;
  /** Until so long from now nobody can use a slot, because the table has not answered. Default: 0. */
  leadMs?: number;
  /** Since the job asked. Default: 0. */
  waitedMs?: number;
  /** How often another instance was faster meanwhile. Default: 0. */
  conflicts?: number;
}

/** Why a job does not begin: enough others do, or Graph has told everybody to wait. */
export type WhyLater = 'busy' | 'blocked';

export type StartDecision =
  | { kind: 'begin'; state: BudgetState }
  /** Send the job again, for this time. */
  | { kind: 'later'; atMs: number; why: WhyLater; state: BudgetState };

/**
 * Whether a job may begin its page sequence. As many run as keep the slots busy: with slow pages many, with fast ones
 * few; one more begins only while slots would be left unused, and one at a time, so that each is felt before the next.
 * A job that may not begin is given a time at which those before it should have ended. Live jobs take turns with each
 * other alone, and a backfill stays behind one that waits: so live begins first where both want to.
 */
export function decideStart(state: BudgetState, request: StartRequest): StartDecision {
  const { nowMs, lane, spacingMs, leadMs = 0, waitedMs = 0, conflicts = 0 } = request;
  const aheadMs = nextSlotMs(state, nowMs + leadMs, spacingMs) - (nowMs + leadMs);
  const isFree = aheadMs <= startReach(state, lane, nowMs) * takingOf(request);
  if (!isFree)
    return later(state, request, POSTPONED_SLOTS[lane], Math.max(1, request.requests * BOOKED_SHARE));
  if (conflicts > 0 && lane === 'live' && waitedMs > TURN_SLOTS * spacingMs) {
    // The turn is a courtesy: storing it must not be what a live job waits for.
    return { kind: 'begin', state };
  }
  if (conflicts >= CROWDED && lane === 'backfill') {
    return { ...later(state, request, POSTPONED_SLOTS[lane] * conflicts, 0), state };
  }
  if (isTurn(state, request)) return { kind: 'begin', state: begun(state, request) };
  // While slots are left unused, the next one is wanted as soon as this one is felt.
  return later(state, request, TURN_SLOTS, 1);
}

const startReach = ({ bookedUntilMs }: BudgetState, lane: Lane, nowMs: number): number =>
  lane === 'backfill' && bookedUntilMs.live > nowMs ? START_REACH_BEHIND_LIVE : START_REACH[lane];

/** With a slow table as many begin at once as would one by one while it answers. */
function isTurn({ lastStartMs }: BudgetState, { lane, nowMs, spacingMs, leadMs = 0 }: StartRequest): boolean {
  // A start ahead of this clock is another clock's.
  const isFelt = (startMs: number): boolean => Math.abs(nowMs + leadMs - startMs) >= spacingMs;
  return isFelt(lastStartMs.live) && (lane === 'live' || isFelt(lastStartMs.backfill));
}

function begun(state: BudgetState, { nowMs, lane, spacingMs, leadMs = 0 }: StartRequest): BudgetState {
  const nextMs = state.lastStartMs[lane] + spacingMs;
  const startMs = nextMs <= nowMs + leadMs ? Math.max(nowMs, nextMs) : nowMs;
  return { ...state, lastStartMs: { ...state.lastStartMs, [lane]: startMs } };
}

/** The job comes again after so many slots, or when those that were told so before should be done. */
function later(state: BudgetState, request: StartRequest, patience: number, share: number): StartDecision {
  const { nowMs, lane, spacingMs } = request;
  const { blockedUntilMs, bookedUntilMs } = state;
  const earliestMs = Math.max(nowMs, blockedUntilMs) + patience * spacingMs;
  const atMs = Math.min(Math.max(earliestMs, bookedUntilMs[lane]), earliestMs + BOOKED_SLOTS * spacingMs);
  return {
    kind: 'later',
    atMs,
    why: blockedUntilMs > nowMs ? 'blocked' : 'busy',
    state: { ...state, bookedUntilMs: { ...bookedUntilMs, [lane]: atMs + share * spacingMs } },
  };
}
