import type { Table } from '../storage/tables.ts';
import { readConsistently, type Reading } from './consistentRead.ts';
import { fromBreakdownEntity, fromEntity, type StoredBreakdown, type StoredTotals } from './entities.ts';
import { MONTH_HEADS, type MonthHead } from './monthHead.ts';
import { BREAKDOWN_KEY_END, BREAKDOWN_KEY_PREFIX, RESERVED_KEY_PREFIX } from './tableKey.ts';

export { readMonthHead, type StoredMonthHead } from './monthHead.ts';

export interface MonthReading extends Reading<MonthHead> {
  totals: StoredTotals[];
}

export interface MonthBreakdownsReading extends Reading<MonthHead> {
  breakdowns: StoredBreakdown[];
}

/** The totals of a billing month by user and currency. Its dates are those of the head's vector. */
export async function readMonth(monthlyTotals: Table, month: string): Promise<MonthReading> {
  const place = { table: monthlyTotals, kind: MONTH_HEADS, partition: month };
  const { items: totals, ...reading } = await readConsistently(place, undefined, (entity) =>
    entity.rowKey.startsWith(RESERVED_KEY_PREFIX) ? undefined : fromEntity(entity),
  );
  return { ...reading, totals };
}

const BREAKDOWNS = { from: BREAKDOWN_KEY_PREFIX, below: BREAKDOWN_KEY_END };

/** The totals of a billing month by the values of certain columns, in every currency. */
export async function readMonthBreakdowns(
  monthlyTotals: Table,
  month: string,
): Promise<MonthBreakdownsReading> {
  const place = { table: monthlyTotals, kind: MONTH_HEADS, partition: month };
  const { items: breakdowns, ...reading } = await readConsistently(place, BREAKDOWNS, fromBreakdownEntity);
  return { ...reading, breakdowns };
}
