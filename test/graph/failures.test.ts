import { gzipSync } from 'node:zlib';
import { afterEach, describe, expect, it } from 'vitest';
import { errorBody, graphServer, page, reply, type GraphServer, type Reply } from './graphServer.ts';
import { NOW_MS, readAll, setup } from './setup.ts';
import { parsedRows } from '../support/pages.ts';

const servers: GraphServer[] = [];
const serve = async (...replies: Reply[]): Promise<GraphServer> => {
  const server = await graphServer(...replies);
  servers.push(server);
  return server;
};
afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.close()));
});

const ok = page([{ id: 'a' }]);
const reset: Reply = (response) => void response.destroy();
const cut: Reply = (response) => {
  response.writeHead(200, { 'content-length': '1000' });
  response.write('{"value":[', () => response.destroy());
};
const cutChunked: Reply = (response) => {
  response.writeHead(200);
  response.write('{"value":[', () => response.destroy());
};
const zipped = gzipSync(JSON.stringify({ value: [{ id: 'a' }] }));
const cutZipped: Reply = (response) => {
  response.writeHead(200, { 'content-encoding': 'gzip' });
  response.write(zipped.subarray(0, 20), () => response.destroy());
};
const silent: Reply = () => undefined;
const stalled: Reply = (response) => {
  response.writeHead(200);
  response.write('{"value":[');
};

describe('a token', () => {
  it('that has ended in the middle is renewed, and the page read', async () => {
    const graph = await serve(
      page([1], (origin) => `${origin}/2`),
      reply(401, errorBody('InvalidAuthenticationToken')),
      page([2]),
    );
    const { source, tokens, time } = setup(graph.origin);
    expect(await readAll(source)).toHaveLength(2);
    expect(graph.seen.map(({ headers }) => headers.authorization)).toEqual([
      'Bearer token-1',
      'Bearer token-1',
      'Bearer token-2',
    ]);
    expect(tokens).toHaveLength(2);
    // The request with the fresh token took a permit like any other.
    expect(time.monotonicNowMs()).toBe(2 * 1_251);
  });

  it('that is refused twice ends the reading', async () => {
    const graph = await serve(reply(401, errorBody('InvalidAuthenticationToken')));
    const failure = readAll(setup(graph.origin).source);
    await expect(failure).rejects.toMatchObject({
      kind: 'unauthorized',
      code: 'InvalidAuthenticationToken',
      transient: false,
    });
    await expect(failure).rejects.not.toThrow(/token-\d/);
    expect(graph.seen).toHaveLength(2);
  });
});

describe('refusals', () => {
  it.each([
    [400, 'BadRequest', 'refused', /will not help/],
    [403, 'Forbidden', 'forbidden', /CallRecords\.Read\.All/],
    [404, 'ResourceNotFound', 'notFound', /GRAPH_API_VERSION/],
    [406, 'NotAcceptable', 'rangeTooWide', /90 days/],
  ])('%i is not tried again and says what to do', async (status, code, kind, message) => {
    const graph = await serve(reply(status, errorBody(code)));
    const failure = readAll(setup(graph.origin).source);
    await expect(failure).rejects.toMatchObject({
      kind,
      status,
      code,
      transient: false,
      page: 1,
      requestId: 'graph-1',
    });
    await expect(failure).rejects.toThrow(message);
    await expect(failure).rejects.toThrow('calls from 2026-11-23T10:00:00Z to 2026-11-23T11:00:00Z');
    await expect(failure).rejects.not.toThrow(/Jane|4930/);
    expect(graph.seen).toHaveLength(1);
  });
});

