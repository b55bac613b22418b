import { TableClient } from '@azure/data-tables';
import { BlobServiceClient } from '@azure/storage-blob';
import type { TokenCredential } from '@azure/core-auth';
import type { PipelinePolicy } from '@azure/core-rest-pipeline';
import { type Config, ConfigError } from '../config/config.ts';
import type { SettingName } from '../config/schema.ts';
import type { Patience } from './patience.ts';

export type Credential = () => Promise<TokenCredential>;

export async function connectBlobs(
  config: Config,
  credential: Credential,
  { tries, firstDelayMs }: Patience,
): Promise<BlobServiceClient> {
  const options = { retryOptions: { maxTries: tries, retryDelayInMs: firstDelayMs } };
  const { DATA_STORAGE: text } = config;
  if (text !== undefined) {
    return connected('DATA_STORAGE', () => BlobServiceClient.fromConnectionString(text, options));
  }
  const uri = required(config, 'DATA_STORAGE__blobServiceUri');
  return new BlobServiceClient(uri, await credential(), options);
}

/** @param policy told of every request, also of repeated ones */
export async function connectTable(
  config: Config,
  name: string,
  credential: Credential,
  { tries, firstDelayMs }: Patience,
  policy: PipelinePolicy,
): Promise<TableClient> {
  const options = {
    retryOptions: { maxRetries: tries - 1, retryDelayInMs: firstDelayMs },
    additionalPolicies: [{ policy, position: 'perRetry' as const }],
  };
  const { DATA_STORAGE: text } = config;
  if (text !== undefined) {
    // A storage emulator on this machine speaks http.
    const insecure = { ...options, allowInsecureConnection: true };
    return connected('DATA_STORAGE', () => TableClient.fromConnectionString(text, name, insecure));
  }
  const uri = required(config, 'DATA_STORAGE__tableServiceUri');
  return new TableClient(uri, name, await credential(), options);
}

/** The SDKs say neither which setting is wrong nor, always, keep its value to themselves. */
export function connected<T>(setting: SettingName, connect: () => T): T {
  try {
    return connect();
  } catch {
    throw new ConfigError([
      `${setting} is a connection string that cannot be read; copy it again from its source`,
    ]);
  }
}

export function required<N extends keyof Config>(config: Config, name: N): NonNullable<Config[N]> {
  const value = config[name];
  if (value === undefined) throw new Error(`${name} is not set`);
  return value;
}
