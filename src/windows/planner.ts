import { MAX_DELIVERY_COUNT, type Lane } from '../queues/names.ts';
import { DAY_MS, sourceStartMs, type Window, WINDOW_MS, windowsOfDay } from './grid.ts';
import type { LedgerEntry } from './ledger.ts';
import type { PlannerSettings } from './plannerSettings.ts';

/** Why a window is to be read. */
export type DueReason =
  | 'first'
  | `reread@${number}`
  | 'sweep'
  | 'confirm'
  | 'unfinished'
  | 'failed'
  /** Its raw blob was deleted. */
  | 'missing';

export interface DueWindow {
  window: Window;
  reason: DueReason;
}

/** Windows to be read now, by lane, newest first. */
export type Plan = Readonly<Record<Lane, readonly DueWindow[]>>;

export interface PlanInput {
  nowMs: number;
  /** The days that are looked at, by date, with what the ledger knows of each. */
  days: ReadonlyMap<string, readonly LedgerEntry[]>;
  /** Windows from here on are read without being asked for; an earlier one only if the ledger knows it. */
  coverageFromMs: number;
  /** Ids of windows whose raw blob is gone, though they had rows. */
  missing?: ReadonlySet<string>;
  settings: PlannerSettings;
}

/** A read that has neither ended nor failed after this time never will: longer than any job may take. */
export const UNFINISHED_AFTER_MS = 3 * WINDOW_MS;

/** The planner's words for it: a crash leaves no reason of its own. */
export const neverFinished = (claim: number): string => `claim ${claim} ${NEVER_FINISHED}`;
const NEVER_FINISHED = 'never finished';

/** A window stays in the live lane a few hours beyond its last re-read, so that a late tick finds it there. */
const LIVE_MARGIN_MS = 6 * WINDOW_MS;

/** What was asked for and not answered is not asked for again within this time. */
const HOLD_MS: Readonly<Record<Lane, number>> = { live: WINDOW_MS, backfill: DAY_MS };

/** Decides which windows are to be read, from ledger, time and configuration alone. */
export function planWindows({ nowMs, days, coverageFromMs, missing, settings }: PlanInput): Plan {
  const plan: Record<Lane, DueWindow[]> = { live: [], backfill: [] };
  for (const [date, entries] of days) {
    const known = new Map(entries.map((entry) => [entry.window.id, entry]));
    for (const window of windowsOfDay(date)) {
      const entry = known.get(window.id);
      if (entry === undefined && window.fromMs < coverageFromMs) continue;
      const reason = dueReason(window, entry, nowMs, settings, missing?.has(window.id));
      if (reason !== undefined) plan[laneOf(window, nowMs, settings)].push({ window, reason });
    }
  }
  const newestFirst = (a: DueWindow, b: DueWindow) => b.window.fromMs - a.window.fromMs;
  return { live: plan.live.sort(newestFirst), backfill: plan.backfill.sort(newestFirst) };
}

/** How long after its end a window belongs to the live lane, in milliseconds. */
export const liveSpanMs = (settings: PlannerSettings): number =>
  Math.max(...settings.rereadHours) * WINDOW_MS + LIVE_MARGIN_MS;

export const laneOf = (window: Window, nowMs: number, settings: PlannerSettings): Lane =>
  nowMs - window.toMs <= liveSpanMs(settings) ? 'live' : 'backfill';

/** Why this window is to be read now; undefined if it is not. */
export function dueReason(
  window: Window,
  entry: LedgerEntry | undefined,
  nowMs: number,
  settings: PlannerSettings,
  isMissing = false,
): DueReason | undefined {
  if (window.toMs > nowMs || window.fromMs < sourceStartMs(nowMs, settings.sourceDays)) return undefined;
  if (entry === undefined) return 'first';
  const reason = reasonToRead(entry, nowMs, settings) ?? (isMissing ? 'missing' : undefined);
  if (reason === undefined) return undefined;
  const holdMs = Math.max(HOLD_MS[laneOf(window, nowMs, settings)], patienceMs(reason, entry));
  return isHeld(entry, holdMs, nowMs) ? undefined : reason;
}

function reasonToRead(entry: LedgerEntry, nowMs: number, settings: PlannerSettings): DueReason | undefined {
  if (entry.state === 'failed') return 'failed';
  const underWay = entry.claim !== entry.done;
  const claimedMs = msOf(entry.claimedAt);
  if (underWay && nowMs - claimedMs >= UNFINISHED_AFTER_MS) return 'unfinished';
  // A read under way counts as if it had ended: all that Graph published before its claim will be in it.
  const readMs = Math.max(msOf(entry.lastReadAt), underWay ? claimedMs : NEVER);
  if (readMs === NEVER) return 'first';
  if (entry.state === 'shrunk' && !underWay) {
    // The job that confirms was sent by the read that found rows missing; this is for the case that it got lost.
    const confirmMs = msOf(entry.shrunkAt) + settings.shrinkConfirmMinutes * 60_000 + HOLD_MS.live;
    if (nowMs >= confirmMs) return 'confirm';
  }
  const { toMs } = entry.window;
  const missed = settings.rereadHours.findLast((hours) => {
    const fromMs = toMs + hours * WINDOW_MS;
    return nowMs >= fromMs && readMs < fromMs;
  });
  if (missed !== undefined) return `reread@${missed}`;
  const isPastRereads = readMs >= toMs + Math.max(...settings.rereadHours) * WINDOW_MS;
  // Counted in dates: by the hour, each sweep would miss the daily pass by a moment and wait for the next.
  const daysSince = Math.floor(nowMs / DAY_MS) - Math.floor(readMs / DAY_MS);
  return isPastRereads && daysSince >= settings.sweepDays ? 'sweep' : undefined;
}

/**
 * What has failed is tried again after 1, 2, 4 ... hours, a day at most (a job fails once all its deliveries
 * have); what vanished without a word may take a worker down with it, and is tried once a day.
 */
function patienceMs(reason: DueReason, entry: LedgerEntry): number {
  if (reason === 'unfinished') return UNFINISHED_AFTER_MS;
  if (reason !== 'failed') return 0;
  if (entry.lastError?.endsWith(NEVER_FINISHED) === true) return DAY_MS;
  const jobsFailed = Math.max(1, Math.ceil(entry.attempts / MAX_DELIVERY_COUNT));
  return Math.min(DAY_MS, WINDOW_MS * 2 ** (jobsFailed - 1));
}

/**
 * True while an answer may still come to what was planned or claimed last. An instant ahead of this clock
 * holds no longer than one as far behind it: a clock that ran wrong once must not stop a window for good.
 */
function isHeld(entry: LedgerEntry, holdMs: number, nowMs: number): boolean {
  const askedMs = Math.max(msOf(entry.plannedAt), msOf(entry.claimedAt));
  const isAnswered = msOf(entry.lastReadAt) >= askedMs;
  return !isAnswered && Math.abs(nowMs - askedMs) < holdMs;
}

const NEVER = -Infinity;
const msOf = (instant: string | undefined): number => (instant === undefined ? NEVER : Date.parse(instant));
