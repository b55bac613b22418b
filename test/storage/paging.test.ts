import { TableClient } from '@azure/data-tables';
import { BlobServiceClient } from '@azure/storage-blob';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { azureContainer } from '../../src/storage/azureBlobs.ts';
import { azureTable } from '../../src/storage/azureTables.ts';
import { StorageError } from '../../src/storage/blobs.ts';
import { memoryContainer } from '../support/memoryBlobs.ts';
import { memoryTable } from '../support/memoryTables.ts';
import { type Bounds, type Page, startPagedService } from '../support/pagedService.ts';
import { type PagedStore, type Pages, pagingConformance } from './pagingConformance.ts';
import { namesOf } from './reading.ts';

/** The pages one after the other, then all that is left. */
function script(pages: Pages) {
  let asked = 0;
  return {
    asked: () => asked,
    next: (): number | 'refused' => pages[asked++] ?? Infinity,
  };
}

pagingConformance('a store of the tests', (pages) => {
  const { asked, next } = script(pages);
  const pageSize = (): Promise<number> => {
    const size = next();
    return size === 'refused'
      ? Promise.reject(new StorageError(403, 'AuthorizationFailure', 'refused'))
      : Promise.resolve(size);
  };
  const container = memoryContainer('c', { pageSize });
  const table = memoryTable('t', { pageSize });
  return Promise.resolve<PagedStore>({
    container,
    table,
    asked,
    addBlob: async (name) => {
      await container.put(name, Buffer.from('x'));
    },
    addEntity: async (rowKey) => {
      await table.transact('p', [{ kind: 'insert', rowKey, properties: {} }]);
    },
  });
});

describe('a storage service with pages of its own choice', () => {
  let service: Awaited<ReturnType<typeof startPagedService>>;
  let blobs: string[] = [];
  let rowKeys: string[] = [];
  let pages = script([]);

  beforeAll(async () => {
    service = await startPagedService({
      page: (kind, after, bounds): Page | undefined => {
        const size = pages.next();
        if (size === 'refused') return undefined;
        const wanted = (kind === 'blobs' ? blobs : rowKeys)
          .filter((key) => isWanted(key, bounds) && (after === undefined || key > after))
          .sort();
        const keys = wanted.slice(0, size);
        // A full page says that there is more, as a service does that has not looked any further.
        return { keys, more: keys.length === size };
      },
    });
  });
  afterAll(() => service.stop());

  const open = (wantedPages: Pages): Promise<PagedStore> => {
    blobs = [];
    rowKeys = [];
    pages = script(wantedPages);
    const options = { allowInsecureConnection: true, retryOptions: { maxRetries: 0 } };
    const client = BlobServiceClient.fromConnectionString(service.connectionString);
    return Promise.resolve({
      container: azureContainer(client.getContainerClient('c')),
      table: azureTable(TableClient.fromConnectionString(service.connectionString, 't', options)),
      asked: pages.asked,
      addBlob: (name: string) => Promise.resolve(void blobs.push(name)),
      addEntity: (rowKey: string) => Promise.resolve(void rowKeys.push(rowKey)),
    });
  };

  pagingConformance('read through the SDK', open);

  it('may show directories, which are no blobs', async () => {
    const { container, addBlob } = await open([1, 1, 1, 1]);
    for (const name of ['a/1', 'a/2.d', 'a/3']) await addBlob(name);
    expect(await namesOf(container, 'a/')).toEqual(['a/1', 'a/3']);
  });

  it('may end with an empty page', async () => {
    const { container, table, addBlob, addEntity, asked } = await open([1, 1, 1, 1]);
    await addBlob('a');
    await addEntity('a');
    expect(await namesOf(container, '')).toEqual(['a']);
    expect(asked()).toBe(2);
    const keys: string[] = [];
    for await (const { rowKey } of table.query('p')) keys.push(rowKey);
    expect(keys).toEqual(['a']);
    expect(asked()).toBe(4);
  });
});

const isWanted = (key: string, { prefix, from, below }: Bounds): boolean =>
  key.startsWith(prefix) && (from === undefined || key >= from) && (below === undefined || key < below);
