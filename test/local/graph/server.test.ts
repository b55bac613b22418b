import { afterEach, describe, expect, it } from 'vitest';

import { COLUMNS } from '../../../src/graph/columns.ts';
import { frozenClock } from '../../../src/runtime/clock.ts';
import {
  startSimulatedGraph,
  type SimulatedGraph,
  type SimulatedGraphOptions,
} from '../../../src/local/graph/server.ts';
import { LATER, rowsOf, textOf } from './support.ts';

interface Body {
  '@odata.context': string;
  '@odata.count': number;
  '@odata.nextLink'?: string;
  value: Record<string, unknown>[];
}

const FROM = '2026-11-09T00:00:00Z';
const TO = '2026-11-13T12:00:00Z';
const PATH = '/v1.0/communications/callRecords/getPstnCalls';
const TARGET = `${PATH}(fromDateTime=${FROM},toDateTime=${TO})`;
const headers = { authorization: 'Bearer anything' };

let graph: SimulatedGraph | undefined;
const start = async (options: Partial<SimulatedGraphOptions> = {}): Promise<SimulatedGraph> => {
  graph = await startSimulatedGraph({
    clock: frozenClock(LATER),
    users: 40,
    requestsPerMinute: 1_000,
    ...options,
  });
  return graph;
};
const page = async (url: string): Promise<Body> => (await (await fetch(url, { headers })).json()) as Body;
const errorOf = async (response: Response) =>
  ((await response.json()) as { error: Record<string, unknown> }).error;

afterEach(async () => {
  await graph?.close();
  graph = undefined;
});

describe('paging', () => {
  it('of 1,000 rows, followed by nextLink, gives exactly the rows of the range, each once', async () => {
    const { url, tenant } = await start();
    const pages = [];
    for (
      let next: string | undefined = `${url}${TARGET}`;
      next !== undefined;
      next = pages.at(-1)?.['@odata.nextLink']
    ) {
      pages.push(await page(next));
    }
    const expected = rowsOf(tenant, FROM, TO).map((row) => row.id);
    expect(expected.length).toBeGreaterThan(2_000);
    expect(pages.flatMap(({ value }) => value.map((row) => row.id))).toEqual(expected);
    expect(pages.map((each) => each['@odata.count'])).toEqual([1_000, 1_000, expected.length - 2_000]);
  });

  it("writes nextLinks as Microsoft's example, under the path and origin that were asked", async () => {
    const { url } = await start();
    const path = '/beta/communications/callRecords/microsoft.graph.callRecords.getPstnCalls';
    const local = url.replace('127.0.0.1', 'localhost');
    const body = await page(
      `${local}${path}(fromDateTime=2026-11-09T00%3A00%3A00%2B00%3A00,toDateTime=2026-11-14)`,
    );
    expect(body['@odata.nextLink']).toBe(
      `${local}${path}(from=2026-11-09T00:00:00%2B00:00,to=2026-11-14)?$skip=1000`,
    );
    expect((await page(body['@odata.nextLink'] ?? '')).value.length).toBe(1_000);
  });

  it('has no nextLink when exactly the last row is on the page, and an empty page for an empty range', async () => {
    const { url, tenant } = await start();
    const rows = rowsOf(tenant, FROM, TO);
    const until = textOf(rows[999]?.startDateTime);
    const full = await page(`${url}${PATH}(fromDateTime=${FROM},toDateTime=${until})`);
    expect([full.value.length, full['@odata.nextLink']]).toEqual([1_000, undefined]);
    const none = await page(`${url}${PATH}(fromDateTime=2030-01-01,toDateTime=2030-01-02)`);
    expect([none.value, none['@odata.count'], none['@odata.nextLink']]).toEqual([[], 0, undefined]);
  });

  it('leaves the columns of beta out of v1.0', async () => {
    const { url } = await start();
    const names = COLUMNS.map((column) => column.name);
    const stable = await page(`${url}${TARGET}`);
    const beta = await page(`${url}${TARGET.replace('v1.0', 'beta')}`);
    expect(Object.keys(stable.value[0] ?? {})).toEqual(names.slice(0, 23));
    expect(Object.keys(beta.value[0] ?? {})).toEqual(names);
    expect(beta['@odata.context']).toBe(
      `${url}/beta/$metadata#Collection(microsoft.graph.callRecords.pstnCallLogRow)`,
    );
  });

  it('shows what is published by the clock that it was given, as time goes on', async () => {
    let nowMs = Date.parse('2026-11-09T23:00:00Z');
    const { url } = await start({ clock: { nowMs: () => nowMs } });
    expect((await page(`${url}${TARGET}`)).value).toEqual([]);
    nowMs = LATER;
    expect((await page(`${url}${TARGET}`)).value.length).toBe(1_000);
  });
});

