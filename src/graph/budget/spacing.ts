import type { Pace } from './budgetState.ts';

const MINUTE_MS = 60_000;
/** Slots that pass within this time are taken with one write: under the limits of a simulator there are many. */
export const TAKEN_AT_ONCE_MS = 250;

/**
 * Distance of two requests, in milliseconds. With it `limit + 1` permits in a row span more than a minute and
 * the margin, so that no 60 s at the server, both ends included, hold more than `limit`.
 */
export const spacingMs = (limit: number, marginMs: number): number => (MINUTE_MS + marginMs) / limit + 1;

/** How requests are spaced, and their slots taken, under a limit for any 60 s. */
export function paceOf(limit: number, marginMs: number): Pace {
  const spacing = spacingMs(limit, marginMs);
  return { spacingMs: spacing, atOnce: Math.max(1, Math.floor(TAKEN_AT_ONCE_MS / spacing)) };
}
