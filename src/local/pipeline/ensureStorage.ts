import { BlobServiceClient } from '@azure/storage-blob';
import { TableServiceClient } from '@azure/data-tables';
import { CONTAINERS, TABLES } from '../../storage/names.ts';

/** Makes the containers and tables that `infra/` makes in Azure; what is there already stays as it is. */
export async function ensureStorage(connectionString: string): Promise<void> {
  const blobs = BlobServiceClient.fromConnectionString(connectionString);
  const tables = TableServiceClient.fromConnectionString(connectionString, { allowInsecureConnection: true });
  await Promise.all([
    ...Object.values(CONTAINERS).map((name) => blobs.getContainerClient(name).createIfNotExists()),
    // Creating a table that exists is no error in this SDK.
    ...Object.values(TABLES).map((name) => tables.createTable(name)),
  ]);
}