describe('throttling', () => {
  const date = (afterMs: number): string => new Date(NOW_MS + afterMs).toUTCString();

  it.each([
    ['429 with seconds', reply(429, errorBody('TooManyRequests'), { 'retry-after': '17' }), 18_000],
    ['503 with seconds', reply(503, '', { 'retry-after': '40' }), 41_000],
    ['429 with a date', reply(429, '', { 'retry-after': date(120_000), date: date(100_000) }), 21_000],
    ['429 without the header', reply(429, errorBody('TooManyRequests')), 2_000],
    // And a second, by which two clocks may differ.
  ])('%s: nobody sends before it has passed', async (_name, answer, restMs) => {
    const graph = await serve(answer, ok);
    const { source, log, time } = setup(graph.origin);
    await readAll(source);
    expect(log.events.map(({ status }) => status)).toEqual([expect.any(Number), 200]);
    expect(time.monotonicNowMs()).toBe(restMs);
    expect(graph.seen).toHaveLength(2);
  });

  it('holds all requests back, longer each time, where the server does not say how long', async () => {
    const tooMany = reply(429, errorBody('TooManyRequests'));
    const graph = await serve(tooMany, tooMany, tooMany, ok);
    const { source, time } = setup(graph.origin);
    await readAll(source);
    // 1, 3 and 9 s, and each time a second more, by which two clocks may differ.
    expect(time.monotonicNowMs()).toBe(2_000 + 4_000 + 10_000);
  });

  it('holds other sequences as well, after an answer of any status', async () => {
    const graph = await serve(page([1], undefined, { 'retry-after': '30' }), ok);
    const { source, time } = setup(graph.origin);
    await readAll(source);
    await readAll(source);
    expect(time.monotonicNowMs()).toBe(31_000);
  });

  it.each([[429], [503]])('%i for longer than a minute ends with the time to come back', async (status) => {
    const graph = await serve(reply(status, '', { 'retry-after': '300' }));
    const { source } = setup(graph.origin);
    await expect(readAll(source)).rejects.toMatchObject({ status, transient: true, retryAfterMs: 300_000 });
    await expect(readAll(source)).rejects.toMatchObject({
      kind: 'budget',
      transient: true,
      retryAfterMs: 301_000,
    });
    expect(graph.seen).toHaveLength(1);
  });

  it('ends a try only when all know of it, and goes on if they cannot be told', async () => {
    const graph = await serve(
      reply(429, '', { 'retry-after': '2' }),
      page([1], undefined, { 'retry-after': '3' }),
    );
    const steps: string[] = [];
    const { source, log } = setup(graph.origin, {
      pacer: {
        take: (lane) => Promise.resolve(void steps.push(`take ${lane}`)),
        blockFor: async (ms) => {
          steps.push(`block ${ms}`);
          await new Promise((resolve) => setImmediate(resolve));
          steps.push('blocked');
          if (ms === 3_000) throw new Error('the table gives no answer');
        },
      },
    });
    expect(await readAll(source)).toHaveLength(1);
    expect(steps).toEqual(['take live', 'block 2000', 'blocked', 'take live', 'block 3000', 'blocked']);
    expect(log.events.filter(({ event }) => event === 'retryAfterNotShared')).toMatchObject([
      { ms: 3_000, reason: 'the table gives no answer' },
    ]);
  });

  it.each([
    [18_000, 18_000],
    [30 * 86_400, 86_400],
  ])('of %d s lasts %d s, and the log says so', async (seconds, keptSeconds) => {
    const graph = await serve(reply(429, '', { 'retry-after': `${seconds}` }));
    const { source, log } = setup(graph.origin);
    const keptMs = keptSeconds * 1_000;
    await expect(readAll(source)).rejects.toMatchObject({ kind: 'throttled', retryAfterMs: keptMs });
    await expect(readAll(source)).rejects.toMatchObject({ kind: 'budget', retryAfterMs: keptMs + 1_000 });
    expect(graph.seen).toHaveLength(1);
    expect(log.events.filter(({ event }) => event === 'retryAfterLong')).toMatchObject([
      { retryAfterMs: seconds * 1_000, keptMs },
    ]);
  });

  it('adds up to a minute at most', async () => {
    const graph = await serve(reply(429, '', { 'retry-after': '25' }));
    const { source, time } = setup(graph.origin);
    await expect(readAll(source)).rejects.toMatchObject({ kind: 'throttled', retryAfterMs: 25_000 });
    expect(graph.seen).toHaveLength(3);
    expect(time.monotonicNowMs()).toBe(52_000);
  });
});

describe('failures that pass', () => {
  it.each<[string, Reply]>([
    ['500', reply(500, errorBody('InternalServerError'))],
    ['502', reply(502, '<html>Bad gateway</html>')],
    ['503', reply(503)],
    ['504', reply(504)],
    ['509', reply(509)],
    ['a reset', reset],
    ['a body that is cut', cut],
    ['a chunked body that is cut', cutChunked],
    ['a compressed body that is cut', cutZipped],
    ['no answer', silent],
    ['a body that stops', stalled],
  ])('%s three times, and the fourth try succeeds', async (_name, failure) => {
    const graph = await serve(failure, failure, failure, ok);
    const { source, log, time } = setup(graph.origin, { headTimeoutMs: 100, bodyTimeoutMs: 100 });
    expect(await readAll(source)).toMatchObject([{ number: 1, rows: [{ id: 'a' }], requestId: 'graph-1' }]);
    expect(time.monotonicNowMs()).toBe(1_251 + 3_000 + 9_000);
    expect(log.events).toHaveLength(4);
  });

  it('fails after the fourth try, with status and ids of the last', async () => {
    const graph = await serve(reply(503, errorBody('serviceNotAvailable')));
    await expect(readAll(setup(graph.origin).source)).rejects.toMatchObject({
      kind: 'server',
      status: 503,
      code: 'serviceNotAvailable',
      requestId: 'graph-1',
      clientRequestId: 'client-4',
      transient: true,
      message: expect.stringContaining('4 tries') as string,
    });
    expect(graph.seen).toHaveLength(4);
  });

  it('names a connection that cannot be made', async () => {
    const graph = await graphServer(ok);
    await graph.close();
    await expect(readAll(setup(graph.origin).source)).rejects.toMatchObject({
      kind: 'network',
      code: 'ECONNREFUSED',
    });
  });

  it('takes a compressed page that it did not ask for', async () => {
    const graph = await serve((response) => {
      response.writeHead(200, { 'content-encoding': 'gzip' });
      response.end(zipped);
    });
    expect((await readAll(setup(graph.origin).source))[0]?.rows).toEqual([{ id: 'a' }]);
    expect(graph.seen[0]?.headers['accept-encoding']).toBe('identity');
  });

  it('refuses a page that is too large to hold', async () => {
    const graph = await serve(reply(200, `{"value":["${'x'.repeat(5_000)}"]}`));
    const { source } = setup(graph.origin, { maxBodyBytes: 5_000 });
    await expect(readAll(source)).rejects.toMatchObject({ kind: 'badPage', status: 200 });
  });

  it('refuses a page whose text is damaged, rather than to alter a name', async () => {
    const damaged = Buffer.from('{"value":[{"userDisplayName":"J\u00fcrgen"}]}', 'latin1');
    const graph = await serve((response) => void response.writeHead(200).end(damaged));
    const failure = readAll(setup(graph.origin).source);
    await expect(failure).rejects.toMatchObject({ kind: 'badPage', status: 200 });
    await expect(failure).rejects.toThrow('not UTF-8');
  });

  it('knows an error by its status even where its body is endless', async () => {
    const graph = await serve(reply(403, 'x'.repeat(1_000_000)));
    await expect(readAll(setup(graph.origin).source)).rejects.toMatchObject({
      kind: 'forbidden',
      status: 403,
    });
  });
});