describe('an answer', () => {
  it('carries request ids, the date and the diagnostic header', async () => {
    const { url } = await start();
    const response = await fetch(`${url}${TARGET}`, {
      headers: { ...headers, 'client-request-id': 'mine-1' },
    });
    await response.arrayBuffer();
    expect(response.headers.get('client-request-id')).toBe('mine-1');
    expect(response.headers.get('request-id')).toMatch(/^[0-9a-f-]{36}$/);
    expect(response.headers.get('date')).toBeTruthy();
    expect(response.headers.get('x-ms-ags-diagnostic')).toContain('ServerInfo');
    expect(response.headers.get('content-type')).toContain('application/json');
  });

  it('is logged, without the token', async () => {
    const { url, requests, counters } = await start();
    await page(`${url}${TARGET}`);
    await fetch(`${url}/v1.0/me`);
    expect(requests()).toMatchObject([
      { method: 'GET', target: TARGET, status: 200, rows: 1_000, withToken: true, trap: undefined },
      { target: '/v1.0/me', status: 401, rows: 0, withToken: false },
    ]);
    expect(JSON.stringify(requests())).not.toContain('anything');
    expect(counters()).toMatchObject({ requests: 2, rows: 1_000, byStatus: { 200: 1, 401: 1 } });
  });
});

describe('a refusal', () => {
  it.each([
    [undefined, 401],
    ['Basic abc', 401],
    ['Bearer ', 401],
    ['Bearer foreign', 401],
    ['Bearer ours', 200],
  ])('of the authorization %s is %d where a token was agreed', async (authorization, status) => {
    const { url } = await start({ token: 'ours' });
    const response = await fetch(
      `${url}${TARGET}`,
      authorization === undefined ? {} : { headers: { authorization } },
    );
    expect(response.status).toBe(status);
    if (status === 401) expect((await errorOf(response)).code).toBe('InvalidAuthenticationToken');
  });

  it.each([
    [`${PATH}(fromDateTime=2026-01-01,toDateTime=2026-05-01)`, 406, 'NotAcceptable'],
    [`${PATH}(fromDateTime=,toDateTime=)`, 400, 'BadRequest'],
    ['/v1.0/communications/callRecords/getOther()', 404, 'ResourceNotFound'],
    [TARGET.replace('v1.0', 'v9'), 404, 'ResourceNotFound'],
  ])("of %s is %d, in Graph's form", async (target, status, code) => {
    const { url } = await start();
    const response = await fetch(`${url}${target}`, { headers });
    expect(response.status).toBe(status);
    expect(await errorOf(response)).toMatchObject({
      code,
      message: expect.any(String) as string,
      innerError: { 'request-id': response.headers.get('request-id') },
    });
  });

  it.each(['POST', 'DELETE'])('of the method %s is 405', async (method) => {
    const { url } = await start();
    const response = await fetch(`${url}${TARGET}`, { method, headers });
    expect([response.status, response.headers.get('allow')]).toEqual([405, 'GET']);
  });

  it('of a port that is taken says so', async () => {
    const { url } = await start();
    await expect(
      startSimulatedGraph({ clock: frozenClock(0), port: Number(new URL(url).port) }),
    ).rejects.toThrow(/cannot listen on 127\.0\.0\.1:\d+ .*EADDRINUSE.*choose another port/);
  });
});

describe('the limits', () => {
  const statuses = async (url: string, count: number): Promise<Response[]> => {
    const responses = [];
    for (let sent = 0; sent < count; sent += 1) responses.push(await fetch(url, { headers }));
    return responses;
  };

  it('of the collection: 429 with the seconds to wait and the documented body', async () => {
    const { url, counters } = await start({ requestsPerMinute: 3 });
    const responses = await statuses(`${url}${TARGET}`, 5);
    expect(responses.map(({ status }) => status)).toEqual([200, 200, 200, 429, 429]);
    const [, , , refused] = responses;
    if (refused === undefined) throw new Error('no answer');
    const seconds = Number(refused.headers.get('retry-after'));
    expect(seconds).toBeGreaterThan(50);
    expect(seconds).toBeLessThanOrEqual(60);
    expect(await errorOf(refused)).toEqual({
      code: 'TooManyRequests',
      message: 'Please retry again later.',
      innerError: {
        code: '429',
        date: '2027-02-01T00:00:00',
        message: 'Please retry after',
        'request-id': refused.headers.get('request-id'),
        status: '429',
      },
    });
    expect(counters()).toMatchObject({ duringRetryAfter: 1, byStatus: { 200: 3, 429: 2 } });
  });

  it('of the app, over everything it asks', async () => {
    const { url } = await start({ appRequestsPerMinute: 2 });
    const responses = await statuses(`${url}/v1.0/me`, 3);
    expect(responses.map(({ status }) => status)).toEqual([404, 404, 429]);
  });

  it('of the collection, over nothing but the collection', async () => {
    const { url } = await start({ requestsPerMinute: 1 });
    await statuses(`${url}/v1.0/me`, 2);
    expect((await fetch(`${url}${TARGET}`, { headers })).status).toBe(200);
  });

  it('let others pass: a request without a token counts for nobody', async () => {
    const { url } = await start({ requestsPerMinute: 1 });
    await fetch(`${url}${TARGET}`);
    expect((await fetch(`${url}${TARGET}`, { headers })).status).toBe(200);
  });
});

describe('close', () => {
  it('ends requests that wait for their answer, and may be called twice', async () => {
    const { url, close, requests } = await start({ latencyMs: { min: 60_000, max: 90_000 } });
    const waiting = fetch(`${url}${TARGET}`, { headers });
    const outcome = waiting.then(
      () => 'answered',
      () => 'ended',
    );
    await expect.poll(() => requests().length).toBe(1);
    await close();
    await close();
    expect(await outcome).toBe('ended');
  });
});
