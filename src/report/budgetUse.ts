import { BUDGET_PARTITION, readUse, USE_RANGE, useRow } from '../graph/budget/budgetEntity.ts';
import type { BudgetUse } from '../graph/budget/budgetState.ts';
import type { Lane } from '../queues/names.ts';
import type { Table } from '../storage/tables.ts';

const HOUR_MS = 3_600_000;

/** Permits that were given since this hour began or later, one for each hour that had any, ascending. */
export async function readBudgetUse(table: Pick<Table, 'query'>, sinceMs: number): Promise<BudgetUse[]> {
  const hours: BudgetUse[] = [];
  const range = { from: useRow(sinceMs), below: USE_RANGE.below };
  for await (const entity of table.query(BUDGET_PARTITION, range)) hours.push(readUse(entity));
  return hours;
}

/**
 * Requests by lane of the last `spanMs`. Counted by the hour of the clock: of the oldest hour, the part that reaches
 * into the span counts as if its requests were spread evenly.
 */
export function useWithin(
  hours: readonly BudgetUse[],
  nowMs: number,
  spanMs: number,
): Readonly<Record<Lane, number>> {
  const sum = { live: 0, backfill: 0 };
  for (const { hourMs, live, backfill } of hours) {
    const share = Math.min(1, Math.max(0, (hourMs + HOUR_MS - (nowMs - spanMs)) / HOUR_MS));
    sum.live += live * share;
    sum.backfill += backfill * share;
  }
  return { live: Math.round(sum.live), backfill: Math.round(sum.backfill) };
}
