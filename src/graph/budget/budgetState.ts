import type { Lane } from '../../queues/names.ts';

/**
 * What all instances know together of the requests to Graph. Times are milliseconds since the epoch, by the clock of
 * the storage service.
 */
export interface BudgetState {
  /** Of the last permit that was given; it may lie ahead. */
  lastSlotMs: number;
  /** Nobody sends before: Graph answered with `Retry-After`. */
  blockedUntilMs: number;
  /** When a page sequence of a lane last began. */
  lastStartMs: Readonly<Record<Lane, number>>;
  /** Until when postponed jobs of a lane have been given a time of their own. */
  bookedUntilMs: Readonly<Record<Lane, number>>;
  /** Requests of the current hour. */
  use: BudgetUse;
}

export interface BudgetUse extends Readonly<Record<Lane, number>> {
  /** Begin of the hour, ms since the epoch. */
  hourMs: number;
}

/** Nobody has asked yet. */
export const UNUSED: BudgetState = {
  lastSlotMs: 0,
  blockedUntilMs: 0,
  lastStartMs: { live: 0, backfill: 0 },
  bookedUntilMs: { live: 0, backfill: 0 },
  use: { hourMs: 0, live: 0, backfill: 0 },
};

/** How requests are spaced, the same for all instances. */
export interface Pace {
  /** Between two requests. */
  spacingMs: number;
  /** Slots that are taken with one write, used or not; at least 1. */
  atOnce: number;
}

const HOUR_MS = 3_600_000;
/**
 * How many takings ahead of the clock a lane may take slots. What has none asks again later, so that the one with the
 * longer reach is always served first: live never waits for more than what backfill may hold.
 */
const REACH: Readonly<Record<Lane, number>> = { live: 12, backfill: 7 };
/** Under a small limit a taking is long, and nobody is to hold slots that are minutes away. */
const LONGEST_TAKING_MS = 2_500;
/** Of the time that a request has waited, it reaches so much further: a clock that is behind is served as well. */
const PATIENCE = 1 / 8;
const LONGEST_WAIT_MS = 60_000;

/** No right clock has ever taken a slot so far ahead; with one so far away, everything would stand still. */
export const FURTHEST_SLOT_MS = 60_000;
/** No longer block is kept: whether Graph really means it is then found out with one request. */
export const LONGEST_BLOCK_MS = 24 * HOUR_MS;

/**
 * The same state without what only a wrong clock can have written. What may lie in between, and was taken by right
 * clocks, is waited out. Returns `state` itself if nothing is wrong.
 */
export function mend(state: BudgetState, nowMs: number): BudgetState {
  const lastSlotMs = Math.min(state.lastSlotMs, nowMs + FURTHEST_SLOT_MS);
  const blockedUntilMs = Math.min(state.blockedUntilMs, nowMs + LONGEST_BLOCK_MS + FURTHEST_SLOT_MS);
  return lastSlotMs === state.lastSlotMs && blockedUntilMs === state.blockedUntilMs
    ? state
    : { ...state, lastSlotMs, blockedUntilMs };
}

/** When the next request may leave at the earliest. */
export const nextSlotMs = (state: BudgetState, nowMs: number, spacingMs: number): number =>
  Math.max(nowMs, state.lastSlotMs + spacingMs, state.blockedUntilMs);

export interface PermitRequest extends Pace {
  nowMs: number;
  lane: Lane;
  /** How long the request has been waiting. */
  waitedMs?: number;
  /** How many are wanted; fewer are given if not all are in reach. Default: `atOnce`. */
  slots?: number;
  /** Until so long from now nobody can use a slot, because the table has not answered. */
  leadMs?: number;
}

export type PermitDecision =
  | { kind: 'granted'; slotsMs: number[]; state: BudgetState }
  /** Ask again at this time: the slots until then are taken. */
  | { kind: 'later'; atMs: number; state?: undefined };

/** Slots never go back and are never closer than the spacing, whoever asks and whatever clock he has. */
export function decidePermit(state: BudgetState, request: PermitRequest): PermitDecision {
  const { nowMs, spacingMs, atOnce, slots = atOnce, leadMs = 0 } = request;
  const firstMs = nextSlotMs(state, nowMs + leadMs, spacingMs);
  const reachesMs = nowMs + leadMs + reachOf(request);
  if (firstMs > reachesMs) return { kind: 'later', atMs: nowMs + firstMs - reachesMs };
  const inReach = 1 + Math.floor((reachesMs - firstMs) / spacingMs);
  const count = Math.min(slots, Math.max(atOnce, inReach));
  const slotsMs = Array.from({ length: count }, (_, index) => firstMs + index * spacingMs);
  return {
    kind: 'granted',
    slotsMs,
    state: { ...state, lastSlotMs: firstMs + (count - 1) * spacingMs },
  };
}

function reachOf(request: PermitRequest): number {
  const takingMs = takingOf(request);
  const waitedMs = Math.min(request.waitedMs ?? 0, LONGEST_WAIT_MS);
  const reachMs = REACH[request.lane] * takingMs + waitedMs * PATIENCE;
  return request.lane === 'live' ? reachMs : Math.min(reachMs, (REACH.live - 1) * takingMs);
}

/** Over how long one taking stretches, at most. */
export const takingOf = ({ spacingMs, atOnce }: Pace): number =>
  Math.min(atOnce * spacingMs, LONGEST_TAKING_MS);

/** Nobody sends before `untilMs`. */
export const block = (state: BudgetState, untilMs: number): BudgetState => ({
  ...state,
  blockedUntilMs: Math.max(state.blockedUntilMs, untilMs),
});

/** The same state with so many more requests, or fewer, in the hour of `nowMs`. */
export function countUse(
  state: BudgetState,
  nowMs: number,
  more: Readonly<Record<Lane, number>>,
): BudgetState {
  const { use } = state;
  const hourMs = Math.floor(nowMs / HOUR_MS) * HOUR_MS;
  // A clock that is a little behind counts into the hour that has begun; one that was far ahead does not keep it.
  const isPresent = hourMs <= use.hourMs && use.hourMs - hourMs <= HOUR_MS;
  const { live, backfill } = isPresent ? use : { live: 0, backfill: 0 };
  return {
    ...state,
    use: {
      hourMs: isPresent ? use.hourMs : hourMs,
      live: Math.max(0, live + more.live),
      backfill: Math.max(0, backfill + more.backfill),
    },
  };
}
