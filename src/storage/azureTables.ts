import { odata, type TableClient, type TransactionAction } from '@azure/data-tables';
import { toStorageError } from './restErrors.ts';
import { StorageError } from './blobs.ts';
import type { Entity, EntityProperties, EntityValue, Table, TableOperation } from './tables.ts';

/** A table of Azure Table storage, or of anything that speaks its protocol. */
export function azureTable(client: TableClient): Table {
  return {
    name: client.tableName,

    async get(partitionKey, rowKey) {
      try {
        return toEntity(await client.getEntity(partitionKey, rowKey));
      } catch (error) {
        const mapped = toStorageError(error, `reading an entity of ${client.tableName}`);
        if (mapped instanceof StorageError && mapped.status === 404 && mapped.code !== 'TableNotFound') {
          return undefined;
        }
        throw mapped;
      }
    },

    async *query(partitionKey, range) {
      const bounds = [odata`PartitionKey eq ${partitionKey}`];
      if (range?.from !== undefined) bounds.push(odata`RowKey ge ${range.from}`);
      if (range?.below !== undefined) bounds.push(odata`RowKey lt ${range.below}`);
      try {
        for await (const raw of client.listEntities({ queryOptions: { filter: bounds.join(' and ') } })) {
          yield toEntity(raw);
        }
      } catch (error) {
        throw toStorageError(error, `querying ${client.tableName}`);
      }
    },

    async transact(partitionKey, operations) {
      try {
        const answer = await client.submitTransaction(operations.map((one) => toAction(partitionKey, one)));
        return answer.subResponses.map((one, i) => (operations[i]?.kind === 'delete' ? undefined : one.etag));
      } catch (error) {
        throw toStorageError(error, `a transaction in ${client.tableName}`);
      }
    },
  };
}

function toAction(partitionKey: string, operation: TableOperation): TransactionAction {
  const { rowKey } = operation;
  if (operation.kind === 'delete') {
    return ['delete', { partitionKey, rowKey }];
  }
  const entity = { partitionKey, rowKey, ...defined(operation.properties) };
  if (operation.kind === 'insert') return ['create', entity];
  const mode = operation.kind === 'replace' ? 'Replace' : 'Merge';
  if (operation.ifMatch === undefined) return ['upsert', entity, mode];
  return ['update', entity, mode, { etag: operation.ifMatch }];
}

function defined(properties: EntityProperties): Record<string, EntityValue> {
  const values: Record<string, EntityValue> = {};
  for (const [key, value] of Object.entries(properties)) if (value !== undefined) values[key] = value;
  return values;
}

const SYSTEM_PROPERTIES = new Set([
  'partitionKey',
  'rowKey',
  'etag',
  'timestamp',
  'odata.metadata',
  'odata.etag',
]);

function toEntity(raw: Record<string, unknown>): Entity {
  const properties: Record<string, EntityValue> = {};
  for (const [key, value] of Object.entries(raw)) {
    if (SYSTEM_PROPERTIES.has(key) || value === null || value === undefined) continue;
    properties[key] = value as EntityValue;
  }
  return {
    partitionKey: raw['partitionKey'] as string,
    rowKey: raw['rowKey'] as string,
    etag: raw['etag'] as string,
    properties,
  };
}
