import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { Traps } from '../../src/local/graph/traps/traps.ts';
import type { ScriptedAnswer } from '../support/graphRouter.ts';
import type { StoredWindow } from '../support/storedDay.ts';
import {
  eventually,
  FEW_HOURS,
  startTestPipeline,
  type TestPipeline,
  TWO_PAGES,
} from '../support/testPipeline.ts';

vi.setConfig({ maxConcurrency: 12, testTimeout: 90_000 });

let pipeline: TestPipeline;
/** Where a token must never go. */
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

describe.concurrent(
  'a second page that is not what it claims fails the job, and nothing of the first can be seen:',
  () => {
    const lies: [string, Partial<Traps>, RegExp][] = [
      ['a body cut short', { cutBody: {} }, /text that is not whole JSON.* page 2, 4 tries, status 200, /],
      [
        'a connection cut',
        { cutConnection: {} },
        /cut in the middle of an answer.* page 2, 4 tries, status 200, /,
      ],
      ['HTML', { htmlWith200: {} }, /HTML instead of JSON.* page 2, 4 tries, status 200, /],
      [
        'an error',
        { errorWith200: {} },
        /an error under status 200.* page 2, 4 tries, status 200, code UnknownError, /,
      ],
      ['no value', { noValue: {} }, /without an array "value".* page 2, 4 tries, status 200, /],
      [
        '500',
        { status500: {} },
        /Graph fails for now.* page 2, 4 tries, status 500, code InternalServerError, /,
      ],
      [
        'a redirect elsewhere',
        { redirectElsewhere: {} },
        /redirects to another address.* page 2, 4 tries, status 302, /,
      ],
      [
        'a link elsewhere',
        { nextLinkElsewhere: {} },
        /a nextLink to http:\/\/127\.0\.0\.1:\d+; only .* page 2, 4 tries, status 200, /,
      ],
    ];
    it.each(lies)('%s', async (name, trap, error) => {
      const { date, rows, graph } = await pipeline.simulate(TWO_PAGES);
      const liar = await pipeline.simulate({ ...TWO_PAGES, traps: { ...trap, elsewhere } }, date);
      pipeline.router.route(date, ({ path }) => (path.includes('$skip=') ? liar.graph.url : graph.url));
      // Two queues, so that twice as many wait at once.
      const lane = lies.findIndex(([other]) => other === name) % 2 === 0 ? 'live' : 'backfill';
      const finished = await pipeline.read(date, { lane });
      await eventually('the failure stands in the ledger', async () => {
        const { windows } = await pipeline.stored.state(date);
        return windows.every(({ lastError }) => lastError !== undefined) ? true : undefined;
      });
      for (const { lastError } of await expectFailed(date, error)) {
        expect(lastError).toContain(`calls from ${date}T14:00:00Z to ${date}T18:00:00Z`);
        expect(lastError).toMatch(/, request-id [\w-]+, client-request-id [\w-]+\]$/);
      }
      // Sent again, the job succeeds as soon as Graph answers rightly.
      pipeline.router.route(date, () => graph.url);
      expect((await finished()).failed).toEqual([]);
      await pipeline.expectStored(date, rows);
    });

    it.each<[string, (path: string) => string, number]>([
      ['with our host as its user', (path) => `${pipeline.router.url}@${elsewhere.slice(7)}${path}`, 4],
      ['without a scheme', (path) => `${elsewhere.slice(5)}${path}`, 4],
      ['without a host', (path) => path, 4],
      // Found out by what was followed before: the page itself is one, and is not tried again.
      ['that leads back', (path) => `${pipeline.router.url}${path}`, 1],
    ])('a link %s', async (_name, link, tries) => {
      const { date, rows, graph } = await pipeline.simulate(FEW_HOURS);
      const body = (path: string) => JSON.stringify({ value: [], '@odata.nextLink': link(path) });
      // The tries of one delivery; then Graph is itself again.
      pipeline.router.route(date, ({ number, path }) =>
        number <= tries ? { status: 200, body: body(path) } : graph.url,
      );
      await pipeline.expectExact(date, rows);
      expect(pipeline.eventsOf(date, 'windowJobFailed').length).toBeGreaterThan(0);
    });
  },
);

describe.concurrent('what only a person can mend fails the job for good, while other days go on:', () => {
  const refusal = (status: number, code: string): ScriptedAnswer => ({
    status,
    headers: { 'request-id': 'of-graph' },
    body: JSON.stringify({ error: { code, message: 'Jane Doe +4930123456' } }),
  });
  const place = 'page 1, status';
  it.each([
    [403, 'Forbidden', /CallRecords\.Read\.All/, place, 1],
    // What may be the fault of one hour is looked for: halves, hours, and an hour beside it.
    [406, 'NotAcceptable', /at most 90 days/, place, 10],
    [400, 'BadRequest', /repeating it will not help/, place, 10],
    [404, 'ResourceNotFound', /GRAPH_API_VERSION/, place, 1],
    [401, 'InvalidAuthenticationToken', /does not accept the token/, 'page 1, 2 tries, status', 2],
  ])('%i %s', async (status, code, advice, where, requests) => {
    const { date, rows, graph } = await pipeline.simulate(FEW_HOURS);
    pipeline.router.route(date, () => refusal(status, code));
    const { failed } = await pipeline.readDay(date);
    expect(failed).toHaveLength(3);
    const windows = await expectFailed(date, advice);
    for (const { state, lastError } of windows) {
      expect(state).toBe('failed');
      expect(lastError).toContain(
        `${where} ${status}, code ${code}, request-id of-graph, client-request-id `,
      );
    }
    expect(JSON.stringify(windows)).not.toMatch(/Jane|4930|token-for/);
    const letters = await eventually('the message lies among the dead letters', async () => {
      const found = (await pipeline.deadLetters()).filter(({ body }) =>
        JSON.stringify(body).includes(`"from":"${date}`),
      );
      return found.length > 0 ? found : undefined;
    });
    for (const letter of letters) {
      expect(letter).toMatchObject({ queue: 'pstn-windows-backfill', reason: 'MaxDeliveryCountExceeded' });
    }
    // Deliveries of which nobody expects anything cost no request.
    expect(pipeline.router.requested(date).length).toBeGreaterThan(0);
    expect(pipeline.router.requested(date).length).toBeLessThanOrEqual(requests);
    // Once it is mended, the same command reads the day.
    pipeline.router.route(date, () => graph.url);
    await pipeline.expectExact(date, rows);
  });
});

describe.concurrent('a day that was read before', () => {
  it('stays as it was when a later read is refused in its middle', async () => {
    const { date, rows, graph } = await pipeline.simulate(TWO_PAGES);
    await pipeline.expectExact(date, rows);
    pipeline.router.route(date, ({ path }) =>
      path.includes('$skip=') ? { status: 403, body: '' } : graph.url,
    );
    expect((await pipeline.readDay(date)).failed).toHaveLength(4);
    await pipeline.expectRows(date, rows);
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
