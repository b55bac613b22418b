import { once } from 'node:events';
import { createServer } from 'node:net';
import { ServiceBusClient } from '@azure/service-bus';
import { afterEach, describe, expect, test, vi } from 'vitest';
import {
  startFunctionHost,
  type FunctionHost,
  type FunctionHostOptions,
} from '../../../src/local/host/host.ts';
import { startServiceBusEndpoint } from '../../../src/local/serviceBus/endpoint.ts';
import { systemClock } from '../../../src/runtime/clock.ts';
import type { Log, LogFields } from '../../../src/runtime/log.ts';
import { appFolder, entry } from './appFolder.ts';

interface LogEntry {
  level: string;
  event: string;
  fields: LogFields;
}

const cleanups: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

/** A host over one entry file, with queues of its own. */
async function start(
  body: string,
  options: Partial<FunctionHostOptions> & {
    hostJson?: Record<string, unknown>;
    lockDurationMs?: number;
  } = {},
) {
  const folder = await appFolder({
    'functions/app.mjs': entry(body),
    'host.json': JSON.stringify({ version: '2.0', ...options.hostJson }),
  });
  cleanups.push(() => folder.remove());
  const bus = await startServiceBusEndpoint({
    queues: ['food'],
    maxDeliveryCount: 3,
    ...(options.lockDurationMs === undefined ? {} : { lockDurationMs: options.lockDurationMs }),
  });
  cleanups.push(() => bus.close());
  const client = new ServiceBusClient(bus.connectionString);
  cleanups.push(() => client.close());
  const entries: LogEntry[] = [];
  const write =
    (level: string) =>
    (event: string, fields: LogFields = {}) =>
      void entries.push({ level, event, fields });
  const log: Log = { info: write('info'), warn: write('warn'), error: write('error') };
  const host = await startFunctionHost({
    appRoot: folder.root,
    serviceBusConnectionString: bus.connectionString,
    clock: systemClock,
    log,
    ...options,
  });
  cleanups.push(() => host.stop());
  const lines = () =>
    entries.filter((line) => line.event === 'function log').map((line) => line.fields['message']);
  return { host, bus, client, entries, lines };
}

const eventually = (check: () => void) => vi.waitFor(check, { timeout: 20_000, interval: 10 });

