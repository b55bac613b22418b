import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { ServiceBusClient } from '@azure/service-bus';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { COMMAND_PATIENCE } from '../../src/app/patience.ts';
import { startServiceBusEndpoint } from '../../src/local/serviceBus/endpoint.ts';
import { azureSender } from '../../src/queues/azureSender.ts';
import { toMessage } from '../../src/queues/messages.ts';
import { QUEUE_NAMES, type QueueName } from '../../src/queues/names.ts';
import { azurePeeker } from '../../src/queues/peek.ts';

let endpoint: Awaited<ReturnType<typeof startServiceBusEndpoint>>;
let client: ServiceBusClient;

beforeAll(async () => {
  endpoint = await startServiceBusEndpoint({ queues: QUEUE_NAMES, maxDeliveryCount: 10 });
  client = new ServiceBusClient(endpoint.connectionString);
});
afterAll(async () => {
  await client.close();
  await endpoint.close();
});

const day = (i: number) => toMessage({ date: new Date(Date.UTC(2026, 0, 1 + i)).toISOString().slice(0, 10) });

describe('queues over the Azure SDK', () => {
  it('deliver the body as it was sent, with no other top-level property', async () => {
    await azureSender(client).send('pstn-parquet', day(0));
    const receiver = client.createReceiver('pstn-parquet');
    const [message] = await receiver.receiveMessages(1);
    expect(message?.body).toEqual({ v: 1, data: { date: '2026-01-01' } });
    expect(message?.contentType).toBe('application/json');
    if (message !== undefined) await receiver.completeMessage(message);
    await receiver.close();
  });

  it('take more messages than fit in one batch, and show them by peeking, each time anew', async () => {
    const many = Array.from({ length: 600 }, (_, i) => day(i));
    await azureSender(client).sendAll('pstn-days', many);
    await azureSender(client).send('pstn-days', day(1), { delayMs: 3_600_000 });
    const peeker = azurePeeker(client);
    for (let look = 0; look < 2; look += 1) {
      expect(await peeker.figures('pstn-days')).toEqual({
        queue: 'pstn-days',
        active: 600,
        scheduled: 1,
        deadLetters: 0,
        orMore: false,
      });
    }
  });

  it('say "or more" beyond a thousand', async () => {
    await azureSender(client).sendAll(
      'pstn-windows',
      Array.from({ length: 1200 }, (_, i) => day(i)),
    );
    expect(await azurePeeker(client).figures('pstn-windows')).toMatchObject({ active: 1000, orMore: true });
  });

  it('show dead letters with their reason', async () => {
    await azureSender(client).send('pstn-alerts', day(3));
    const receiver = client.createReceiver('pstn-alerts');
    const [message] = await receiver.receiveMessages(1);
    if (message === undefined) throw new Error('no message');
    await receiver.deadLetterMessage(message, {
      deadLetterReason: 'TooBad',
      deadLetterErrorDescription: 'it was bad',
    });
    await receiver.close();
    const peeker = azurePeeker(client);
    for (let look = 0; look < 2; look += 1) {
      expect(await peeker.deadLetters('pstn-alerts')).toEqual([
        {
          queue: 'pstn-alerts',
          messageId: message.messageId,
          sequenceNumber: message.sequenceNumber?.toString(),
          enqueuedAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT/) as string,
          reason: 'TooBad',
          description: 'it was bad',
          deliveryCount: expect.any(Number) as number,
          body: day(3),
        },
      ]);
    }
    expect(await peeker.figures('pstn-alerts')).toMatchObject({ active: 0, deadLetters: 1 });
  });

  it('that do not exist are named, with the place, whoever asks', async () => {
    const nowhere = 'pstn-nowhere' as QueueName;
    const missing = { name: 'QueueError', kind: 'missing', queue: nowhere };
    await expect(azurePeeker(client).figures(nowhere)).rejects.toMatchObject(missing);
    await expect(azureSender(client).send(nowhere, day(0))).rejects.toMatchObject(missing);
    await expect(azureSender(client).sendAll(nowhere, [day(0)])).rejects.toThrow(
      'queue pstn-nowhere at 127.0.0.1',
    );
  });

  it('that cannot be reached are said to be so', async () => {
    const { serviceBus: retryOptions } = COMMAND_PATIENCE;
    const away = new ServiceBusClient(
      'Endpoint=sb://127.0.0.1:1;SharedAccessKeyName=all;SharedAccessKey=k;UseDevelopmentEmulator=true;',
      { retryOptions },
    );
    await expect(azurePeeker(away).figures('pstn-days')).rejects.toMatchObject({
      kind: 'unreachable',
      message: 'queue pstn-days at 127.0.0.1 cannot be reached (ECONNREFUSED)',
    });
    await away.close();
  });

  it('that take the connection and stay silent are given up in time', async () => {
    const silent = createServer((socket) => socket.on('error', () => undefined));
    await once(silent.listen(0, '127.0.0.1'), 'listening');
    const { port } = silent.address() as AddressInfo;
    const away = new ServiceBusClient(
      `Endpoint=sb://127.0.0.1:${port};SharedAccessKeyName=all;SharedAccessKey=k;UseDevelopmentEmulator=true;`,
      { retryOptions: { maxRetries: 0, timeoutInMs: 300 } },
    );
    const silence = { kind: 'unreachable', message: 'queue pstn-days at 127.0.0.1 did not answer in time' };
    await expect(azurePeeker(away).figures('pstn-days')).rejects.toMatchObject(silence);
    await expect(azureSender(away).send('pstn-days', day(0))).rejects.toMatchObject(silence);
    silent.close();
  });
});
