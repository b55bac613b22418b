import { once } from 'node:events';
import { createConnection } from 'node:net';
import type { ServiceBusReceivedMessage } from '@azure/service-bus';
import { afterEach, describe, expect, it } from 'vitest';
import {
  type ServiceBusEndpoint,
  type ServiceBusEndpointOptions,
  startServiceBusEndpoint,
} from '../../../src/local/serviceBus/endpoint.ts';
import { connect, deadLettersOf, isSilent, receiveOne, until } from './target.ts';

const cleanUp: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (let next = cleanUp.pop(); next !== undefined; next = cleanUp.pop()) await next();
});

async function start(options: Partial<ServiceBusEndpointOptions> = {}): Promise<ServiceBusEndpoint> {
  const endpoint = await startServiceBusEndpoint({ queues: ['orders'], maxDeliveryCount: 3, ...options });
  cleanUp.push(() => endpoint.close());
  return endpoint;
}

function clientOf(endpoint: ServiceBusEndpoint) {
  const client = connect(endpoint.connectionString);
  cleanUp.push(() => client.close());
  return client;
}

/** By default the client renews the locks of what it holds. */
const noRenewal = { maxAutoLockRenewalDurationInMs: 0 };

describe('the local Service Bus', () => {
  it('delivers a message again when its lock expires, and refuses the late settlement', async () => {
    const client = clientOf(await start({ lockDurationMs: 200 }));
    const receiver = client.createReceiver('orders', noRenewal);
    await client.createSender('orders').sendMessages({ body: 'x' });
    const first = await receiveOne(receiver);
    const again = await receiveOne(receiver);
    expect(again).toMatchObject({ body: 'x', deliveryCount: 1 });
    await expect(receiver.completeMessage(first)).rejects.toMatchObject({ code: 'MessageLockLost' });
    await expect(receiver.renewMessageLock(first)).rejects.toMatchObject({ code: 'MessageLockLost' });
    await receiver.completeMessage(again);
    expect(await isSilent(receiver)).toBe(true);
  });

  it('dead-letters a message whose lock expired too often, while nobody receives', async () => {
    const endpoint = await start({ lockDurationMs: 50, maxDeliveryCount: 1 });
    const client = clientOf(endpoint);
    await client.createSender('orders').sendMessages({ body: 'x' });
    const receiver = client.createReceiver('orders');
    await receiveOne(receiver);
    await receiver.close();
    const dead = await receiveOne(deadLettersOf(client, 'orders'));
    expect(dead).toMatchObject({ body: 'x', deadLetterReason: 'MaxDeliveryCountExceeded' });
  });

  it('lets a client hold a message beyond the first end of its lock by its own renewals', async () => {
    const endpoint = await start({ lockDurationMs: 500 });
    const client = clientOf(endpoint);
    await client.createSender('orders').sendMessages({ body: 'x' });
    const receiver = client.createReceiver('orders', { maxAutoLockRenewalDurationInMs: 60_000 });
    const message = await receiveOne(receiver);
    const firstEnd = message.lockedUntilUtc?.getTime() ?? Infinity;
    await until('the first lock would have ended', () => Date.now() > firstEnd + 100);
    expect(endpoint.counts('orders')).toMatchObject({ active: 0, locked: 1 });
    await receiver.completeMessage(message);
  });

  it('keeps a lock for as long as its receiver renews it', async () => {
    const endpoint = await start({ lockDurationMs: 1000 });
    const client = clientOf(endpoint);
    await client.createSender('orders').sendMessages({ body: 'x' });
    const receiver = client.createReceiver('orders', noRenewal);
    const message = await receiveOne(receiver);
    const firstEnd = message.lockedUntilUtc?.getTime() ?? Infinity;
    await until('the first lock would have ended', async () => {
      await receiver.renewMessageLock(message);
      return Date.now() > firstEnd;
    });
    expect(endpoint.counts('orders')).toMatchObject({ active: 0, locked: 1 });
    await receiver.completeMessage(message);
  });

  it('counts the messages of a queue', async () => {
    const endpoint = await start();
    const client = clientOf(endpoint);
    const sender = client.createSender('orders');
    await sender.sendMessages([{ body: 1 }, { body: 2 }, { body: 3 }]);
    await sender.sendMessages({ body: 4, scheduledEnqueueTimeUtc: new Date(Date.now() + 3_600_000) });
    const receiver = client.createReceiver('orders');
    await receiver.deadLetterMessage(await receiveOne(receiver));
    await receiveOne(receiver);
    const counts = { active: 1, scheduled: 1, locked: 1, deadLettered: 1 };
    expect(endpoint.counts('orders')).toEqual(counts);
    expect(endpoint.counts('ORDERS')).toEqual(counts);
    expect(() => endpoint.counts('other')).toThrow(/no queue 'other'/);
  });

  it('goes by the clock that it is given', async () => {
    let now = Date.parse('2030-01-01T00:00:00Z');
    const endpoint = await start({ nowMs: () => now });
    const client = clientOf(endpoint);
    await client.createSender('orders').scheduleMessages({ body: 'x' }, new Date('2030-01-01T01:00:00Z'));
    expect(endpoint.counts('orders')).toMatchObject({ active: 0, scheduled: 1 });
    now += 3_600_000;
    expect(endpoint.counts('orders')).toMatchObject({ active: 1, scheduled: 0 });
    const message = await receiveOne(client.createReceiver('orders'));
    expect(message.enqueuedTimeUtc).toEqual(new Date(now));
    expect(message.lockedUntilUtc).toEqual(new Date(now + 60_000));
  });

  it('is found again by its clients after it was started anew on the same port', async () => {
    const first = await start();
    const client = clientOf(first);
    const sender = client.createSender('orders');
    const receiver = client.createReceiver('orders');
    const received: unknown[] = [];
    const faults: unknown[] = [];
    receiver.subscribe(
      {
        processMessage: (message: ServiceBusReceivedMessage) => {
          received.push(message.body);
          return Promise.resolve();
        },
        processError: ({ error }) => {
          faults.push(error);
          return Promise.resolve();
        },
      },
      { maxConcurrentCalls: 4 },
    );
    await sender.sendMessages({ body: 'before' });
    await until('the first message has come', () => received.length === 1);
    await until('it is completed', () => first.counts('orders').locked === 0);
    await first.close();
    const second = await start({ port: first.port });
    await until('a message can be sent', async () => {
      const [sent] = await Promise.allSettled([sender.sendMessages({ body: 'after' })]);
      return sent.status === 'fulfilled';
    });
    await until('the second message has come', () => received.includes('after'));
    await until('it is completed', () => second.counts('orders').locked === 0);
    expect(received[0]).toBe('before');
    await client.close();
  });

  it('closes while clients hold and await messages; they can be closed afterwards', async () => {
    const endpoint = await start();
    const client = clientOf(endpoint);
    await client.createSender('orders').sendMessages([{ body: 1 }, { body: 2 }]);
    const holding = client.createReceiver('orders');
    await receiveOne(holding);
    const waiting = client.createReceiver('orders', { receiveMode: 'receiveAndDelete' });
    const result = waiting.receiveMessages(5, { maxWaitTimeInMs: 60_000 });
    await until('the second message was delivered', () => endpoint.counts('orders').active === 0);
    await endpoint.close();
    // What was received and deleted is not lost to the client that waits for more.
    await expect(result).resolves.toMatchObject([{ body: 2 }]);
    await client.close();
    const socket = createConnection(endpoint.port, '127.0.0.1');
    const [error] = (await once(socket, 'error')) as [NodeJS.ErrnoException];
    expect(error.code).toBe('ECONNREFUSED');
  });

  it('closes although a connection never says anything', async () => {
    const endpoint = await start();
    const socket = createConnection(endpoint.port, '127.0.0.1');
    await once(socket, 'connect');
    const closed = once(socket, 'close');
    await endpoint.close();
    await closed;
    expect(socket.destroyed).toBe(true);
  });

  it('says what to do when its port is taken', async () => {
    const { port } = await start();
    await expect(start({ port })).rejects.toThrow(
      `the local Service Bus cannot listen on 127.0.0.1:${port}: choose another port, or end what holds it`,
    );
  });

  it('survives a client that does not speak AMQP, and tells the log', async () => {
    const warnings: unknown[] = [];
    const endpoint = await start({
      log: {
        info: () => undefined,
        error: () => undefined,
        warn: (event) => void warnings.push(event),
      },
    });
    const socket = createConnection(endpoint.port, '127.0.0.1');
    const closed = once(socket, 'close');
    socket.end('GET / HTTP/1.1\r\n\r\n');
    socket.resume();
    await closed;
    expect(warnings).toEqual(['serviceBusConnectionFailed']);
    const client = clientOf(endpoint);
    await client.createSender('orders').sendMessages({ body: 'x' });
    expect(endpoint.counts('orders').active).toBe(1);
  });
});
