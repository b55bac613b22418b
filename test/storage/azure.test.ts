import { BlobServiceClient } from '@azure/storage-blob';
import { TableClient } from '@azure/data-tables';
import { afterAll, beforeAll } from 'vitest';
import { startAzurite } from '../../src/local/storage/azurite.ts';
import { azureContainer } from '../../src/storage/azureBlobs.ts';
import { azureTable } from '../../src/storage/azureTables.ts';
import { type LossyProxy, startLossyProxy } from '../support/lossyProxy.ts';
import { blobConformance } from './blobConformance.ts';
import { asAzurite } from './differences.ts';
import { blobsInStep, tablesInStep } from './inStep.ts';
import { repetitionConformance } from './repetitionConformance.ts';
import { tableConformance } from './tableConformance.ts';

let azurite: Awaited<ReturnType<typeof startAzurite>>;
let proxy: LossyProxy;
/** As Azurite's own, with the proxy in between. */
let lossyConnection = '';
let opened = 0;

beforeAll(async () => {
  azurite = await startAzurite({});
  lossyConnection = azurite.connectionString;
  const services = [...lossyConnection.matchAll(/(?:Blob|Table)Endpoint=http:\/\/([^/]+)/g)].map(
    ([, host = '']) => host,
  );
  proxy = await startLossyProxy(services);
  services.forEach((host, at) => {
    lossyConnection = lossyConnection.replace(host, proxy.hosts[at] ?? host);
  });
});
afterAll(async () => {
  await proxy.stop();
  await azurite.stop();
});

const openContainer = async (connection: string) => {
  const service = BlobServiceClient.fromConnectionString(connection, {
    retryOptions: { retryDelayInMs: 1 },
  });
  const client = service.getContainerClient(`container-${++opened}`);
  await client.create();
  return azureContainer(client);
};

const openTable = async (connection: string) => {
  const client = TableClient.fromConnectionString(connection, `table${++opened}`, {
    allowInsecureConnection: true,
    retryOptions: { retryDelayInMs: 1 },
  });
  await client.createTable();
  return azureTable(client);
};

blobConformance('a container over the Azure SDK', () => openContainer(azurite.connectionString), asAzurite);
tableConformance('a table over the Azure SDK', () => openTable(azurite.connectionString), asAzurite);

repetitionConformance('a call through the Azure SDK whose answer was lost', async () => ({
  container: await openContainer(lossyConnection),
  table: await openTable(lossyConnection),
  loseNextAnswer: proxy.loseNextAnswer,
  lost: proxy.lost,
}));

blobsInStep(() => openContainer(azurite.connectionString));
tablesInStep(() => openTable(azurite.connectionString));
