/**
 * What the pipeline needs of a table. Implemented over the Azure SDK (`azureTables.ts`) and in memory by the
 * tests. ETags are opaque and kept verbatim.
 *
 * Values: string, boolean, number (Int32, must be an integer), bigint (Int64). A property that is undefined
 * is not stored.
 */
export interface Table {
  readonly name: string;
  get(partitionKey: string, rowKey: string): Promise<Entity | undefined>;
  /** Entities of one partition in the order of row keys; `from` and `below` bound the row key, `[from, below)`. */
  query(partitionKey: string, range?: { from?: string; below?: string }): AsyncIterable<Entity>;
  /** All there is, in the order of partition and row keys: for commands, whatever the table has become. */
  scan(): AsyncIterable<Entity>;
  /**
   * Entity-group transaction: all or nothing, at most 100 operations of one partition, in this order.
   * Resolves to the new ETags in the order of the operations (undefined for a delete). Rejects with
   * {@link StorageError} 412 (ETag stale), 409 (inserted already) or 404 (not there to be changed).
   */
  transact(partitionKey: string, operations: readonly TableOperation[]): Promise<(string | undefined)[]>;
}

export type EntityValue = string | number | bigint | boolean;
export type EntityProperties = Readonly<Record<string, EntityValue | undefined>>;

export interface Entity {
  partitionKey: string;
  rowKey: string;
  etag: string;
  properties: Record<string, EntityValue>;
}

export type TableOperation =
  /** Refused with 409 if the row key exists. */
  | { kind: 'insert'; rowKey: string; properties: EntityProperties }
  /** Replaces the whole entity; with `ifMatch` only if its ETag is this one, without it also where there is none. */
  | { kind: 'replace'; rowKey: string; properties: EntityProperties; ifMatch?: string }
  /** Changes the named properties and leaves the others; `ifMatch` as for replace. */
  | { kind: 'merge'; rowKey: string; properties: EntityProperties; ifMatch?: string }
  /** Unconditional (the SDK's transactions know no other): what must not race stands under a head in the same transaction. 404 if it is not there. */
  | { kind: 'delete'; rowKey: string };

/** Operations of one transaction, and the text of one transaction in bytes: limits of Table storage. */
export const MAX_TRANSACTION_OPERATIONS = 100;
export const MAX_TRANSACTION_BYTES = 4 * 1024 * 1024;