describe('queue functions', () => {
  const queue = (handler: string) =>
    `app.serviceBusQueue('eat', { connection: 'Bus', queueName: '%FOOD%', handler: ${handler} });`;
  const environment = { FOOD: 'food' };

  test('get the body and the metadata that the cloud gives, and complete the message', async () => {
    const { bus, client, lines } = await start(
      queue('(body, context) => context.log(JSON.stringify([body, context.triggerMetadata]))'),
      { environment },
    );
    await client.createSender('food').sendMessages({
      body: { v: 1, data: { n: 1.5 }, Subject: 'from the body', none: null, list: [1] },
      messageId: '1e3',
      subject: 'from the message',
      applicationProperties: { Kind: 'soup', Deep: 2 },
    });
    await eventually(() => expect(lines()).toHaveLength(1));
    const [body, metadata] = JSON.parse(String(lines()[0])) as [unknown, Record<string, unknown>];
    expect(body).toEqual({ v: 1, data: { n: 1.5 }, Subject: 'from the body', none: null, list: [1] });
    expect(metadata).toMatchObject({
      deliveryCount: 1,
      messageId: 1000,
      subject: 'from the body',
      label: 'from the message',
      v: 1,
      data: { n: 1.5 },
      applicationProperties: { kind: 'soup', deep: 2 },
      userProperties: { kind: 'soup', deep: 2 },
      sequenceNumber: 1,
      enqueuedTime: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+\+00:00$/) as string,
      enqueuedTimeUtc: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+$/) as string,
    });
    expect(metadata).not.toHaveProperty('none');
    expect(metadata).not.toHaveProperty('list');
    await eventually(() =>
      expect(bus.counts('food')).toMatchObject({ active: 0, locked: 0, deadLettered: 0 }),
    );
  });

  test('get a text as it was sent when it is not JSON', async () => {
    const { client, lines } = await start(queue('(body, context) => context.log(typeof body, body)'), {
      environment,
    });
    await client.createSender('food').sendMessages({ body: Buffer.from('{soup') });
    await eventually(() => expect(lines()).toEqual(['string {soup']));
  });

  test('that throw get the message again at once, until the queue dead-letters it', async () => {
    const { bus, client, entries } = await start(
      queue(`(body, context) => { throw new Error('attempt ' + context.triggerMetadata.deliveryCount); }`),
      { environment },
    );
    await client.createSender('food').sendMessages({ body: 'x' });
    await eventually(() => expect(bus.counts('food').deadLettered).toBe(1));
    const failures = entries.filter((line) => line.event === 'function failed');
    expect(failures.map((line) => /attempt \d/.exec(String(line.fields['error']))?.[0])).toEqual([
      'attempt 1',
      'attempt 2',
      'attempt 3',
    ]);
    expect(failures[0]?.fields).toMatchObject({
      function: 'eat',
      invocationId: expect.any(String) as string,
    });
    expect(new Set(failures.map((line) => line.fields['invocationId'])).size).toBe(3);
  });

  test('lose no outcome when one succeeds as its neighbour fails', async () => {
    const { bus, client, lines } = await start(
      `globalThis.open = []; ${queue(`async ({ n }, context) => {
        await new Promise((resolve) => globalThis.open.push(resolve));
        if (n % 2 === 1) throw new Error('refused');
        context.log(n);
      }`)}`,
      { environment, hostJson: { extensions: { serviceBus: { maxConcurrentCalls: 2 } } } },
    );
    const { open } = globalThis as unknown as { open: (() => void)[] };
    const numbers = Array.from({ length: 20 }, (_, n) => n);
    await client.createSender('food').sendMessages(numbers.map((n) => ({ body: { n } })));
    await eventually(() => {
      // Those that wait end in one turn of the event loop.
      for (const resolve of open.splice(0)) resolve();
      expect(bus.counts('food')).toMatchObject({ active: 0, locked: 0, deadLettered: 10 });
    });
    expect(
      lines()
        .map(Number)
        .sort((a, b) => a - b),
    ).toEqual(numbers.filter((n) => n % 2 === 0));
  });

  test('run as many at once as host.json allows', async () => {
    const { host, bus, client } = await start(
      `globalThis.open = []; ${queue('() => new Promise((resolve) => globalThis.open.push(resolve))')}`,
      { environment, hostJson: { extensions: { serviceBus: { maxConcurrentCalls: 3 } } } },
    );
    const { open } = globalThis as unknown as { open: (() => void)[] };
    await client.createSender('food').sendMessages(Array.from({ length: 5 }, () => ({ body: 'x' })));
    await eventually(() => expect(host.running()).toBe(3));
    expect(bus.counts('food')).toMatchObject({ active: 2, locked: 3 });
    open.splice(0).forEach((resolve) => resolve());
    await eventually(() => expect(open).toHaveLength(2));
    open.splice(0).forEach((resolve) => resolve());
    await host.idle();
    await eventually(() => expect(bus.counts('food')).toMatchObject({ active: 0, locked: 0 }));
  });

  test('keep their lock for longer than the queue gives it', async () => {
    const { bus, client, lines } = await start(
      queue(`async (body, context) => {
        await new Promise((resolve) => setTimeout(resolve, 4500));
        context.log('done', context.triggerMetadata.deliveryCount);
      }`),
      { environment, lockDurationMs: 2000 },
    );
    await client.createSender('food').sendMessages({ body: 'x' });
    await eventually(() => expect(lines()).toEqual(['done 1']));
    await eventually(() =>
      expect(bus.counts('food')).toMatchObject({ active: 0, locked: 0, deadLettered: 0 }),
    );
  });

  test('finish what they have begun when the host stops, and leave the rest in the queue', async () => {
    const { host, bus, client, lines } = await start(
      `globalThis.open = []; ${queue(`async (body, context) => {
        await new Promise((resolve) => globalThis.open.push(resolve));
        context.log('finished');
      }`)}`,
      { environment, hostJson: { extensions: { serviceBus: { maxConcurrentCalls: 1 } } } },
    );
    const { open } = globalThis as unknown as { open: (() => void)[] };
    await client.createSender('food').sendMessages([{ body: '1' }, { body: '2' }]);
    await eventually(() => expect(open).toHaveLength(1));
    const stopped = host.stop();
    open[0]?.();
    await stopped;
    expect(lines()).toEqual(['finished']);
    expect(open).toHaveLength(1);
    expect(bus.counts('food')).toMatchObject({ active: 1, locked: 0, deadLettered: 0 });
    expect(host.running()).toBe(0);
  });

  test('do not hold up the stop for ever', async () => {
    const { host, client, entries } = await start(queue('() => new Promise(() => {})'), {
      environment,
      stopTimeoutMs: 50,
    });
    await client.createSender('food').sendMessages({ body: 'x' });
    await eventually(() => expect(host.running()).toBe(1));
    await host.stop();
    expect(entries).toContainEqual({
      level: 'warn',
      event: 'not stopped in order',
      fields: { what: 'invocations', running: 1, error: 'Error: not done within 50 ms' },
    });
  });

  test('need a queue that is there', async () => {
    await expect(start(queue('() => {}'), { environment: { FOOD: 'drinks' } })).rejects.toThrow(
      /Function eat: the queue drinks at 127\.0\.0\.1.* cannot be read/,
    );
    await expect(start(queue('() => {}'), { environment: {} })).rejects.toThrow(
      /the setting FOOD is not set/,
    );
  });
});

