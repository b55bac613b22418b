import { odata, type TableClient, type TransactionAction } from '@azure/data-tables';
import { ANSWER_MS, answered, answeredPages } from './answered.ts';
import { StorageError } from './blobs.ts';
import type { Entity, EntityProperties, EntityValue, Table, TableOperation } from './tables.ts';

/**
 * A table of Azure Table storage, or of anything that speaks its protocol.
 * @param answerMs how long an answer may take, repeated requests included
 */
export function azureTable(client: TableClient, answerMs = ANSWER_MS): Table {
  const { tableName, url } = client;
  async function* entities(queryOptions: { filter?: string }): AsyncGenerator<Entity> {
    const pages = answeredPages(`querying ${tableName}`, url, answerMs, (abortSignal) =>
      client.listEntities({ queryOptions, abortSignal }).byPage(),
    );
    for await (const page of pages) for (const raw of page) yield toEntity(raw);
  }
  return {
    name: tableName,

    async get(partitionKey, rowKey) {
      try {
        return toEntity(
          await answered(`reading an entity of ${tableName}`, url, answerMs, (abortSignal) =>
            client.getEntity(partitionKey, rowKey, { abortSignal }),
          ),
        );
      } catch (error) {
        if (error instanceof StorageError && error.status === 404 && error.code !== 'TableNotFound') {
          return undefined;
        }
        throw error;
      }
    },

    async *query(partitionKey, range) {
      const bounds = [odata`PartitionKey eq ${partitionKey}`];
      if (range?.from !== undefined) bounds.push(odata`RowKey ge ${range.from}`);
      if (range?.below !== undefined) bounds.push(odata`RowKey lt ${range.below}`);
      yield* entities({ filter: bounds.join(' and ') });
    },

    scan: () => entities({}),

    async transact(partitionKey, operations) {
      const actions = operations.map((one) => toAction(partitionKey, one));
      const answer = await answered(`a transaction in ${tableName}`, url, answerMs, (abortSignal) =>
        client.submitTransaction(actions, { abortSignal }),
      );
      return answer.subResponses.map((one, i) => (operations[i]?.kind === 'delete' ? undefined : one.etag));
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
