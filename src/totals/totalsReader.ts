import type { Table } from '../storage/tables.ts';
import { readConsistently, type Reading } from './consistentRead.ts';
import { DAY_HEADS, type DayHead } from './dayHead.ts';
import { fromBreakdownEntity, fromEntity, type StoredBreakdown, type StoredTotals } from './entities.ts';
import { RESTATED_KEY_END, RESTATED_KEY_PREFIX } from './restatement.ts';
import { BREAKDOWN_KEY_END, BREAKDOWN_KEY_PREFIX, RESERVED_KEY_PREFIX } from './tableKey.ts';

export { readDayHead, type StoredDayHead } from './dayHead.ts';
export type { StoredBreakdown, StoredTotals } from './entities.ts';

export interface DayReading extends Reading<DayHead> {
  totals: StoredTotals[];
}

export interface BreakdownsReading extends Reading<DayHead> {
  breakdowns: StoredBreakdown[];
}

/** The totals of a day by user and currency. */
export async function readDay(table: Table, date: string): Promise<DayReading> {
  const { items: totals, ...reading } = await readConsistently(dayOf(table, date), undefined, (entity) =>
    entity.rowKey.startsWith(RESERVED_KEY_PREFIX) ? undefined : fromEntity(entity),
  );
  return { ...reading, totals };
}

const BREAKDOWNS = { from: BREAKDOWN_KEY_PREFIX, below: BREAKDOWN_KEY_END };

/** The totals of a day by the values of certain columns, in every currency. */
export async function readBreakdowns(table: Table, date: string): Promise<BreakdownsReading> {
  const { items: breakdowns, ...reading } = await readConsistently(
    dayOf(table, date),
    BREAKDOWNS,
    fromBreakdownEntity,
  );
  return { ...reading, breakdowns };
}

const dayOf = (table: Table, date: string) => ({ table, kind: DAY_HEADS, partition: date });

/** A change of a settled day, as it stands beside the totals. */
export interface StoredRestatement {
  n: number;
  /** Instant, ISO text. */
  at: string;
  /** Names of the snapshots that it leads from and to. */
  from: string;
  to: string;
  /** Blob with the rows that came, went and changed. */
  record: string;
  /** Sums by currency, as JSON: see `CurrencySums`. */
  before: string;
  after: string;
  /** Undefined if the rows of before were not known any more. */
  rowsCame: number | undefined;
  rowsWent: number | undefined;
  rowsChanged: number | undefined;
}

/** What has changed since a day was settled, oldest first. */
export async function readRestatements(table: Table, date: string): Promise<StoredRestatement[]> {
  const found: StoredRestatement[] = [];
  const range = { from: RESTATED_KEY_PREFIX, below: RESTATED_KEY_END };
  for await (const { properties } of table.query(date, range)) {
    const text = (name: string): string => {
      const value = properties[name];
      return typeof value === 'string' ? value : '';
    };
    const count = (name: string): number | undefined => {
      const value = properties[name];
      return typeof value === 'number' ? value : undefined;
    };
    found.push({
      n: count('n') ?? 0,
      at: text('at'),
      from: text('from'),
      to: text('to'),
      record: text('record'),
      before: text('before'),
      after: text('after'),
      rowsCame: count('rowsCame'),
      rowsWent: count('rowsWent'),
      rowsChanged: count('rowsChanged'),
    });
  }
  return found.sort((a, b) => a.n - b.n);
}
