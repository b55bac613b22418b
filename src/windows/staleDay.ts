import type { DayHead } from './dayHeads.ts';

/** Why a day is to be folded again. */
export type StaleReason =
  'never folded' | 'stuck' | 'incomplete' | 'raw changed' | 'rejected changed' | 'settlement due';

/** What is stored of a day. */
export interface DaySource {
  /** By window id: ETags of the raw blobs. */
  listing: ReadonlyMap<string, string>;
  /** Rows that do not fit. */
  rejected: number;
  /** Every window was read for the last time that matters. */
  isSettled: boolean;
}

/**
 * Compares a day's totals with their source.
 * @param seenHead ETag of the head when the planner last looked.
 */
export function staleDay(
  { listing, rejected, isSettled }: DaySource,
  head: DayHead | undefined,
  seenHead: string | undefined,
): StaleReason | undefined {
  if (head === undefined) return listing.size > 0 || rejected > 0 || isSettled ? 'never folded' : undefined;
  if (head.frozen === true) return undefined;
  // A fold at work moves its head; whether it lives is told by that, never by comparing clocks.
  if (head.open) return head.etag === seenHead ? 'stuck' : undefined;
  if (!head.complete) return 'incomplete';
  if (!isSameVector(listing, head.vector)) return 'raw changed';
  if (head.rejected !== rejected) return 'rejected changed';
  return isSettled && head.state === 'provisional' ? 'settlement due' : undefined;
}

function isSameVector(
  listing: ReadonlyMap<string, string>,
  vector: Readonly<Record<string, string>>,
): boolean {
  const folded = Object.entries(vector);
  return folded.length === listing.size && folded.every(([id, etag]) => listing.get(id) === etag);
}
