import { afterEach, describe, expect, it } from 'vitest';

import { frozenClock } from '../../../../src/runtime/clock.ts';
import { startSimulatedGraph, type SimulatedGraph } from '../../../../src/local/graph/server.ts';
import type { TrapName } from '../../../../src/local/graph/traps/transportTraps.ts';
import type { Traps } from '../../../../src/local/graph/traps/traps.ts';
import { LATER, rowsOf } from '../support.ts';

const FROM = '2026-11-09T00:00:00Z';
const TO = '2026-11-13T12:00:00Z';
const TARGET = `/v1.0/communications/callRecords/getPstnCalls(fromDateTime=${FROM},toDateTime=${TO})`;
const SMALL_TARGET = TARGET.replace(TO, '2026-11-09T08:00:00Z');
const ELSEWHERE = 'https://graph.example.invalid';

let graph: SimulatedGraph | undefined;
const start = async (traps: Partial<Traps>): Promise<SimulatedGraph> => {
  graph = await startSimulatedGraph({
    clock: frozenClock(LATER),
    users: 40,
    requestsPerMinute: 1_000,
    traps,
  });
  return graph;
};
const ask = (url: string): Promise<Response> =>
  fetch(url, {
    headers: { authorization: 'Bearer t' },
    redirect: 'manual',
  });

interface Body {
  '@odata.nextLink'?: string;
  '@odata.count': number;
  value: { id: string; charge: number | null; startDateTime: string }[];
}
const walk = async (url: string): Promise<Body[]> => {
  const pages: Body[] = [];
  for (
    let next: string | undefined = `${url}${TARGET}`;
    next !== undefined;
    next = pages.at(-1)?.['@odata.nextLink']
  ) {
    pages.push((await (await ask(next)).json()) as Body);
  }
  return pages;
};
const idsOf = (pages: Body[]): string[] => pages.flatMap(({ value }) => value.map((row) => row.id));

afterEach(async () => {
  await graph?.close();
  graph = undefined;
});

describe('paging traps', () => {
  it('emptyPages: an empty page with a nextLink before each page, and every row once', async () => {
    const { url, tenant } = await start({ emptyPages: true });
    const pages = await walk(url);
    expect(pages.map((page) => page.value.length > 0)).toEqual([false, true, false, true, false, true]);
    expect(idsOf(pages)).toEqual(rowsOf(tenant, FROM, TO).map((row) => row.id));
  });

  it('repeatRowOnNextPage: the last row of a page again at the beginning of the next', async () => {
    const { url, tenant } = await start({ repeatRowOnNextPage: true });
    const pages = await walk(url);
    expect(pages[1]?.value[0]).toEqual(pages[0]?.value.at(-1));
    expect(pages[1]?.['@odata.count']).toBe(1_001);
    expect([...new Set(idsOf(pages))]).toEqual(rowsOf(tenant, FROM, TO).map((row) => row.id));
    expect(idsOf(pages).length).toBe(new Set(idsOf(pages)).size + pages.length - 1);
  });

  it('changedRowOnNextPage: with another charge', async () => {
    const { url } = await start({ changedRowOnNextPage: true });
    const [first, second] = await walk(url);
    expect(second?.value[0]?.id).toBe(first?.value.at(-1)?.id);
    expect(second?.value[0]?.charge).not.toBe(first?.value.at(-1)?.charge);
  });

  it('shuffledRows: in no order of time', async () => {
    const { url, tenant } = await start({ shuffledRows: true });
    const pages = await walk(url);
    const starts = pages.flatMap(({ value }) => value.map((row) => row.startDateTime));
    expect(starts).not.toEqual([...starts].sort());
    expect(new Set(idsOf(pages)).size).toBe(rowsOf(tenant, FROM, TO).length);
  });
});

describe('status traps', () => {
  it.each<[TrapName, number, string]>([
    ['status401', 401, 'InvalidAuthenticationToken'],
    ['status403', 403, 'Forbidden'],
    ['status429', 429, 'TooManyRequests'],
    ['status500', 500, 'InternalServerError'],
    ['status502', 502, 'BadGateway'],
    ['status503', 503, 'ServiceUnavailable'],
    ['status503Bare', 503, 'ServiceUnavailable'],
    ['status504', 504, 'GatewayTimeout'],
    ['status509', 509, 'BandwidthLimitExceeded'],
  ])('%s: %d with the code %s, for the first two requests', async (name, status, code) => {
    const { url, counters } = await start({ [name]: { first: 2 }, retryAfterSeconds: 7 });
    const responses = [
      await ask(`${url}${TARGET}`),
      await ask(`${url}${TARGET}`),
      await ask(`${url}${TARGET}`),
    ];
    expect(responses.map((response) => response.status)).toEqual([status, status, 200]);
    const [first] = responses;
    expect(await first?.json()).toMatchObject({ error: { code } });
    expect(first?.headers.get('retry-after')).toBe(['status429', 'status503'].includes(name) ? '7' : null);
    expect(counters().byTrap).toEqual({ [name]: 2 });
  });

  it('retryAfterDate: a date that is not too early', async () => {
    const { url } = await start({ status429: {}, retryAfterDate: true, retryAfterSeconds: 60 });
    const before = Date.now();
    const text = (await ask(`${url}${TARGET}`)).headers.get('retry-after') ?? '';
    expect(text).toMatch(/^\w{3}, \d{2} \w{3} \d{4} \d{2}:\d{2}:\d{2} GMT$/);
    expect(Date.parse(text)).toBeGreaterThanOrEqual(before + 60_000);
  });

  it('retryAfterMissing: no header, yet requests before it has passed are counted', async () => {
    const { url, counters } = await start({
      status429: { first: 1 },
      retryAfterMissing: true,
      retryAfterSeconds: 60,
    });
    expect((await ask(`${url}${TARGET}`)).headers.get('retry-after')).toBeNull();
    expect((await ask(`${url}${TARGET}`)).status).toBe(200);
    expect(counters().duringRetryAfter).toBe(1);
  });
});

