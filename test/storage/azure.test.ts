import { BlobServiceClient } from '@azure/storage-blob';
import { TableClient } from '@azure/data-tables';
import { afterAll, beforeAll } from 'vitest';
import { startAzurite } from '../../src/local/storage/azurite.ts';
import { azureContainer } from '../../src/storage/azureBlobs.ts';
import { azureTable } from '../../src/storage/azureTables.ts';
import { blobConformance } from './blobConformance.ts';
import { tableConformance } from './tableConformance.ts';

let azurite: Awaited<ReturnType<typeof startAzurite>>;
let opened = 0;

beforeAll(async () => {
  azurite = await startAzurite({});
});
afterAll(async () => {
  await azurite.stop();
});

blobConformance('a container over the Azure SDK', async () => {
  const service = BlobServiceClient.fromConnectionString(azurite.connectionString);
  const client = service.getContainerClient(`container-${++opened}`);
  await client.create();
  return azureContainer(client);
});

tableConformance('a table over the Azure SDK', async () => {
  const client = TableClient.fromConnectionString(azurite.connectionString, `table${++opened}`, {
    allowInsecureConnection: true,
  });
  await client.createTable();
  return azureTable(client);
});
