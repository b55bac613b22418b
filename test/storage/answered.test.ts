import { createServer } from 'node:net';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { TableClient } from '@azure/data-tables';
import { BlobServiceClient } from '@azure/storage-blob';
import { describe, expect, it } from 'vitest';
import { azureContainer } from '../../src/storage/azureBlobs.ts';
import { azureTable } from '../../src/storage/azureTables.ts';
import { StorageUnreachableError } from '../../src/storage/blobs.ts';

const retryOptions = { maxTries: 1, maxRetries: 0 };

function partsAt(port: number, answerMs: number) {
  const account = `DefaultEndpointsProtocol=http;AccountName=a;AccountKey=a2V5`;
  const text = `${account};BlobEndpoint=http://127.0.0.1:${port}/a;TableEndpoint=http://127.0.0.1:${port}/a`;
  const blobs = BlobServiceClient.fromConnectionString(text, { retryOptions });
  const table = TableClient.fromConnectionString(text, 'windows', {
    allowInsecureConnection: true,
    retryOptions,
  });
  return {
    container: azureContainer(blobs.getContainerClient('pstn-raw'), answerMs),
    table: azureTable(table, answerMs),
  };
}

const all = async <T>(items: AsyncIterable<T>): Promise<T[]> => {
  const found: T[] = [];
  for await (const item of items) found.push(item);
  return found;
};

/** Every call that an adapter makes, each once. */
function calls({ container, table }: ReturnType<typeof partsAt>): [string, () => Promise<unknown>][] {
  return [
    ['listing pstn-raw/x', () => all(container.list('x'))],
    ['properties of b', () => container.properties('b')],
    ['reading b', () => container.read('b')],
    ['writing b', () => container.put('b', Buffer.from('x'))],
    ['staging a block of b', () => container.stageBlock('b', '1', Buffer.from('x'))],
    ['committing b', () => container.commitBlocks('b', ['1'])],
    ['deleting b', () => container.delete('b')],
    ['reading an entity of windows', () => table.get('p', 'r')],
    ['querying windows', () => all(table.query('p'))],
    ['a transaction in windows', () => table.transact('p', [{ kind: 'delete', rowKey: 'r' }])],
  ];
}

describe('a storage that cannot be had', () => {
  it('because nobody listens there is said to be unreachable, with what was wanted and where', async () => {
    for (const [what, call] of calls(partsAt(1, 5_000))) {
      const error = await call().catch((reason: unknown) => reason);
      expect(error).toBeInstanceOf(StorageUnreachableError);
      expect((error as Error).message).toBe(
        `${what}: the storage at http://127.0.0.1:1 cannot be reached (ECONNREFUSED)`,
      );
    }
  });

  it('because it takes the connection and stays silent is given up in time', async () => {
    const silent = createServer((socket) => socket.on('error', () => undefined));
    await once(silent.listen(0, '127.0.0.1'), 'listening');
    const { port } = silent.address() as AddressInfo;
    const failures = calls(partsAt(port, 200)).map(async ([what, call]) => {
      const error = await call().catch((reason: unknown) => reason);
      expect(error).toBeInstanceOf(StorageUnreachableError);
      expect((error as Error).message).toBe(
        `${what}: the storage at http://127.0.0.1:${port} gave no answer within 0.2 s`,
      );
    });
    await Promise.all(failures);
    silent.close();
  });
});
