import { monthFoldVersion } from './foldMonth.ts';
import { sameVector } from './headColumns.ts';
import type { MonthDays } from './monthDays.ts';
import type { MonthHead, StoredMonthHead } from './monthHead.ts';

/** Why the totals of a month are not those of its days. */
export type MonthLag = 'never folded' | 'incomplete' | 'other version' | 'days changed';

/** Undefined if the totals are those of the days. Another billing day is another version. */
export function monthLag(
  head: MonthHead | undefined,
  { vector, state }: MonthDays,
  billingDay: number,
): MonthLag | undefined {
  // A month without any day needs no partition of its own.
  if (head === undefined) return Object.keys(vector).length > 0 ? 'never folded' : undefined;
  if (!head.complete) return 'incomplete';
  if (head.foldVersion !== monthFoldVersion(billingDay)) return 'other version';
  return sameVector(head.vector, vector) && head.state === state ? undefined : 'days changed';
}

/**
 * Why a month is to be folded again, as the planner sees it.
 * @param seenOpen ETag of the head when the planner last looked and a fold was at work.
 */
export function staleMonth(
  head: StoredMonthHead | undefined,
  days: MonthDays,
  billingDay: number,
  seenOpen: string | undefined,
): MonthLag | 'stuck' | undefined {
  // A fold at work moves its head; whether it lives is told by that, never by comparing clocks.
  if (head?.open === true) return head.etag === seenOpen ? 'stuck' : undefined;
  return monthLag(head, days, billingDay);
}
