import type { CountedRequests } from './backfillPace.ts';
import { readBudgetUse } from '../report/budgetUse.ts';
import { isMissing } from '../report/missingParts.ts';
import type { Table } from '../storage/tables.ts';

const HOUR_MS = 3_600_000;

/**
 * Counts requests from now on, by the permits that were given; undefined where the table of the budget is missing.
 * @param nowMs real time; the hours of the table are those of another clock, near enough
 */
export async function countRequests(
  table: Pick<Table, 'query'>,
  nowMs: number,
): Promise<() => Promise<CountedRequests | undefined>> {
  const sum = async (): Promise<CountedRequests | undefined> => {
    try {
      const hours = await readBudgetUse(table, nowMs - HOUR_MS);
      const backfill = hours.reduce((all, hour) => all + hour.backfill, 0);
      return { backfill, all: hours.reduce((all, hour) => all + hour.live, backfill) };
    } catch (error) {
      if (isMissing(error)) return undefined;
      throw error;
    }
  };
  const before = (await sum()) ?? { backfill: 0, all: 0 };
  return async () => {
    const now = await sum();
    return now && { backfill: now.backfill - before.backfill, all: now.all - before.all };
  };
}
