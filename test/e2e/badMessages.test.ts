import { setTimeout as pause } from 'node:timers/promises';
import { ServiceBusClient, type ServiceBusMessage } from '@azure/service-bus';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { COMMAND_PATIENCE } from '../../src/app/patience.ts';
import { connectServices, type Services } from '../../src/app/services.ts';
import { type FunctionHost, startFunctionHost } from '../../src/local/host/host.ts';
import { findAppRoot } from '../../src/local/pipeline/appRoot.ts';
import { ensureStorage } from '../../src/local/pipeline/ensureStorage.ts';
import { startServiceBusEndpoint } from '../../src/local/serviceBus/endpoint.ts';
import { type Azurite, startAzurite } from '../../src/local/storage/azurite.ts';
import { MAX_DELIVERY_COUNT, QUEUE_NAMES } from '../../src/queues/names.ts';
import { silentLog } from '../../src/runtime/log.ts';
import type { Status } from '../../src/report/status.ts';
import { runInProcess } from '../support/inProcess.ts';
import { type PlainGraph, startPlainGraph } from '../support/plainGraph.ts';

const SECRET = '+4930123456';
const job = (over: object = {}) => ({
  from: '2026-03-02T10:00:00Z',
  to: '2026-03-02T11:00:00Z',
  lane: 'live',
  planned: '2026-03-10T00:00:00Z',
  expectedRows: 1,
  ...over,
});
const message = (messageId: string, body: unknown): ServiceBusMessage => ({ messageId, body });

/** Bad ones and good ones in one queue, in this order. */
const WINDOWS: readonly ServiceBusMessage[] = [
  message('not-json', Buffer.from(`call ${SECRET}`)),
  message('version', { v: 2, data: job() }),
  message('good-1', { v: 1, data: job() }),
  message('half-hours', { v: 1, data: job({ from: '2026-03-02T10:30:00Z' }) }),
  message('reversed', { v: 1, data: job({ to: '2026-03-02T09:00:00Z' }) }),
  message(`../odd id of ${SECRET}`, { v: 1, data: job({ to: '2026-08-02T09:00:00Z' }) }),
  message('types', { v: 1, data: job({ expectedRows: '1', caller: SECRET }) }),
  message('good-2', { v: 1, data: job({ from: '2026-03-02T11:00:00Z', to: '2026-03-02T12:00:00Z' }) }),
];
const DAYS: readonly ServiceBusMessage[] = [
  message('no-date', { v: 1, data: { date: '2026-02-30' } }),
  message('absurd', { v: 1, data: { date: '0001-01-01' } }),
];
const BAD = 8;

let azurite: Azurite;
let bus: Awaited<ReturnType<typeof startServiceBusEndpoint>>;
let graph: PlainGraph;
let client: ServiceBusClient;
let host: FunctionHost;
let services: Services;
let environment: Record<string, string>;

beforeAll(async () => {
  const maxDeliveryCount = MAX_DELIVERY_COUNT;
  [azurite, bus, graph] = await Promise.all([
    startAzurite(),
    startServiceBusEndpoint({ queues: QUEUE_NAMES, maxDeliveryCount }),
    startPlainGraph([
      { id: 'x', startDateTime: '2026-03-02T10:15:00.0000000Z', duration: 60, charge: 1.5, currency: 'EUR' },
    ]),
  ]);
  environment = {
    DATA_STORAGE: azurite.connectionString,
    ServiceBusConnection: bus.connectionString,
    GRAPH_ENDPOINT: graph.url,
    GRAPH_REQUESTS_PER_MINUTE: '100000',
    GRAPH_APP_REQUESTS_PER_MINUTE: '100000',
  };
  // The functions read the settings of the process they run in.
  for (const [name, value] of Object.entries(environment)) vi.stubEnv(name, value);
  await ensureStorage(azurite.connectionString);
  services = await connectServices(environment, COMMAND_PATIENCE);
  client = new ServiceBusClient(bus.connectionString);
  // All of them wait before anybody reads.
  await client.createSender('pstn-windows').sendMessages([...WINDOWS]);
  await client.createSender('pstn-days').sendMessages([...DAYS]);
  host = await startFunctionHost({
    appRoot: findAppRoot(),
    serviceBusConnectionString: bus.connectionString,
    clock: services.clock,
    log: silentLog,
    timers: false,
  });
});

