import type { MessageSender } from '../../src/queues/sender.ts';
import type { BlobContainer } from '../../src/storage/blobs.ts';
import type { Table } from '../../src/storage/tables.ts';

/** Calls of the services, by what they cost. */
export interface Operations {
  blobWrites: number;
  blobReads: number;
  blobLists: number;
  tableOperations: number;
  messages: number;
}

export const noOperations = (): Operations => ({
  blobWrites: 0,
  blobReads: 0,
  blobLists: 0,
  tableOperations: 0,
  messages: 0,
});

/** The same container; each call of the service counts. A deletion costs nothing. */
export function countedContainer(inner: BlobContainer, counts: Operations): BlobContainer {
  return {
    name: inner.name,
    list: (prefix) => {
      counts.blobLists += 1;
      return inner.list(prefix);
    },
    properties: (name) => {
      counts.blobReads += 1;
      return inner.properties(name);
    },
    read: (name, options) => {
      counts.blobReads += 1;
      return inner.read(name, options);
    },
    put: (name, content, options) => {
      counts.blobWrites += 1;
      return inner.put(name, content, options);
    },
    stageBlock: (name, blockId, content) => {
      counts.blobWrites += 1;
      return inner.stageBlock(name, blockId, content);
    },
    commitBlocks: (name, blockIds, options) => {
      counts.blobWrites += 1;
      return inner.commitBlocks(name, blockIds, options);
    },
    delete: (name, options) => inner.delete(name, options),
  };
}

/** The same table; a transaction costs as many operations as it holds, a query or a look one. */
export function countedTable(inner: Table, counts: Operations): Table {
  return {
    name: inner.name,
    get: (partitionKey, rowKey) => {
      counts.tableOperations += 1;
      return inner.get(partitionKey, rowKey);
    },
    query: (partitionKey, range) => {
      counts.tableOperations += 1;
      return inner.query(partitionKey, range);
    },
    scan: () => {
      counts.tableOperations += 1;
      return inner.scan();
    },
    transact: (partitionKey, operations) => {
      counts.tableOperations += 1;
      return inner.transact(partitionKey, operations);
    },
  };
}

/** The same sender; each message counts. */
export function countedSender(inner: MessageSender, counts: Operations): MessageSender {
  return {
    send: (queue, message, options) => {
      counts.messages += 1;
      return inner.send(queue, message, options);
    },
    sendAll: (queue, messages, options) => {
      counts.messages += messages.length;
      return inner.sendAll(queue, messages, options);
    },
  };
}
