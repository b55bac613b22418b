import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { TransportTraps } from '../../src/local/graph/traps/traps.ts';
import type { Route, ScriptedAnswer } from '../support/graphRouter.ts';
import type { StoredWindow } from '../support/storedDay.ts';
import {
  eventually,
  type SimulateOptions,
  startTestPipeline,
  type TestPipeline,
} from '../support/testPipeline.ts';

vi.setConfig({ maxConcurrency: 12, testTimeout: 90_000 });

const FEW_HOURS: Partial<SimulateOptions> = { hours: [12, 15] };
/** The busiest ones of a larger tenant: more than one page, less than three. */
const TWO_PAGES: Partial<SimulateOptions> = { hours: [14, 18], callsAWeek: 22_000 };

let pipeline: TestPipeline;
let elsewhere: string;
let elsewhereServer: Server;
let requestsElsewhere = 0;

beforeAll(async () => {
  elsewhereServer = createServer((_request, response) => {
    requestsElsewhere += 1;
    response.end('{"value":[]}');
  });
  await new Promise<void>((resolve) => elsewhereServer.listen(0, '127.0.0.1', resolve));
  elsewhere = `http://127.0.0.1:${(elsewhereServer.address() as AddressInfo).port}`;
  pipeline = await startTestPipeline();
});
afterAll(async () => {
  await pipeline.stop();
  elsewhereServer.close();
});

/** All windows that were asked for failed with this error, and nothing of the read can be seen. */
async function expectFailed(date: string, message: RegExp): Promise<StoredWindow[]> {
  const { windows, head } = await pipeline.stored.state(date);
  for (const { lastError } of windows) expect(lastError).toMatch(message);
  expect({ blobs: await pipeline.stored.blobs(date), head }).toEqual({ blobs: [], head: undefined });
  return windows;
}

describe.concurrent('pages', () => {
  it('that are empty and have a link lead on', async () => {
    const { date, rows } = await pipeline.simulate({ ...TWO_PAGES, traps: { emptyPages: true } });
    await pipeline.expectExact(date, rows);
    expect(pipeline.router.requested(date)).toHaveLength(4);
  });

  it('that begin with the last row of the page before count it once', async () => {
    const traps = { repeatRowOnNextPage: true };
    const { date, rows } = await pipeline.simulate({ ...TWO_PAGES, traps });
    await pipeline.expectExact(date, rows);
    expect(pipeline.router.requested(date)).toHaveLength(2);
  });

  it('that show a row changed in between are read again, and then are right', async () => {
    const { date, rows, graph } = await pipeline.simulate(TWO_PAGES);
    const traps = { changedRowOnNextPage: true };
    const moved = await pipeline.simulate({ ...TWO_PAGES, traps }, date);
    pipeline.router.route(date, ({ number }) => (number <= 2 ? moved.graph.url : graph.url));
    await pipeline.expectExact(date, rows);
    expect(pipeline.router.requested(date)).toHaveLength(4);
  });

  it('that show a row changed in three reads give it as it came last', async () => {
    const traps = { changedRowOnNextPage: true };
    const { date, rows } = await pipeline.simulate({ ...TWO_PAGES, traps });
    const changed = rows.map((row, index) =>
      index === 999 ? row.replace(/"charge":[^,]+,/, '"charge":77.000001,') : row,
    );
    expect(changed).not.toEqual(rows);
    await pipeline.expectExact(date, changed);
    expect(pipeline.router.requested(date)).toHaveLength(6);
  });

  it('with every trap of rows and paging at once', async () => {
    const traps = {
      emptyPages: true,
      repeatRowOnNextPage: true,
      shuffledRows: true,
      boundaryRows: true,
      nullProperties: true,
      idNull: true,
      startNull: true,
      startOutside: true,
      unknownProperties: true,
      moneyEdge: true,
      offsetInstants: true,
      wrongTypes: true,
      awkwardText: true,
    };
    const { date, rows } = await pipeline.simulate({ callsAWeek: 7_000, traps });
    await pipeline.expectExact(date, rows);
  });

  it('of 30 MB', async () => {
    const { date, rows } = await pipeline.simulate({ ...FEW_HOURS, traps: { hugePage: { first: 1 } } });
    await pipeline.expectExact(date, rows);
  });
});

