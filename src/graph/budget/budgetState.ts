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
  /** When a page sequence last began. */
  lastStartMs: number;
  /** Until when postponed jobs of a lane have been given a time of their own. */
  bookedUntilMs: Readonly<Record<Lane, number>>;
  /** Permits of the current hour. */
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
  lastStartMs: 0,
  bookedUntilMs: { live: 0, backfill: 0 },
  use: { hourMs: 0, live: 0, backfill: 0 },
};

/** How requests are spaced, the same for all instances. */
export interface Pace {
  /** Between two requests. */
  spacingMs: number;
  /** Slots that are taken with one write; at least 1. */
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
/** A sequence begins while fewer takings than these lie ahead: more would only wait for each other. */
const START_REACH: Readonly<Record<Lane, number>> = { live: 11, backfill: 5 };
/** Slots after which a job comes again at the earliest that another was faster than, */
const TURN_SLOTS = 2;
/** or that found no room. */
const POSTPONED_SLOTS: Readonly<Record<Lane, number>> = { live: 4, backfill: 8 };
/** Bookings go no further: whether the guess of what lies before was right is soon found out. */
const BOOKED_SLOTS = 480;
/** Jobs come back in half the time that those before them should take: a wrong guess must not leave slots unused. */
const BOOKED_SHARE = 0.5;

/** No right clock has ever taken a slot so far ahead; with one so far away, everything would stand still. */
export const FURTHEST_SLOT_MS = 60_000;
/** No longer block is kept: whether Graph still means it is then found out with one request. */
export const LONGEST_BLOCK_MS = HOUR_MS;

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
}

export type PermitDecision =
  | { kind: 'granted'; slotsMs: number[]; state: BudgetState }
  /** Ask again at this time: the slots until then are taken. */
  | { kind: 'later'; atMs: number; state?: undefined };

/** Slots never go back and are never closer than the spacing, whoever asks and whatever clock he has. */
export function decidePermit(state: BudgetState, request: PermitRequest): PermitDecision {
  const { nowMs, spacingMs, atOnce } = request;
  const firstMs = nextSlotMs(state, nowMs, spacingMs);
  const reachMs = reachOf(request);
  if (firstMs - nowMs > reachMs) return { kind: 'later', atMs: firstMs - reachMs };
  const slotsMs = Array.from({ length: atOnce }, (_, index) => firstMs + index * spacingMs);
  const lastSlotMs = firstMs + (atOnce - 1) * spacingMs;
  return { kind: 'granted', slotsMs, state: { ...state, lastSlotMs, use: addUse(state.use, request) } };
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

export interface StartRequest extends Pace {
  nowMs: number;
  lane: Lane;
  /** Requests that the job is expected to make. */
  requests: number;
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
 * A job that may not begin is given a time at which those before it should have ended.
 */
export function decideStart(state: BudgetState, request: StartRequest): StartDecision {
  const { nowMs, lane, spacingMs, requests } = request;
  const isFree = nextSlotMs(state, nowMs, spacingMs) - nowMs <= START_REACH[lane] * takingOf(request);
  // A start ahead of this clock is another clock's.
  const isTurn = Math.abs(nowMs - state.lastStartMs) >= spacingMs;
  if (isFree && isTurn) return { kind: 'begin', state: { ...state, lastStartMs: nowMs } };
  const patience = isFree ? TURN_SLOTS : POSTPONED_SLOTS[lane];
  const earliestMs = Math.max(nowMs, state.blockedUntilMs) + patience * spacingMs;
  const atMs = Math.min(
    Math.max(earliestMs, state.bookedUntilMs[lane]),
    earliestMs + BOOKED_SLOTS * spacingMs,
  );
  // While slots are left unused, the next one is wanted as soon as this one is felt.
  const share = isFree ? 1 : Math.max(1, requests * BOOKED_SHARE);
  const bookedUntilMs = atMs + share * spacingMs;
  return {
    kind: 'later',
    atMs,
    why: state.blockedUntilMs > nowMs ? 'blocked' : 'busy',
    state: { ...state, bookedUntilMs: { ...state.bookedUntilMs, [lane]: bookedUntilMs } },
  };
}

/** Nobody sends before `untilMs`. */
export const block = (state: BudgetState, untilMs: number): BudgetState => ({
  ...state,
  blockedUntilMs: Math.max(state.blockedUntilMs, untilMs),
});

function addUse(use: BudgetUse, { nowMs, lane, atOnce }: PermitRequest): BudgetUse {
  const hourMs = Math.floor(nowMs / HOUR_MS) * HOUR_MS;
  // A clock that is a little behind counts into the hour that has begun; one that was far ahead does not keep it.
  const isPresent = hourMs <= use.hourMs && use.hourMs - hourMs <= HOUR_MS;
  const present = isPresent ? use : { hourMs, live: 0, backfill: 0 };
  return { ...present, [lane]: present[lane] + atOnce };
}
