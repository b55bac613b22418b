import * as z from 'zod';
import { DAY_MS, WINDOW_MS } from './grid.ts';
import type { StaleReason } from './staleDay.ts';

const instant = z.iso.datetime();

/** What the planner remembers of a day from one look to the next. */
export const dayMemory = z.looseObject({
  /** ETag of the head; empty if there was none. */
  head: z.string(),
  /** Of a day that lagged behind or was being written: since when its head has been seen as it is. */
  since: instant.optional(),
  /** How often it was woken since it was last seen as it has to be, and when it was last. */
  woken: z.number().int().positive().optional(),
  wokenAt: instant.optional(),
});

export type DayMemory = z.infer<typeof dayMemory>;

export interface DayConsidered {
  wake: boolean;
  memory: DayMemory;
}

/**
 * Decides whether a day that lags behind is to be woken. Not while its head moves: somebody is at work. A fold
 * that failed is being tried again by its own messages, and a day that was woken in vain has a message that
 * waits, or is one that no fold can serve: these are left alone for 1, 2, 4 ... hours, a day at most.
 *
 * @param reason why it lags behind; undefined if it does not, or is being written
 * @param before what the look before this one found
 */
export function considerDay(
  reason: StaleReason | undefined,
  head: { etag: string; open: boolean; lastError?: string | undefined } | undefined,
  before: DayMemory | undefined,
  nowMs: number,
): DayConsidered {
  const seen = head?.etag ?? '';
  if (reason === undefined && head?.open !== true) return { wake: false, memory: { head: seen } };
  const now = new Date(nowMs).toISOString();
  const moved = before !== undefined && before.head !== seen;
  const memory: DayMemory = { ...before, head: seen, since: moved ? now : (before?.since ?? now) };
  if (reason === undefined || moved) return { wake: false, memory };
  const woken = before?.woken ?? 0;
  if (isHeld(memory, woken, head?.lastError !== undefined, nowMs)) return { wake: false, memory };
  return { wake: true, memory: { ...memory, woken: woken + 1, wokenAt: now } };
}

/** True if the planner has to look at the day at its next tick, be it old or not. */
export const isWatched = ({ since }: DayMemory): boolean => since !== undefined;

function isHeld({ since, wokenAt }: DayMemory, woken: number, hasFailed: boolean, nowMs: number): boolean {
  if (woken === 0 && !hasFailed) return false;
  const holdMs = Math.min(DAY_MS, WINDOW_MS * 2 ** Math.max(0, woken - 1));
  const lastMs = Math.max(msOf(since), msOf(wokenAt));
  // An instant ahead of this clock holds no longer than one as far behind it.
  return Math.abs(nowMs - lastMs) < holdMs;
}

const msOf = (text: string | undefined): number => (text === undefined ? -Infinity : Date.parse(text));