afterAll(async () => {
  await host.stop();
  await services.close();
  await client.close();
  await graph.close();
  await bus.close();
  await azurite.stop();
  vi.unstubAllEnvs();
});

const status = async (): Promise<{ code: unknown; found: Status }> => {
  const { code, stdout } = await runInProcess(['status', '--json'], environment);
  return { code, found: JSON.parse(stdout) as Status };
};

/** Until what is true in the end is true; the last look decides. */
async function eventually(look: () => Promise<boolean>): Promise<void> {
  const deadline = performance.now() + 20_000;
  while (!(await look()) && performance.now() < deadline) await pause(50);
}

async function refusals(): Promise<Map<string, string>> {
  const found = new Map<string, string>();
  for await (const { name } of services.control.list('refused/v1/')) {
    const chunks: Uint8Array[] = [];
    for await (const chunk of (await services.control.read(name))?.chunks ?? []) chunks.push(chunk);
    found.set(name.slice('refused/v1/'.length), Buffer.concat(chunks).toString('utf8'));
  }
  return found;
}

describe('messages that are none, among others', () => {
  it('do not keep the others from their work', async () => {
    const isDone = async (): Promise<boolean> =>
      (await services.ledger.readDay('2026-03-02')).filter(({ state }) => state === 'read').length === 2;
    await eventually(isDone);
    expect(await services.ledger.readDay('2026-03-02')).toMatchObject([
      { window: { id: '2026-03-02T10Z' }, state: 'read', rows: 1 },
      { window: { id: '2026-03-02T11Z' }, state: 'read', rows: 0 },
    ]);
    expect(graph.requests.length).toBeGreaterThan(0);
  });

  it('end in the dead letters, each with its reason, which status tells with exit code 3', async () => {
    await eventually(async () => (await status()).found.deadLetters.length === BAD);
    const { code, found } = await status();
    expect(code).toBe(3);
    expect(found.queues).toContainEqual(
      expect.objectContaining({ queue: 'pstn-windows', active: 0, scheduled: 0, deadLetters: 6 }),
    );
    const reasons = Object.fromEntries(found.deadLetters.map(({ messageId, reason }) => [messageId, reason]));
    expect(reasons).toEqual({
      'not-json': 'window job: the body is not JSON',
      version: 'window job: version 2 is unknown, this app reads version 1',
      'half-hours': 'window job: data: from and to must be whole hours',
      reversed: 'window job: data: from must be before to',
      [`../odd id of ${SECRET}`]: 'window job: data: spans more than 90 days',
      types: expect.stringMatching(
        /^window job: expectedRows: .*; data: has fields that are not known$/,
      ) as string,
      'no-date': 'day message: date: must be a date such as 2026-11-23',
      absurd: 'day message: date: must lie in the years 2000 to 2099',
    });
    expect(found.attention).toContainEqual(
      expect.stringMatching(
        /^6 dead letters in pstn-windows: (once "window job: [^"]+", ){5}and other reasons\.$/,
      ),
    );
    const { stdout } = await runInProcess(['status'], environment);
    expect(stdout).toMatch(/^ {2}- 2 dead letters in pstn-days: once "day message: /m);
  });

  it('leave one blob each, made once, with nothing of what they held', async () => {
    const found = await refusals();
    expect([...found.keys()].sort()).toEqual([
      'absurd.json',
      'half-hours.json',
      'no-date.json',
      'not-json.json',
      'reversed.json',
      expect.stringMatching(/^sha256-[0-9a-f]{64}\.json$/),
      'types.json',
      'version.json',
    ]);
    for (const text of found.values()) {
      expect(Object.keys(JSON.parse(text) as object).sort()).toEqual(['queue', 'reason', 'refusedAt', 'v']);
      expect(text).not.toContain(SECRET);
    }
  });
});
