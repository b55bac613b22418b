import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type Gate, startGate } from './gate.ts';

let store: Server;
let gate: Gate;
/** What reached the store. */
let seen: string[];
/** What the rule was met by. */
let met: string[];

beforeEach(async () => {
  [seen, met] = [[], []];
  store = createServer((request, response) => {
    request.setEncoding('utf8');
    let body = '';
    request.on('data', (text: string) => (body += text));
    request.on('end', () => {
      seen.push(`${request.method ?? ''} ${request.url ?? ''} ${body}`);
      response.writeHead(201, { etag: 'e' }).end('stored');
    });
  });
  await new Promise<void>((resolve) => store.listen(0, '127.0.0.1', resolve));
  const origin = `http://127.0.0.1:${(store.address() as AddressInfo).port}`;
  gate = await startGate([origin], (what) => met.push(what));
});

afterEach(async () => {
  await gate.close();
  store.closeAllConnections();
  await new Promise((resolve) => store.close(resolve));
});

const call = async (method: string, path: string, body?: string) => {
  const response = await fetch(`${gate.origins[0] ?? ''}${path}`, {
    method,
    ...(body === undefined ? {} : { body }),
  });
  return { status: response.status, etag: response.headers.get('etag'), text: await response.text() };
};
const write = () => call('PUT', '/account/blob?x=1', 'content');
const STORED = { status: 201, etag: 'e', text: 'stored' };

describe('a gate', () => {
  it('passes requests and answers on as they are', async () => {
    expect(await write()).toEqual(STORED);
    expect(seen).toEqual(['PUT /account/blob?x=1 content']);
  });

  it('holds a request before it is done, and lets it go on', async () => {
    gate.arm({ act: 'holdBefore', skip: 0, writes: true });
    const answer = write();
    await vi.waitFor(() => expect(met).toEqual(['holdBefore PUT /blob']));
    expect(seen).toEqual([]);
    gate.release();
    expect(await answer).toEqual(STORED);
  });

  it('lets a request go on whose sender has gone, or forgets it', async () => {
    for (const goesOn of [true, false]) {
      seen = [];
      met = [];
      gate.arm({ act: 'holdBefore', skip: 0, writes: true });
      const sender = new AbortController();
      const url = `${gate.origins[0] ?? ''}/account/late`;
      const answer = fetch(url, { method: 'PUT', body: 'late', signal: sender.signal });
      await vi.waitFor(() => expect(met).toHaveLength(1));
      sender.abort();
      await expect(answer).rejects.toThrow();
      if (goesOn) gate.release();
      else gate.drop();
      await call('GET', '/account/after');
      await vi.waitFor(() => expect(seen.includes('PUT /account/late late')).toBe(goesOn));
    }
  });

  it('holds an answer after the request was done', async () => {
    gate.arm({ act: 'holdAfter', skip: 0, writes: true });
    const answer = write();
    await vi.waitFor(() => expect(met).toEqual(['holdAfter PUT /blob']));
    expect(seen).toHaveLength(1);
    gate.release();
    expect(await answer).toEqual(STORED);
  });

  it('loses the answer of a request that was done', async () => {
    gate.arm({ act: 'loseAnswer', skip: 0, writes: true });
    await expect(write()).rejects.toThrow();
    expect(seen).toHaveLength(1);
  });

  it('refuses a request, which is not done', async () => {
    gate.arm({ act: 'refuse', skip: 0, writes: true });
    expect((await write()).status).toBe(503);
    expect(seen).toEqual([]);
  });

  it('does so once, to the request after those that pass, and of writes alone if these are meant', async () => {
    gate.arm({ act: 'refuse', skip: 1, writes: true });
    const statuses: number[] = [];
    for (const method of ['PUT', 'GET', 'PUT', 'PUT'])
      statuses.push((await call(method, '/account/x')).status);
    expect(statuses).toEqual([201, 201, 503, 201]);
  });

  it('does nothing once the rule was taken away', async () => {
    gate.arm({ act: 'refuse', skip: 0, writes: false });
    gate.disarm();
    expect(await write()).toEqual(STORED);
  });
});
