import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BlobServiceClient } from '@azure/storage-blob';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { ensureStorage } from '../../src/local/pipeline/ensureStorage.ts';
import { startServiceBusEndpoint } from '../../src/local/serviceBus/endpoint.ts';
import { type Azurite, startAzurite } from '../../src/local/storage/azurite.ts';
import { QUEUE_NAMES, type QueueName } from '../../src/queues/names.ts';
import { runInProcess } from '../support/inProcess.ts';

const NOBODY = 'http://127.0.0.1:1/devstoreaccount1';
const BACKFILL = ['backfill', '--from', '2026-03-02', '--to', '2026-03-03'];

let azurite: Azurite;
let bus: Awaited<ReturnType<typeof startServiceBusEndpoint>>;
let good: { DATA_STORAGE: string; ServiceBusConnection: string };

beforeAll(async () => {
  [azurite, bus] = await Promise.all([
    startAzurite(),
    startServiceBusEndpoint({ queues: QUEUE_NAMES, maxDeliveryCount: 10 }),
  ]);
  good = { DATA_STORAGE: azurite.connectionString, ServiceBusConnection: bus.connectionString };
});
afterAll(async () => {
  await bus.close();
  await azurite.stop();
});

/** A command that failed as somebody foresaw: one line, no stack. */
async function failure(args: readonly string[], environment: Record<string, string>): Promise<string> {
  const { code, stdout, stderr, errors } = await runInProcess(args, { ...good, ...environment });
  expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
  expect(errors).toHaveLength(1);
  expect(stderr).not.toMatch(/^ {4}at /m);
  return errors[0] ?? '';
}

describe('a storage', () => {
  it('without containers and tables: status names them all and shows the rest, backfill says what to do', async () => {
    const { code, stdout, stderr } = await runInProcess(['status', '--json'], good);
    const status = JSON.parse(stdout) as { attention: string[]; missing: string[]; queues: unknown[] };
    expect({ code, stderr }).toEqual({ code: 3, stderr: '' });
    expect(status.missing).toEqual([
      'container pstn-control',
      'container pstn-raw',
      'table budget',
      'table dailyTotals',
      'table windows',
    ]);
    expect(status.attention).toEqual([
      expect.stringMatching(/^Missing: container pstn-control, .*table windows\. Deploy .*"pstn local"/),
    ]);
    expect(status.queues).toHaveLength(QUEUE_NAMES.length);
    expect(await failure(BACKFILL, {})).toMatch(
      /^querying windows: the storage at http:\S+ answered 404 TableNotFound\. Deploy .*"pstn local".*DATA_STORAGE/,
    );
  });

  it('that nobody runs is said to be unreachable, in seconds, with its address and the setting', async () => {
    const DATA_STORAGE = azurite.connectionString.replace(
      /(Blob|Table)Endpoint=[^;]*/g,
      (_, service) => `${String(service)}Endpoint=${NOBODY}`,
    );
    const lines = await Promise.all([['status'], BACKFILL].map((args) => failure(args, { DATA_STORAGE })));
    for (const line of lines) {
      expect(line).toMatch(/the storage at http:\/\/127\.0\.0\.1:1 cannot be reached \(ECONNREFUSED\)/);
      expect(line).toMatch(/Is it running, and is DATA_STORAGE right\?$/);
    }
  });

  it('that refuses the key is said to refuse it, and the key stays unsaid', async () => {
    const DATA_STORAGE = azurite.connectionString.replace(/AccountKey=[^;]*/, 'AccountKey=d3JvbmcgLSBrZXk=');
    for (const args of [['status'], BACKFILL]) {
      const line = await failure(args, { DATA_STORAGE });
      expect(line).toMatch(/the storage at http:\S+ answered 403 \w+\. Look at the key in DATA_STORAGE/);
      expect(line).not.toContain('d3Jvbmcg');
    }
    await expect(ensureStorage(DATA_STORAGE)).rejects.toThrow(
      /making \w+ \S+: the storage at .* answered 403/,
    );
  });
});