describe('timer functions', () => {
  const timer = `app.timer('tick', { schedule: '0 0 0 1 1 *', handler: (timer, context) => {
    if (process.env.TICK_FAILS) throw new Error('no tick');
    context.warn(JSON.stringify(timer));
  } });`;

  test('get the timer as the cloud gives it, by hand too', async () => {
    const { host, entries } = await start(timer, { timers: false });
    await host.invokeTimer('Tick');
    expect(entries).toEqual([
      {
        level: 'warn',
        event: 'function log',
        fields: {
          function: 'tick',
          invocationId: expect.any(String) as string,
          message: expect.any(String) as string,
        },
      },
    ]);
    expect(JSON.parse(String(entries[0]?.fields['message']))).toMatchObject({
      schedule: { adjustForDST: true },
      scheduleStatus: {
        last: '0001-01-01T00:00:00+00:00',
        next: expect.stringMatching(/-01-01T00:00:00\+00:00$/) as string,
      },
      isPastDue: false,
    });
  });

  test('fire by their schedule', async () => {
    const { lines } = await start(
      `app.timer('tick', { schedule: '* * * * * *', handler: (timer, context) => context.log('tick') });`,
    );
    await eventually(() => expect(lines().length).toBeGreaterThanOrEqual(2));
  });

  test('are known by name', async () => {
    const { host } = await start(timer, { timers: false });
    await expect(host.invokeTimer('tock')).rejects.toThrow(/no timer function tock/);
  });
});

describe('HTTP functions', () => {
  test('get method, query, parameters, headers and body, and answer through the library', async () => {
    const { host } = await start(`
      app.http('echo', { methods: ['POST'], route: 'echo/{name}/{more?}', authLevel: 'anonymous',
        handler: async (request) => ({
          status: 201,
          headers: { 'x-kind': request.headers.get('x-kind') },
          cookies: [{ name: 'c', value: '1', path: '/', httpOnly: true, sameSite: 'Lax' }],
          jsonBody: { method: request.method, url: request.url, params: request.params,
            query: [...request.query], body: await request.json() } }) });`);
    const response = await fetch(`${host.httpUrl}/api/echo/a%20b?x=1&x=2&y=`, {
      method: 'POST',
      headers: { 'x-kind': 'soup' },
      body: JSON.stringify({ n: 1 }),
    });
    expect(response.status).toBe(201);
    expect(response.headers.get('x-kind')).toBe('soup');
    expect(response.headers.get('content-type')).toBe('application/json');
    expect(response.headers.get('set-cookie')).toBe('c=1; Path=/; HttpOnly; SameSite=Lax');
    expect(await response.json()).toEqual({
      method: 'POST',
      url: `${host.httpUrl}/api/echo/a%20b?x=1&x=2&y=`,
      params: { name: 'a b' },
      query: [
        ['x', '1,2'],
        ['y', ''],
      ],
      body: { n: 1 },
    });
  });

  test('take and give bytes and streams', async () => {
    const { host } = await start(`
      app.http('back', { methods: ['PUT'], authLevel: 'anonymous',
        handler: (request) => ({ body: request.body }) });`);
    const bytes = Buffer.from(Array.from({ length: 300_000 }, (_, i) => i % 256));
    const response = await fetch(`${host.httpUrl}/api/back`, { method: 'PUT', body: bytes });
    expect(Buffer.compare(Buffer.from(await response.arrayBuffer()), bytes)).toBe(0);
  });

  test('open by the key alone where they ask for it', async () => {
    const { host } = await start(
      ['anonymous', 'function', 'admin']
        .map((level) => `app.http('${level}', { authLevel: '${level}', handler: () => ({ body: 'in' }) });`)
        .join('\n'),
      { functionKey: 'open sesame', hostJson: { extensions: { http: { routePrefix: '' } } } },
    );
    expect(host.functionKey).toBe('open sesame');
    const status = async (path: string, headers: Record<string, string> = {}) =>
      (await fetch(`${host.httpUrl}/${path}`, { headers })).status;
    expect(await status('anonymous')).toBe(200);
    for (const level of ['function', 'admin']) {
      expect(await status(level)).toBe(401);
      expect(await status(level, { 'x-functions-key': 'open' })).toBe(401);
      expect(await status(`${level}?code=`)).toBe(401);
      expect(await status(level, { 'x-functions-key': 'open sesame' })).toBe(200);
      expect(await status(`${level}?code=open%20sesame`)).toBe(200);
    }
  });

  test('are 404 for other paths and methods, 204 without an answer, 500 without a word when they throw', async () => {
    const { host, entries } = await start(`
      app.http('none', { authLevel: 'anonymous', handler: () => {} });
      app.http('bad', { authLevel: 'anonymous', handler: () => 'text' });
      app.http('fail', { authLevel: 'anonymous', handler: () => { throw new Error('secret'); } });`);
    const get = async (path: string, method = 'GET') => {
      const response = await fetch(`${host.httpUrl}${path}`, { method });
      return [response.status, await response.text()];
    };
    expect(await get('/api/none')).toEqual([204, '']);
    expect(await get('/none')).toEqual([404, '']);
    expect(await get('/api/none', 'DELETE')).toEqual([404, '']);
    expect(await get('/')).toEqual([404, '']);
    expect(await get('/api/bad')).toEqual([500, '']);
    expect(await get('/api/fail')).toEqual([500, '']);
    expect(entries.map((line) => [line.event, line.fields['function']])).toEqual([
      ['function failed', 'bad'],
      ['function failed', 'fail'],
    ]);
  });

  test('answer on the loopback interface only, and not after the stop', async () => {
    const { host } = await start(`app.http('a', { authLevel: 'anonymous', handler: () => ({}) });`);
    expect(new URL(host.httpUrl).hostname).toBe('127.0.0.1');
    expect((await fetch(`${host.httpUrl}/api/a`)).status).toBe(200);
    await host.stop();
    await host.stop();
    await expect(fetch(`${host.httpUrl}/api/a`)).rejects.toThrow();
  });

  test('need a port that is free', async () => {
    const taken = createServer().listen(0, '127.0.0.1');
    await once(taken, 'listening');
    cleanups.push(() => new Promise((resolve) => taken.close(resolve)));
    const address = taken.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    await expect(
      start(`app.http('a', { authLevel: 'anonymous', handler: () => ({}) });`, { port }),
    ).rejects.toThrow(new RegExp(`cannot be served at 127\\.0\\.0\\.1:${port}.*EADDRINUSE`));
  });
});

