import { TableClient } from '@azure/data-tables';
import { ServiceBusClient } from '@azure/service-bus';
import { BlobServiceClient } from '@azure/storage-blob';
import type { TokenCredential } from '@azure/core-auth';
import type { Config } from '../config/config.ts';

type Credential = () => Promise<TokenCredential>;

export async function connectBlobs(config: Config, credential: Credential): Promise<BlobServiceClient> {
  if (config.DATA_STORAGE !== undefined) return BlobServiceClient.fromConnectionString(config.DATA_STORAGE);
  return new BlobServiceClient(required(config, 'DATA_STORAGE__blobServiceUri'), await credential());
}

export async function connectTable(
  config: Config,
  name: string,
  credential: Credential,
): Promise<TableClient> {
  if (config.DATA_STORAGE !== undefined) {
    // A storage emulator on this machine speaks http.
    return TableClient.fromConnectionString(config.DATA_STORAGE, name, { allowInsecureConnection: true });
  }
  return new TableClient(required(config, 'DATA_STORAGE__tableServiceUri'), name, await credential());
}

export async function connectServiceBus(config: Config, credential: Credential): Promise<ServiceBusClient> {
  if (config.ServiceBusConnection !== undefined) return new ServiceBusClient(config.ServiceBusConnection);
  return new ServiceBusClient(
    required(config, 'ServiceBusConnection__fullyQualifiedNamespace'),
    await credential(),
  );
}

function required<N extends keyof Config>(config: Config, name: N): NonNullable<Config[N]> {
  const value = config[name];
  if (value === undefined) throw new Error(`${name} is not set`);
  return value;
}
