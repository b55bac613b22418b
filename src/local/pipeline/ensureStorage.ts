import { BlobServiceClient } from '@azure/storage-blob';
import { TableServiceClient } from '@azure/data-tables';
import { COMMAND_PATIENCE } from '../../app/patience.ts';
import { answered } from '../../storage/answered.ts';
import { CONTAINERS, TABLES } from '../../storage/names.ts';

/**
 * Makes the containers and tables that `infra/` makes in Azure; what is there already stays as it is.
 * @throws StorageError or StorageUnreachableError naming what could not be made, and where.
 */
export async function ensureStorage(connectionString: string): Promise<void> {
  const { answerMs, tries, firstDelayMs } = COMMAND_PATIENCE;
  const blobs = BlobServiceClient.fromConnectionString(connectionString, {
    retryOptions: { maxTries: tries, retryDelayInMs: firstDelayMs },
  });
  const tables = TableServiceClient.fromConnectionString(connectionString, {
    allowInsecureConnection: true,
    retryOptions: { maxRetries: tries - 1, retryDelayInMs: firstDelayMs },
  });
  await Promise.all([
    ...Object.values(CONTAINERS).map((name) =>
      answered(`making container ${name}`, blobs.url, answerMs, (abortSignal) =>
        blobs.getContainerClient(name).createIfNotExists({ abortSignal }),
      ),
    ),
    // Creating a table that exists is no error in this SDK.
    ...Object.values(TABLES).map((name) =>
      answered(`making table ${name}`, tables.url, answerMs, (abortSignal) =>
        tables.createTable(name, { abortSignal }),
      ),
    ),
  ]);
}
