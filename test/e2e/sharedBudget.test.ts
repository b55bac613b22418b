import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { connectServices, type Services } from '../../src/app/services.ts';
import { createSlidingLimit } from '../../src/local/graph/limits.ts';
import { toMessage, type WindowJob } from '../../src/queues/messages.ts';
import { queueOfLane } from '../../src/queues/names.ts';
import { type Staying, startStaying } from '../support/command.ts';
import { eventually } from '../support/testPipeline.ts';

/** What both hosts are told: 360 a minute, which are 60 in ten seconds. Each alone would send 54 in ten. */
const LIMITS = {
  GRAPH_REQUESTS_PER_MINUTE: '360',
  GRAPH_APP_REQUESTS_PER_MINUTE: '1000',
  GRAPH_BUDGET_MARGIN_MS: '6000',
};
/** The timer would send jobs of its own in the middle. */
const NO_TIMER = { PLAN_SCHEDULE: '0 0 0 1 1 *' };
const SERVER_LIMIT = { requests: 60, inMs: 10_000 };
const PAGES = 6;
const JOBS = 11;
const DATE = '2026-03-02';
const RETRY_AFTER_S = 3;
/** What was on its way when Graph said so, or was about to leave before all had heard of it. */
const UNDER_WAY_MS = 1_000;

interface Arrival {
  atMs: number;
  /** Each host knows the server by a name of its own. */
  host: string;
  status: number;
}

const arrivals: Arrival[] = [];
let toldMs: number | undefined;
let server: Server;
let data: string;
let hosts: Staying[] = [];
let services: Services;

/** Graph with few rows on many pages, over a true sliding window; once it asks, of itself, to be left alone. */
function startGraph(): Server {
  const limit = createSlidingLimit(SERVER_LIMIT.requests, SERVER_LIMIT.inMs);
  return createServer((request, response) => {
    request.resume();
    const atMs = performance.now();
    const refusal = limit.arrive(atMs);
    const isAsking = arrivals.length === 20;
    if (isAsking) toldMs = atMs;
    const status = refusal !== undefined ? 429 : isAsking ? 503 : 200;
    const { host = '' } = request.headers;
    arrivals.push({ atMs, host, status });
    const seconds = refusal === undefined ? RETRY_AFTER_S : Math.ceil(refusal.retryAfterMs / 1_000);
    response.writeHead(status, {
      'content-type': 'application/json',
      ...(status !== 200 && { 'retry-after': String(seconds) }),
    });
    response.end(status === 200 ? pageOf(request.url ?? '', `http://${host}`) : '{}');
  });
}

function pageOf(path: string, origin: string): string {
  const from = /fromDateTime=([^,]+),/.exec(decodeURIComponent(path))?.[1] ?? '';
  const page = Number(/skip=(\d+)/.exec(path)?.[1] ?? 0);
  const call = { id: `${from} ${page}`, startDateTime: new Date(Date.parse(from) + page).toISOString() };
  const next = `${origin}${path.replace(/\?.*/, '')}?$skip=${page + 1}`;
  return JSON.stringify({ value: [call], ...(page + 1 < PAGES && { '@odata.nextLink': next }) });
}

const job = (hour: number): WindowJob => ({
  from: new Date(Date.parse(`${DATE}T00:00:00Z`) + hour * 3_600_000).toISOString(),
  to: new Date(Date.parse(`${DATE}T01:00:00Z`) + hour * 3_600_000).toISOString(),
  lane: hour % 4 === 0 ? 'live' : 'backfill',
  planned: '2026-03-20T00:00:00Z',
  expectedRows: PAGES * 1_000,
});

beforeAll(async () => {
  data = await mkdtemp(join(tmpdir(), 'pstn-budget-'));
  server = startGraph().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const start = (name: string, graph: string, environment: Record<string, string> = {}) =>
    startStaying(['--data', join(data, name), '--graph', graph], { ...environment, ...LIMITS, ...NO_TIMER });
  const first = await start('first', `http://127.0.0.1:${port}`);
  const { DATA_STORAGE = '', ServiceBusConnection = '' } = first.environment;
  const shared = { DATA_STORAGE, ServiceBusConnection };
  hosts = [first, await start('second', `http://localhost:${port}`, shared)];
  services = await connectServices({ ...shared, ...LIMITS });
});
afterAll(async () => {
  await services.close();
  for (const host of hosts.reverse()) await host.stop();
  server.closeAllConnections();
  server.close();
  await rm(data, { recursive: true, force: true });
});

it('two hosts on the same storage and queues stay within one budget, and heed what only one of them was told', async () => {
  for (let hour = 0; hour < JOBS; hour++) {
    const one = job(hour);
    await services.sender.send(queueOfLane(one.lane), toMessage(one));
  }
  const windows = await eventually('all windows are read', async () => {
    const entries = await services.ledger.readDay(DATE);
    return entries.filter(({ state }) => state === 'read').length === JOBS ? entries : undefined;
  });
  expect(windows.map(({ rows }) => rows)).toEqual(windows.map(() => PAGES));

  expect(new Set(arrivals.map(({ host }) => host)).size).toBe(2);
  expect(arrivals.filter(({ status }) => status === 429)).toEqual([]);
  // Each page once, and the one that was not answered again.
  expect(arrivals).toHaveLength(JOBS * PAGES + 1);
  const askedMs = toldMs ?? NaN;
  const during = arrivals.filter(
    ({ atMs }) => atMs > askedMs + UNDER_WAY_MS && atMs < askedMs + RETRY_AFTER_S * 1_000,
  );
  expect(during).toEqual([]);
});
