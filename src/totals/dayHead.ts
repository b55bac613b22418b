import type { EntityProperties, EntityValue, Table, TableOperation } from '../storage/tables.ts';
import { columnText } from './columnText.ts';
import type { FenceHead, HeadKind, Stored } from './fence.ts';
import { type HeadVector, parseVector, textOf, wholeOf } from './headColumns.ts';

export { sameVector } from './headColumns.ts';

/** Row key of the head of a day's partition. */
export const DAY_HEAD_KEY = '!day';

export type DayState = 'provisional' | 'settled' | 'restated';

/** By window id, the ETag of the raw blob. Windows without blob are missing. */
export type DayVector = HeadVector;

/** What a day's totals are made of, and who may write them. Instants are ISO text. */
export interface DayHead extends FenceHead {
  vector: DayVector;
  foldVersion: string;
  state: DayState;
  /** Rows that the totals of `vector` count. */
  rows: number;
  /** Rows of the day that did not fit and are not in the totals. */
  rejected: number;
  /** Blob of `pstn-control` that holds these totals; undefined if no run that writes one has completed the day. */
  snapshot?: string;
  /** The one with which the day was settled. */
  settledSnapshot?: string;
  /** How often a settled day's rows have changed: number of the last `!restated|<n>`. */
  restatements: number;
  /** The raw blobs have been deleted by age: the totals stay as they are. */
  frozen: boolean;
  /** When the totals were last completed. */
  updatedAt: string;
}

/** A head as it stands in the table. */
export type StoredDayHead = Stored<DayHead>;

/** Undefined if the day was never folded. */
export async function readDayHead(table: Table, date: string): Promise<StoredDayHead | undefined> {
  const entity = await table.get(date, DAY_HEAD_KEY);
  return entity === undefined ? undefined : { ...parseHead(entity.properties), etag: entity.etag };
}

/** The operation that writes a head: only over the one with this ETag, or only where there is none. */
export function headOperation(head: DayHead, etag: string | undefined): TableOperation {
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
    snapshot: head.snapshot,
    settledSnapshot: head.settledSnapshot,
    restatements: head.restatements,
    frozen: head.frozen,
    updatedAt: head.updatedAt,
    lastError: head.lastError === undefined ? undefined : columnText(head.lastError),
  };
  return etag === undefined
    ? { kind: 'insert', rowKey: DAY_HEAD_KEY, properties }
    : { kind: 'replace', rowKey: DAY_HEAD_KEY, properties, ifMatch: etag };
}

/** Heads of days, for the fence. */
export const DAY_HEADS: HeadKind<DayHead> = {
  read: readDayHead,
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
    restatements: 0,
    frozen: false,
    updatedAt,
  }),
};

/** What cannot be read counts as never folded: the next fold writes it anew. */
function parseHead(properties: Readonly<Record<string, EntityValue>>): DayHead {
  const vector = parseVector(properties['vector']);
  const { lastError, settledSnapshot, snapshot, state } = properties;
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
    ...(typeof snapshot === 'string' ? { snapshot } : {}),
    ...(typeof settledSnapshot === 'string' ? { settledSnapshot } : {}),
    restatements: wholeOf(properties['restatements']),
    frozen: properties['frozen'] === true,
    updatedAt: textOf(properties['updatedAt']),
    ...(typeof lastError === 'string' ? { lastError } : {}),
  };
}