describe('startFunctionHost', () => {
  test('lists the functions that the filter lets through, and starts no other', async () => {
    const body = `
      app.http('one', { authLevel: 'anonymous', handler: () => ({}) });
      app.http('two', { authLevel: 'anonymous', handler: () => ({}) });`;
    const { host } = await start(body, { functionsFilter: (fn) => fn.name === 'two' });
    expect(host.functions.map((fn) => fn.name)).toEqual(['two']);
    expect((await fetch(`${host.httpUrl}/api/one`)).status).toBe(404);
    expect((await fetch(`${host.httpUrl}/api/two`)).status).toBe(200);
  });

  test('runs hooks as the worker does: they see and change inputs, handler and result', async () => {
    const { host, lines } = await start(`
      app.hook.appStart(() => { globalThis.hooked = ['start']; });
      app.hook.appTerminate(() => { globalThis.hooked.push('end'); });
      app.hook.preInvocation((context) => { context.hookData.n = 1; context.inputs[0] = 'changed'; });
      app.hook.postInvocation((context) => {
        globalThis.hooked.push(context.hookData.n, context.result);
        context.result = { body: 'other' };
      });
      app.hook.log((context) => { context.message = '> ' + context.message; });
      app.http('hooked', { authLevel: 'anonymous',
        handler: (request, context) => { context.log(request); return { body: 'own' }; } });`);
    expect(await (await fetch(`${host.httpUrl}/api/hooked`)).text()).toBe('other');
    expect(lines()).toEqual(['> changed']);
    await host.stop();
    expect((globalThis as unknown as { hooked: unknown[] }).hooked).toEqual([
      'start',
      1,
      { body: 'own' },
      'end',
    ]);
  });

  test('logs an invocation that takes longer than the function timeout', async () => {
    const { host, entries } = await start(
      `app.http('slow', { authLevel: 'anonymous',
         handler: () => new Promise((resolve) => setTimeout(() => resolve({}), 1500)) });`,
      { hostJson: { functionTimeout: '00:00:01' } },
    );
    expect((await fetch(`${host.httpUrl}/api/slow`)).status).toBe(200);
    expect(entries).toEqual([
      {
        level: 'error',
        event: 'function timeout',
        fields: { function: 'slow', invocationId: expect.any(String) as string, timeoutMs: 1000 },
      },
    ]);
  });

  test('runs twice in one process, each with functions of its own', async () => {
    const hosts: FunctionHost[] = [];
    for (const text of ['one', 'two']) {
      const body = `app.http('say', { authLevel: 'anonymous', handler: () => ({ body: '${text}' }) });`;
      hosts.push((await start(body)).host);
    }
    const answers = hosts.map(async (host) => (await fetch(`${host.httpUrl}/api/say`)).text());
    expect(await Promise.all(answers)).toEqual(['one', 'two']);
  });
});