describe('a Service Bus', () => {
  beforeAll(() => ensureStorage(azurite.connectionString));

  const at = (place: string): string =>
    `Endpoint=sb://${place};SharedAccessKeyName=all;SharedAccessKey=k;UseDevelopmentEmulator=true;`;

  it('that nobody runs is said to be unreachable, with its address and the setting', async () => {
    for (const args of [['status'], BACKFILL]) {
      expect(await failure(args, { ServiceBusConnection: at('127.0.0.1:1') })).toMatch(
        /^queue pstn-\S+ at 127\.0\.0\.1 cannot be reached \(ECONNREFUSED\)\. .* ServiceBusConnection right\?$/,
      );
    }
  });

  it('that lacks a queue: status names it and shows the others, backfill says what to do', async () => {
    const others = await startServiceBusEndpoint({
      queues: QUEUE_NAMES.filter((name) => name !== 'pstn-windows-backfill'),
      maxDeliveryCount: 10,
    });
    const ServiceBusConnection = others.connectionString;
    const { code, stdout } = await runInProcess(['status', '--json'], { ...good, ServiceBusConnection });
    const status = JSON.parse(stdout) as { missing: string[]; queues: { queue: QueueName }[] };
    expect(code).toBe(3);
    expect(status.missing).toEqual(['queue pstn-windows-backfill']);
    expect(status.queues.map(({ queue }) => queue)).toHaveLength(QUEUE_NAMES.length - 1);
    expect(await failure(BACKFILL, { ServiceBusConnection })).toMatch(
      /^queue pstn-windows-backfill at 127\.0\.0\.1 does not exist\. Make it/,
    );
    await others.close();
  });
});

describe('pstn local', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'pstn-unavailable-'));
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));
  const local = (name: string, environment: Record<string, string>, ...more: string[]) =>
    failure(['local', '--data', join(folder, name), ...more], environment);

  it('with a simulator that nobody runs says so at once, before it starts anything', async () => {
    const line = await local('simulator', {}, '--graph', 'http://127.0.0.1:1');
    expect(existsSync(join(folder, 'simulator', 'storage'))).toBe(false);
    expect(line).toMatch(/^nobody answers at http:\/\/127\.0\.0\.1:1 \(ECONNREFUSED\): .*--graph/);
  });

  it('with a cloud to which nobody may sign in says so at once as well', async () => {
    // The identity library reads the environment of the process; nobody is signed in where there is no az.
    for (const name of ['PATH', 'AZURE_CLIENT_ID', 'IDENTITY_ENDPOINT']) vi.stubEnv(name, '');
    const line = await local('cloud', {}, '--graph', 'dod');
    vi.unstubAllEnvs();
    expect(line).toMatch(/^No token for Microsoft Graph \(CredentialUnavailableError\): .*AZURE_CLIENT_ID/);
  });

  it('with queues that nobody runs, or a storage that refuses the key, starts no function', async () => {
    const nobody =
      'Endpoint=sb://127.0.0.1:1;SharedAccessKeyName=a;SharedAccessKey=k;UseDevelopmentEmulator=true;';
    expect(await local('queues', { ServiceBusConnection: nobody })).toMatch(
      /^queue pstn-windows at .*ECONNREFUSED/,
    );
    const DATA_STORAGE = azurite.connectionString.replace(/AccountKey=[^;]*/, 'AccountKey=d3JvbmcgLSBrZXk=');
    expect(await local('storage', { DATA_STORAGE })).toMatch(
      /^making \w+ \S+: the storage at .* answered 403 .* DATA_STORAGE/,
    );
  });
});

describe('a state of the planner that is none', () => {
  it('is said to be so, with what to do', async () => {
    const blobs = BlobServiceClient.fromConnectionString(azurite.connectionString);
    const blob = blobs.getContainerClient('pstn-control').getBlockBlobClient('planner/v1/state.json');
    await blob.upload('{}', 2);
    expect(await failure(['status'], {})).toMatch(
      /^pstn-control\/planner\/v1\/state\.json .*delete this blob/,
    );
    await blob.delete();
  });
});