describe.concurrent('failures that pass are survived within one delivery:', () => {
  const bursts: [string, Partial<TransportTraps>][] = [
    ['500 and 502', { status500: { first: 1 }, status502: { first: 1 } }],
    ['503 without Retry-After, and 504', { status503Bare: { first: 1 }, status504: { first: 1 } }],
    ['509 and a reset connection', { status509: { first: 1 }, reset: { first: 1 } }],
    ['a body cut short and a connection cut', { cutBody: { first: 1 }, cutConnection: { first: 1 } }],
    ['HTML and an error under status 200', { htmlWith200: { first: 1 }, errorWith200: { first: 1 } }],
    ['no value, then a slow body', { noValue: { first: 1 }, slowBody: { first: 1 } }],
    ['a token that has ended', { status401: { first: 1 } }],
  ];
  it.each(bursts)('%s', async (_name, traps) => {
    const { date, rows, graph } = await pipeline.simulate({
      ...FEW_HOURS,
      traps: { ...traps, slowBodyMs: 1_000 },
    });
    await pipeline.expectExact(date, rows);
    const { byTrap } = graph.counters();
    expect(byTrap).toEqual(Object.fromEntries(Object.keys(traps).map((name) => [name, 1])));
    expect(pipeline.eventsOf(date, 'windowJobFailed')).toEqual([]);
  });

  it.each([
    ['seconds', {}],
    ['a date', { retryAfterDate: true }],
  ])('429 and 503 with %s: nobody asks before that', async (_name, settings) => {
    const traps = { status429: { first: 1 }, status503: { first: 1 }, retryAfterSeconds: 1, ...settings };
    const { date, rows, graph } = await pipeline.simulate({ ...FEW_HOURS, traps });
    await pipeline.expectExact(date, rows);
    expect(graph.counters()).toMatchObject({ requests: 3, duringRetryAfter: 0 });
  });

  it('429 that does not say how long', async () => {
    const traps = { status429: { first: 2 }, retryAfterMissing: true };
    const { date, rows, graph } = await pipeline.simulate({ ...FEW_HOURS, traps });
    await pipeline.expectExact(date, rows);
    expect(graph.counters().byStatus).toEqual({ 200: 1, 429: 2 });
  });
});

describe.concurrent(
  'a second page that is not what it claims fails the job, and nothing of the first can be seen:',
  () => {
    const lies: [keyof TransportTraps, RegExp][] = [
      ['cutBody', /text that is not whole JSON.* page 2, 4 tries, status 200, /],
      ['htmlWith200', /HTML instead of JSON.* page 2, 4 tries, status 200, /],
      ['errorWith200', /an error under status 200.* page 2, 4 tries, status 200, code UnknownError, /],
      ['noValue', /without an array "value".* page 2, 4 tries, status 200, /],
      ['cutConnection', /cut in the middle of an answer.* page 2, 4 tries, status 200, /],
      ['status500', /Graph fails for now.* page 2, 4 tries, status 500, code InternalServerError, /],
    ];
    it.each(lies)('%s', async (trap, error) => {
      const { date, rows, graph } = await pipeline.simulate(TWO_PAGES);
      const liar = await pipeline.simulate({ ...TWO_PAGES, traps: { [trap]: {} } }, date);
      pipeline.router.route(date, ({ path }) => (path.includes('$skip=') ? liar.graph.url : graph.url));
      const finished = await pipeline.read(date, {
        lane: lies.findIndex(([name]) => name === trap) % 2 === 0 ? 'live' : 'backfill',
      });
      await eventually(
        'the failure stands in the ledger',
        async () =>
          (await pipeline.stored.state(date)).windows.every(({ lastError }) => lastError !== undefined) ||
          undefined,
      );
      const place = `calls from ${date}T14:00:00Z to ${date}T18:00:00Z`;
      for (const { lastError } of await expectFailed(date, error)) {
        expect(lastError).toContain(place);
        expect(lastError).toMatch(/, request-id [\w-]+, client-request-id [\w-]+\]$/);
      }
      // Delivered again, the job succeeds as soon as Graph answers rightly.
      pipeline.router.route(date, () => graph.url);
      expect((await finished()).failed).toEqual([]);
      await pipeline.expectStored(date, rows);
    });
  },
);

