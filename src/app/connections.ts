import type { TokenCredential } from '@azure/core-auth';
import type { Config } from '../config/config.ts';

/** Names of containers and tables; `infra/` creates them, `pstn local` as well. */
export const CONTAINERS = { raw: 'pstn-raw', calls: 'pstn-calls', control: 'pstn-control' } as const;
export const TABLES = {
  windows: 'windows',
  dailyTotals: 'dailyTotals',
  monthlyTotals: 'monthlyTotals',
  alerts: 'alerts',
  budget: 'budget',
} as const;

/**
 * The identity by which storage and Service Bus are reached when no connection string is given: in Azure the
 * user-assigned identity, on a developer machine the environment or `az login`. Loaded only when needed.
 */
export async function azureCredential(
  environment: Readonly<Record<string, string | undefined>>,
): Promise<TokenCredential> {
  const { DefaultAzureCredential } = await import('@azure/identity');
  const clientId = environment['AZURE_CLIENT_ID'];
  return new DefaultAzureCredential(clientId === undefined ? {} : { managedIdentityClientId: clientId });
}

export async function connectBlobs(config: Config, credential: () => Promise<TokenCredential>) {
  const { BlobServiceClient } = await import('@azure/storage-blob');
  if (config.DATA_STORAGE !== undefined) return BlobServiceClient.fromConnectionString(config.DATA_STORAGE);
  return new BlobServiceClient(required(config, 'DATA_STORAGE__blobServiceUri'), await credential());
}

export async function connectTable(config: Config, name: string, credential: () => Promise<TokenCredential>) {
  const { TableClient } = await import('@azure/data-tables');
  if (config.DATA_STORAGE !== undefined) {
    // A storage emulator on this machine speaks http.
    return TableClient.fromConnectionString(config.DATA_STORAGE, name, { allowInsecureConnection: true });
  }
  return new TableClient(required(config, 'DATA_STORAGE__tableServiceUri'), name, await credential());
}

export async function connectServiceBus(config: Config, credential: () => Promise<TokenCredential>) {
  const { ServiceBusClient } = await import('@azure/service-bus');
  if (config.ServiceBusConnection !== undefined) return new ServiceBusClient(config.ServiceBusConnection);
  return new ServiceBusClient(
    required(config, 'ServiceBusConnection__fullyQualifiedNamespace'),
    await credential(),
  );
}

function required<N extends keyof Config>(config: Config, name: N): NonNullable<Config[N]> {
  const value = config[name];
  if (value === undefined || value === null) throw new Error(`${name} is not set`);
  return value;
}