describe('pages that are not what they claim', () => {
  it('cutBody: JSON that ends in the middle, in a complete message', async () => {
    const { url } = await start({ cutBody: {} });
    const response = await ask(`${url}${TARGET}`);
    const text = await response.text();
    expect(Number(response.headers.get('content-length'))).toBe(Buffer.byteLength(text));
    expect(() => JSON.parse(text) as unknown).toThrow(SyntaxError);
  });

  it('cutConnection: the connection ends within the body', async () => {
    const { url } = await start({ cutConnection: { first: 1 } });
    const response = await ask(`${url}${TARGET}`);
    expect(response.status).toBe(200);
    await expect(response.text()).rejects.toThrow(TypeError);
    expect((await ask(`${url}${TARGET}`)).status).toBe(200);
  });

  it('reset: no answer at all', async () => {
    const { url, requests } = await start({ reset: { first: 1 } });
    await expect(ask(`${url}${TARGET}`)).rejects.toThrow(TypeError);
    expect(requests()[0]).toMatchObject({ trap: 'reset' });
    expect((await ask(`${url}${TARGET}`)).status).toBe(200);
  });

  it('htmlWith200, errorWith200 and noValue: status 200 without rows', async () => {
    const html = await ask(`${(await start({ htmlWith200: {} })).url}${TARGET}`);
    expect([html.status, html.headers.get('content-type')]).toEqual([200, 'text/html; charset=utf-8']);
    await graph?.close();
    const error = await ask(`${(await start({ errorWith200: {} })).url}${TARGET}`);
    expect([error.status, await error.json()]).toMatchObject([200, { error: { code: 'UnknownError' } }]);
    await graph?.close();
    const bare = await ask(`${(await start({ noValue: {} })).url}${TARGET}`);
    expect(bare.status).toBe(200);
    expect(await bare.json()).not.toHaveProperty('value');
  });

  it('emptyAnswer: no rows and no nextLink, once', async () => {
    const { url } = await start({ emptyAnswer: { first: 1 } });
    const [page] = await walk(url);
    expect(page).toMatchObject({ '@odata.count': 0, value: [] });
    expect((await walk(url)).length).toBe(3);
  });

  it('redirectElsewhere and nextLinkElsewhere: to the given origin', async () => {
    const redirect = await ask(`${(await start({ redirectElsewhere: {} })).url}${TARGET}`);
    expect([redirect.status, redirect.headers.get('location')]).toEqual([302, `${ELSEWHERE}${TARGET}`]);
    await graph?.close();
    const { url } = await start({ nextLinkElsewhere: {}, elsewhere: 'http://127.0.0.1:9' });
    const body = (await (await ask(`${url}${TARGET}`)).json()) as Body;
    expect(body.value.length).toBe(1_000);
    expect(body['@odata.nextLink']).toBe(`http://127.0.0.1:9${TARGET}?$skip=1000`);
  });
});

describe('pages that take long', () => {
  it('slowBody: in pieces, and whole in the end', async () => {
    const { url } = await start({ slowBody: {}, slowBodyMs: 50 });
    const response = await ask(`${url}${TARGET}`);
    expect(((await response.json()) as Body).value.length).toBe(1_000);
  });

  it('hugePage: of 30 MB, with the same rows', async () => {
    const { url, counters } = await start({ hugePage: { first: 1 } });
    const response = await ask(`${url}${TARGET}`);
    expect(Number(response.headers.get('content-length'))).toBeGreaterThan(30_000_000);
    expect(((await response.json()) as Body).value.length).toBe(1_000);
    expect(counters().byTrap).toEqual({ hugePage: 1 });
  });
});

describe('when traps fire', () => {
  const trapsOf = async (traps: Partial<Traps>, requests: number) => {
    const { url, requests: log, close } = await start(traps);
    for (let sent = 0; sent < requests; sent += 1) await (await ask(`${url}${SMALL_TARGET}`)).arrayBuffer();
    await close();
    return log().map((entry) => entry.trap);
  };

  it('by probability, the same requests for the same seed', async () => {
    const fired = await trapsOf({ status500: { probability: 0.4 } }, 40);
    expect(fired.filter((trap) => trap === 'status500').length).toBeGreaterThan(6);
    expect(fired.filter((trap) => trap === undefined).length).toBeGreaterThan(6);
    expect(await trapsOf({ status500: { probability: 0.4 } }, 40)).toEqual(fired);
  });

  it('one after the other, each for the requests that reach it', async () => {
    const fired = await trapsOf({ status500: { first: 2 }, status503: { first: 1 } }, 4);
    expect(fired).toEqual(['status500', 'status500', 'status503', undefined]);
  });
});
