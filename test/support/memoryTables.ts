import { StorageError } from '../../src/storage/blobs.ts';
import {
  type Entity,
  type EntityProperties,
  type EntityValue,
  MAX_TRANSACTION_BYTES,
  MAX_TRANSACTION_OPERATIONS,
  type Table,
  type TableOperation,
} from '../../src/storage/tables.ts';

export interface MemoryTable extends Table {
  /** Everything stored, in the order of partition and row key. */
  all(): Entity[];
}

export interface MemoryTableOptions {
  /**
   * Asked before each page of a query: how many entities it may hold, 0 for an empty one. A page shows the entities
   * as they are when it is made: a promise leaves room for other calls in between. Default: one page of everything.
   */
  pageSize?: () => number | Promise<number>;
}

const FORBIDDEN_KEY = /[/\\#?\p{Cc}]/u;
const MAX_STRING_UNITS = 32 * 1024;
const MAX_ENTITY_BYTES = 1024 * 1024;
const MAX_PROPERTIES = 252;
const PROPERTY_NAME = /^[\p{L}_][\p{L}\p{N}_]{0,254}$/u;
const INT32_LIMIT = 2 ** 31;
const INT64_LIMIT = 2n ** 63n;
/** What a request says of an operation besides its properties, roughly. */
const OPERATION_BYTES = 500;

/** In-memory table with the semantics that Azure's tables have; proved equal by the storage conformance suite. */
export function memoryTable(name: string, options: MemoryTableOptions = {}): MemoryTable {
  const { pageSize = () => Infinity } = options;
  const partitions = new Map<string, Map<string, Entity>>();
  let version = 0;
  const copy = (entity: Entity): Entity => ({ ...entity, properties: { ...entity.properties } });
  const sorted = (partition: ReadonlyMap<string, Entity>): Entity[] =>
    [...partition.values()].sort((a, b) => (a.rowKey < b.rowKey ? -1 : 1)).map(copy);

  return {
    name,
    all: () => [...partitions.keys()].sort().flatMap((key) => sorted(partitions.get(key) ?? new Map())),
    async get(partitionKey, rowKey) {
      await Promise.resolve();
      const entity = partitions.get(partitionKey)?.get(rowKey);
      return entity && copy(entity);
    },
    async *query(partitionKey, range) {
      for (let after: string | undefined; ;) {
        const size = await pageSize();
        const last = after;
        const wanted = sorted(partitions.get(partitionKey) ?? new Map()).filter(
          ({ rowKey }) =>
            (last === undefined || rowKey > last) &&
            (range?.from === undefined || rowKey >= range.from) &&
            (range?.below === undefined || rowKey < range.below),
        );
        const page = wanted.slice(0, size);
        yield* page;
        if (page.length === wanted.length) return;
        after = page.at(-1)?.rowKey ?? after;
      }
    },
    async *scan() {
      for (let after: Entity | undefined; ;) {
        const size = await pageSize();
        const last = after;
        const wanted = [...partitions.keys()]
          .sort()
          .filter((key) => last === undefined || key >= last.partitionKey)
          .flatMap((key) => sorted(partitions.get(key) ?? new Map()))
          .filter(
            ({ partitionKey, rowKey }) =>
              last === undefined || partitionKey > last.partitionKey || rowKey > last.rowKey,
          );
        const page = wanted.slice(0, size);
        yield* page;
        if (page.length === wanted.length) return;
        after = page.at(-1) ?? after;
      }
    },
    async transact(partitionKey, operations) {
      await Promise.resolve();
      checkShape(partitionKey, operations);
      const next = new Map(partitions.get(partitionKey) ?? new Map<string, Entity>());
      const etags = operations.map((operation) => {
        const etag = `W/"datetime'${(++version).toString().padStart(12, '0')}'"`;
        return apply(next, partitionKey, operation, etag);
      });
      partitions.set(partitionKey, next);
      return etags;
    },
  };
}

function checkShape(partitionKey: string, operations: readonly TableOperation[]): void {
  if (operations.length === 0 || operations.length > MAX_TRANSACTION_OPERATIONS) {
    throw new StorageError(400, 'InvalidInput', `a transaction of ${operations.length} operations`);
  }
  const keys = new Set(operations.map((operation) => operation.rowKey));
  if (keys.size !== operations.length) {
    throw new StorageError(400, 'InvalidDuplicateRow', 'a row key stands twice in one transaction');
  }
  if (operations.reduce((sum, operation) => sum + requestBytes(operation), 0) > MAX_TRANSACTION_BYTES) {
    throw new StorageError(413, 'RequestBodyTooLarge', 'a transaction of more than 4 MiB');
  }
  for (const key of [partitionKey, ...keys]) {
    if (FORBIDDEN_KEY.test(key) || Buffer.byteLength(key, 'utf16le') > 1024) {
      throw new StorageError(400, 'OutOfRangeInput', `not a key: ${JSON.stringify(key)}`);
    }
  }
}

function apply(
  partition: Map<string, Entity>,
  partitionKey: string,
  operation: TableOperation,
  etag: string,
): string | undefined {
  const { kind, rowKey } = operation;
  const present = partition.get(rowKey);
  if (kind === 'insert') {
    if (present !== undefined) throw new StorageError(409, 'EntityAlreadyExists', `${rowKey} exists`);
  } else if (kind === 'delete' || operation.ifMatch !== undefined) {
    if (present === undefined) throw new StorageError(404, 'ResourceNotFound', `${rowKey} is not there`);
    if (kind !== 'delete' && present.etag !== operation.ifMatch) {
      throw new StorageError(412, 'UpdateConditionNotSatisfied', `${rowKey} has another ETag`);
    }
  }
  if (kind === 'delete') {
    partition.delete(rowKey);
    return undefined;
  }
  const base = kind === 'merge' ? (present?.properties ?? {}) : {};
  const properties = { ...base, ...stored(operation.properties) };
  checkEntity(rowKey, properties);
  partition.set(rowKey, { partitionKey, rowKey, etag, properties });
  return etag;
}

function stored(properties: EntityProperties): Record<string, EntityValue> {
  const values: Record<string, EntityValue> = {};
  for (const [key, value] of Object.entries(properties)) {
    if (value === undefined) continue;
    if (!PROPERTY_NAME.test(key)) throw new StorageError(400, 'PropertyNameInvalid', `not a name: ${key}`);
    if (typeof value === 'number' && !(Number.isInteger(value) && isWithin(value, INT32_LIMIT))) {
      throw new StorageError(400, 'InvalidInput', `${key} is no Int32`);
    }
    if (typeof value === 'bigint' && !isWithin(value, INT64_LIMIT)) {
      throw new StorageError(400, 'InvalidInput', `${key} is no Int64`);
    }
    if (typeof value === 'string' && value.length > MAX_STRING_UNITS) {
      throw new StorageError(400, 'PropertyValueTooLarge', `${key} is over 64 KiB`);
    }
    values[key] = value;
  }
  return values;
}

function checkEntity(rowKey: string, properties: Record<string, EntityValue>): void {
  const sizes = Object.entries(properties).map(
    ([key, value]) => 8 + key.length * 2 + (typeof value === 'string' ? value.length * 2 + 4 : 8),
  );
  if (sizes.length > MAX_PROPERTIES) {
    throw new StorageError(400, 'TooManyProperties', `${rowKey} has more than ${MAX_PROPERTIES} properties`);
  }
  if (sizes.reduce((sum, size) => sum + size, 0) > MAX_ENTITY_BYTES) {
    throw new StorageError(400, 'EntityTooLarge', `${rowKey} is over 1 MiB`);
  }
}

/** Of the text of a request, roughly: strings as UTF-8 in JSON, other values with the name of their type. */
function requestBytes(operation: TableOperation): number {
  if (operation.kind === 'delete') return OPERATION_BYTES;
  let bytes = OPERATION_BYTES;
  for (const [key, value] of Object.entries(operation.properties)) {
    bytes += key.length + (typeof value === 'string' ? Buffer.byteLength(JSON.stringify(value)) : 50);
  }
  return bytes;
}

const isWithin = <T extends number | bigint>(value: T, limit: T): boolean => value >= -limit && value < limit;
