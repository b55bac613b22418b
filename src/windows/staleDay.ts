import type { DayHead } from './dayHeads.ts';

/** Why a day is to be folded again. */
export type StaleReason = 'never folded' | 'stuck' | 'incomplete' | 'raw changed' | 'rejected changed';

/** What is stored of a day. */
export interface DaySource {
  /** By window id: ETags of the raw blobs. */
  listing: ReadonlyMap<string, string>;
  /** Rows that do not fit. */
  rejected: number;
}

/**
 * Compares a day's totals with their source.
 * @param seenOpen ETag of the head when the planner last looked and a fold was at work.
 */
export function staleDay(
  { listing, rejected }: DaySource,
  head: DayHead | undefined,
  seenOpen: string | undefined,
): StaleReason | undefined {
  if (head === undefined) return listing.size > 0 || rejected > 0 ? 'never folded' : undefined;
  // A fold at work moves its head; whether it lives is told by that, never by comparing clocks.
  if (head.open) return head.etag === seenOpen ? 'stuck' : undefined;
  if (!head.complete) return 'incomplete';
  if (!isSameVector(listing, head.vector)) return 'raw changed';
  return head.rejected === rejected ? undefined : 'rejected changed';
}

function isSameVector(
  listing: ReadonlyMap<string, string>,
  vector: Readonly<Record<string, string>>,
): boolean {
  const folded = Object.entries(vector);
  return folded.length === listing.size && folded.every(([id, etag]) => listing.get(id) === etag);
}