describe.concurrent('what only a person can mend fails the job for good, while other days go on:', () => {
  const page = (nextLink: string): ScriptedAnswer => ({
    status: 200,
    body: JSON.stringify({ value: [], '@odata.nextLink': nextLink }),
  });
  const refusal = (status: number, code: string): ScriptedAnswer => ({
    status,
    headers: { 'request-id': 'of-graph' },
    body: JSON.stringify({ error: { code, message: 'Jane Doe +4930123456' } }),
  });
  const faults: [string, (path: string) => ScriptedAnswer, RegExp][] = [
    [
      '403',
      () => refusal(403, 'Forbidden'),
      /CallRecords\.Read\.All.* page 1, status 403, code Forbidden, request-id of-graph, /,
    ],
    [
      '406',
      () => refusal(406, 'NotAcceptable'),
      /at most 90 days.* status 406, code NotAcceptable, request-id of-graph, /,
    ],
    ['400', () => refusal(400, 'BadRequest'), /repeating it will not help.* status 400, code BadRequest, /],
    ['404', () => refusal(404, 'ResourceNotFound'), /GRAPH_API_VERSION.* status 404, /],
    [
      'a token that is never accepted',
      () => refusal(401, 'InvalidAuthenticationToken'),
      /does not accept the token.* 2 tries, status 401, /,
    ],
    [
      'a redirect to another origin',
      (path) => ({ status: 302, headers: { location: `${elsewhere}${path}` }, body: '' }),
      /redirects to another address.* status 302, /,
    ],
    [
      'a redirect that keeps the method',
      (path) => ({ status: 307, headers: { location: `${elsewhere}${path}` }, body: '' }),
      /redirects to another address.* status 307, /,
    ],
    [
      'a nextLink to another origin',
      (path) => page(`${elsewhere}${path}?$skip=1000`),
      /a nextLink to http:\/\/127\.0\.0\.1:\d+; only .* page 1, status 200, /,
    ],
    [
      'a nextLink with our host as its user',
      (path) => page(`${pipeline.router.url}@${elsewhere.slice(7)}${path}`),
      /nextLink .* was not followed/,
    ],
    ['a nextLink without a host', (path) => page(path), /nextLink that is no absolute address/],
    [
      'a nextLink that leads back',
      (path) => page(`${pipeline.router.url}${path}`),
      /go round in a circle.* page 1/,
    ],
  ];
  it.each(faults)('%s', async (_name, answer, error) => {
    const { date, rows, graph } = await pipeline.simulate(FEW_HOURS);
    const route: Route = ({ path }) => answer(path);
    pipeline.router.route(date, route);
    const { failed } = await pipeline.readDay(date);
    expect(failed).toHaveLength(3);
    const windows = await expectFailed(date, error);
    expect(new Set(windows.map(({ state, attempts }) => `${state} ${attempts}`))).toEqual(
      new Set(['failed 10']),
    );
    expect(JSON.stringify(windows)).not.toMatch(/Jane|4930|token-for/);
    const letters = await eventually('the message lies among the dead letters', async () => {
      const found = (await pipeline.deadLetters()).filter(({ body }) =>
        JSON.stringify(body).includes(`"from":"${date}`),
      );
      return found.length > 0 ? found : undefined;
    });
    expect(letters).toMatchObject([{ queue: 'pstn-windows-backfill', reason: 'MaxDeliveryCountExceeded' }]);
    // Once it is mended, the same command reads the day.
    pipeline.router.route(date, () => graph.url);
    await pipeline.expectExact(date, rows);
    expect(requestsElsewhere).toBe(0);
  });
});

describe.concurrent('a day that was read before', () => {
  it('stays as it was when a later read meets a page that lies', async () => {
    const { date, rows, graph } = await pipeline.simulate(TWO_PAGES);
    await pipeline.expectExact(date, rows);
    pipeline.router.route(date, ({ path }) =>
      path.includes('$skip=') ? { status: 302, headers: { location: elsewhere }, body: '' } : graph.url,
    );
    expect((await pipeline.readDay(date)).failed).toHaveLength(4);
    pipeline.router.route(date, () => graph.url);
    await pipeline.expectExact(date, rows);
  });
});

describe.concurrent('a backfill in which every second request fails in some way', () => {
  it('ends exact', async () => {
    const often = { probability: 0.07 };
    const traps = {
      reset: often,
      cutConnection: often,
      cutBody: often,
      htmlWith200: often,
      status500: often,
      status503Bare: often,
      status504: often,
      redirectElsewhere: often,
      nextLinkElsewhere: often,
      elsewhere,
      boundaryRows: true,
      moneyEdge: true,
    };
    const { date, rows, graph } = await pipeline.simulate({ traps });
    await pipeline.expectExact(date, rows, { windowsAJob: 1 });
    const fired = Object.values(graph.counters().byTrap).reduce((sum, count) => sum + count, 0);
    expect(fired).toBeGreaterThan(10);
  });
});

describe('through all of this', () => {
  it('no request reached another origin', () => {
    expect(requestsElsewhere).toBe(0);
  });

  it('no name, no number and no token stood in a log', () => {
    const everything = JSON.stringify(pipeline.logged);
    expect(everything).toContain('windowJobLanded');
    expect(everything).not.toMatch(/@contoso\.com|Jane|\+\d{7}|token-for/);
    for (const name of pipeline.names()) expect(everything).not.toContain(name);
  });
});
