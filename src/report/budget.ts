import { BUDGET_PARTITION, BUDGET_ROW, readBudget } from '../graph/budget/budgetEntity.ts';
import { spacingOf } from '../graph/budget/spacingOf.ts';
import type { Lane } from '../queues/names.ts';
import type { Table } from '../storage/tables.ts';
import { readBudgetUse, useWithin } from './budgetUse.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

/** The requests of all instances to Graph. */
export interface BudgetFigures {
  /** What the limits and the margin let pass. */
  requestsPerMinute: number;
  /** Requests by lane. Counted by the hour of the clock, see `useWithin`. */
  lastHour: Readonly<Record<Lane, number>>;
  lastDay: Readonly<Record<Lane, number>>;
  /** ISO instant, if it lies ahead: Graph has told everybody to wait. */
  blockedUntil: string | undefined;
}

/** @param nowMs real time */
export async function readBudgetFigures(
  table: Pick<Table, 'get' | 'query'>,
  config: Parameters<typeof spacingOf>[0],
  nowMs: number,
): Promise<BudgetFigures> {
  const hours = await readBudgetUse(table, nowMs - DAY_MS);
  const { state } = readBudget(await table.get(BUDGET_PARTITION, BUDGET_ROW));
  return {
    requestsPerMinute: MINUTE_MS / spacingOf(config),
    lastHour: useWithin(hours, nowMs, HOUR_MS),
    lastDay: useWithin(hours, nowMs, DAY_MS),
    blockedUntil: state.blockedUntilMs > nowMs ? new Date(state.blockedUntilMs).toISOString() : undefined,
  };
}
