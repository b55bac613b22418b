import type { EntityProperties, EntityValue, Table, TableOperation } from '../storage/tables.ts';
import { columnText } from './columnText.ts';
import type { DayState } from './dayHead.ts';
import type { FenceHead, HeadKind, Stored } from './fence.ts';
import { type HeadVector, parseVector, textOf, wholeOf } from './headColumns.ts';

/** Row key of the head of a month's partition. */
export const MONTH_HEAD_KEY = '!month';

/** What a month's totals are made of, and who may write them. Instants are ISO text. */
export interface MonthHead extends FenceHead {
  /** By date, name of the day's snapshot. Days that were never folded are missing. */
  vector: HeadVector;
  /** Code and billing day. */
  foldVersion: string;
  /**
   * `provisional` while a day of the month is, or is missing; `restated` if one is and all others are final;
   * `settled` if all are.
   */
  state: DayState;
  /** Rows that the totals of `vector` count. */
  rows: number;
  /** Rows of these days that did not fit and are not in the totals. */
  rejected: number;
  /** When the totals were last completed. */
  updatedAt: string;
}

/** A head as it stands in the table. */
export type StoredMonthHead = Stored<MonthHead>;

/** Undefined if the month was never folded. */
export async function readMonthHead(table: Table, month: string): Promise<StoredMonthHead | undefined> {
  const entity = await table.get(month, MONTH_HEAD_KEY);
  return entity === undefined ? undefined : { ...parseHead(entity.properties), etag: entity.etag };
}

/** Heads of months, for the fence. */
export const MONTH_HEADS: HeadKind<MonthHead> = {
  read: readMonthHead,
  operation: headOperation,
  empty: (updatedAt) => ({
    generation: 0,
    writer: '',
    open: false,
    step: 0,
    complete: false,
    vector: {},
    foldVersion: '',
    state: 'provisional',
    rows: 0,
    rejected: 0,
    updatedAt,
  }),
};

function headOperation(head: MonthHead, etag: string | undefined): TableOperation {
  const properties: EntityProperties = {
    generation: head.generation,
    writer: head.writer,
    open: head.open,
    step: head.step,
    complete: head.complete,
    vector: JSON.stringify(head.vector),
    foldVersion: head.foldVersion,
    state: head.state,
    rows: head.rows,
    rejected: head.rejected,
    updatedAt: head.updatedAt,
    lastError: head.lastError === undefined ? undefined : columnText(head.lastError),
  };
  return etag === undefined
    ? { kind: 'insert', rowKey: MONTH_HEAD_KEY, properties }
    : { kind: 'replace', rowKey: MONTH_HEAD_KEY, properties, ifMatch: etag };
}

/** What cannot be read counts as never folded: the next fold writes it anew. */
function parseHead(properties: Readonly<Record<string, EntityValue>>): MonthHead {
  const vector = parseVector(properties['vector']);
  const { lastError, state } = properties;
  return {
    generation: wholeOf(properties['generation']),
    writer: textOf(properties['writer']),
    open: properties['open'] === true,
    step: wholeOf(properties['step']),
    complete: properties['complete'] === true && vector !== undefined,
    vector: vector ?? {},
    foldVersion: textOf(properties['foldVersion']),
    state: state === 'settled' || state === 'restated' ? state : 'provisional',
    rows: wholeOf(properties['rows']),
    rejected: wholeOf(properties['rejected']),
    updatedAt: textOf(properties['updatedAt']),
    ...(typeof lastError === 'string' ? { lastError } : {}),
  };
}
