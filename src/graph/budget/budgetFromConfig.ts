import type { Config } from '../../config/config.ts';
import type { Table } from '../../storage/tables.ts';
import { realWait } from '../wait.ts';
import { createSharedBudget, type SharedBudget } from './sharedBudget.ts';

export interface BudgetDeps {
  /** The table `budget`. */
  table: Pick<Table, 'get' | 'transact'>;
  /** Real time, the same for all instances, ms since the epoch. */
  nowMs: () => number;
  random?: () => number;
}

/** The budget of the configured limits. One a process: its sequences need not compete through the table. */
export const budgetFromConfig = (
  config: Pick<
    Config,
    'GRAPH_REQUESTS_PER_MINUTE' | 'GRAPH_APP_REQUESTS_PER_MINUTE' | 'GRAPH_BUDGET_MARGIN_MS'
  >,
  { table, nowMs, random = Math.random }: BudgetDeps,
): SharedBudget =>
  createSharedBudget({
    table,
    requestsPerMinute: config.GRAPH_REQUESTS_PER_MINUTE,
    appRequestsPerMinute: config.GRAPH_APP_REQUESTS_PER_MINUTE,
    marginMs: config.GRAPH_BUDGET_MARGIN_MS,
    nowMs,
    wait: realWait,
    random,
  });
