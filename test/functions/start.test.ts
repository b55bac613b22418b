import { ServiceBusClient } from '@azure/service-bus';
import { expect, it, vi } from 'vitest';
import { type FunctionHost, startFunctionHost } from '../../src/local/host/host.ts';
import { findAppRoot } from '../../src/local/pipeline/appRoot.ts';
import { startServiceBusEndpoint } from '../../src/local/serviceBus/endpoint.ts';
import { azurePeeker } from '../../src/queues/peek.ts';
import { QUEUE_NAMES } from '../../src/queues/names.ts';
import { systemClock } from '../../src/runtime/clock.ts';
import { silentLog } from '../../src/runtime/log.ts';

it('the built app does not start with wrong settings: it names each of them, and nothing runs', async () => {
  const bus = await startServiceBusEndpoint({ queues: QUEUE_NAMES, maxDeliveryCount: 10 });
  const client = new ServiceBusClient(bus.connectionString);
  await client.createSender('pstn-windows').sendMessages({ body: 'nobody may read this' });
  const wrong = {
    DATA_STORAGE: 'AccountName=x;AccountKey=c2VjcmV0',
    ServiceBusConnection: bus.connectionString,
    PLAN_SCHEDULE: 'every hour',
    SETTLE_HOURS: '72h',
  };
  for (const [name, value] of Object.entries(wrong)) vi.stubEnv(name, value);
  const start = (): Promise<FunctionHost> =>
    startFunctionHost({
      appRoot: findAppRoot(),
      serviceBusConnectionString: bus.connectionString,
      clock: systemClock,
      log: silentLog,
    });
  const error = await start().then(
    () => undefined,
    (reason: unknown) => reason as Error,
  );
  expect(error?.name).toBe('ConfigError');
  expect(error?.message.split('\n').map((line) => line.split(' ')[0])).toEqual([
    'PLAN_SCHEDULE',
    'SETTLE_HOURS',
    'DATA_STORAGE',
  ]);
  expect(error?.message).not.toContain('c2VjcmV0');
  expect(await azurePeeker(client).figures('pstn-windows')).toMatchObject({ active: 1, deadLetters: 0 });
  vi.unstubAllEnvs();
  await client.close();
  await bus.close();
});