describe('stopping', () => {
  it('ends before a request, without one', async () => {
    const graph = await serve(ok);
    const { source } = setup(graph.origin);
    await expect(readAll(source, AbortSignal.abort())).rejects.toMatchObject({ name: 'AbortError' });
    expect(graph.seen).toEqual([]);
  });

  it.each<[string, Reply]>([
    ['while Graph thinks', silent],
    ['in the middle of a page', stalled],
  ])('ends %s, and is not tried again', async (_name, answer) => {
    const stop = new AbortController();
    const graph = await serve((response, request) => {
      answer(response, request);
      setImmediate(() => stop.abort());
    });
    const { source } = setup(graph.origin);
    await expect(readAll(source, stop.signal)).rejects.toMatchObject({ name: 'AbortError' });
    expect(graph.seen).toHaveLength(1);
  });

  it.each<[string, Reply]>([
    ['while it waits to try again', reply(500)],
    ['while it waits for its turn', reply(429)],
  ])('ends %s', async (_name, answer) => {
    const graph = await serve(answer);
    const stop = new AbortController();
    const { source } = setup(graph.origin, {
      wait: (_ms, signal) =>
        new Promise((_resolve, reject) => {
          signal?.addEventListener('abort', () => reject(signal.reason as Error));
          setImmediate(() => stop.abort());
        }),
    });
    await expect(readAll(source, stop.signal)).rejects.toMatchObject({ name: 'AbortError' });
    expect(graph.seen).toHaveLength(1);
  });

  it('keeps the reason of a caller that gave one', async () => {
    const { source } = setup('http://127.0.0.1:9');
    const reason = new Error('the invocation is over');
    await expect(readAll(source, AbortSignal.abort(reason))).rejects.toMatchObject({
      name: 'AbortError',
      cause: reason,
    });
  });
});

describe('the log', () => {
  it('has one line a request, with ids, page, status, times and bytes, and nothing of a call', async () => {
    const person = { userDisplayName: 'Jane Doe', calleeNumber: '+4930123456' };
    const graph = await serve(
      reply(500, errorBody('Oops')),
      page([person], (origin) => `${origin}/2?secret`),
      page([person]),
    );
    const { source, log } = setup(graph.origin);
    for await (const { rows } of source.readPages(0, 3_600_000, { lane: 'backfill' }))
      expect(parsedRows(rows)).toEqual([person]);
    const range = { from: '1970-01-01T00:00:00Z', to: '1970-01-01T01:00:00Z', lane: 'backfill' };
    const line = { event: 'graphRequest', requestId: 'graph-1', ...range };
    expect(log.events).toMatchObject([
      {
        ...line,
        clientRequestId: 'client-1',
        page: 1,
        try: 1,
        status: 500,
        failure: 'server',
        code: 'Oops',
        waitMs: 0,
      },
      { ...line, clientRequestId: 'client-2', page: 1, try: 2, status: 200, waitMs: 251 },
      {
        ...line,
        clientRequestId: 'client-3',
        page: 2,
        try: 1,
        status: 200,
        waitMs: 1_251,
        bytes: expect.any(Number) as number,
      },
    ]);
    expect(JSON.stringify(log.events)).not.toMatch(/Jane|4930|secret|token-/);
  });
});
