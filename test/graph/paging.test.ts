import { afterEach, describe, expect, it } from 'vitest';
import { errorBody, graphServer, page, reply, type GraphServer, type Reply } from './graphServer.ts';
import { readAll, setup } from './setup.ts';

const servers: GraphServer[] = [];
const serve = async (...replies: Reply[]): Promise<GraphServer> => {
  const server = await graphServer(...replies);
  servers.push(server);
  return server;
};
afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.close()));
});

const FIRST =
  '/v1.0/communications/callRecords/getPstnCalls(fromDateTime=2026-11-23T10:00:00Z,toDateTime=2026-11-23T11:00:00Z)';

describe('reading pages', () => {
  it('asks for the range with a token and an id of its own, and yields the rows', async () => {
    const graph = await serve(page([{ id: 'a' }, { id: 'b' }]));
    const { source } = setup(graph.origin);
    expect(await readAll(source)).toMatchObject([
      { number: 1, rows: [{ id: 'a' }, { id: 'b' }], requestId: 'graph-1' },
    ]);
    expect(graph.seen).toHaveLength(1);
    expect(graph.seen[0]).toMatchObject({
      target: FIRST,
      headers: {
        authorization: 'Bearer token-1',
        'client-request-id': 'client-1',
        accept: 'application/json',
      },
    });
  });

  it.each([
    ['?$skip=1000'],
    ["?$skiptoken='a%27b|c{d}'&x=%e4%bd%A0"],
    ['/../odd//path/./(from=2026-11-23,to=2026-11-24)?a=b?c=d&&&='],
    ['?%24skip=1000&empty'],
  ])('follows the link %s exactly as it was written', async (rest) => {
    const graph = await serve(
      page([1], (origin) => `${origin}/next${rest}`),
      page([2]),
    );
    const pages = await readAll(setup(graph.origin).source);
    expect(pages.map(({ rows }) => rows)).toEqual([[1], [2]]);
    expect(graph.seen.map(({ target }) => target)).toEqual([FIRST, `/next${rest}`]);
  });

  it('goes on after an empty page that has a link', async () => {
    const graph = await serve(
      page([], (origin) => `${origin}/2`),
      page([], (origin) => `${origin}/3`),
      page([7]),
    );
    const pages = await readAll(setup(graph.origin).source);
    expect(pages.map(({ number, rows }) => [number, rows])).toEqual([
      [1, []],
      [2, []],
      [3, [7]],
    ]);
  });

  it('has the text of every row as it was sent', async () => {
    const rows = ['{"charge": 1.23456789012345678901}', '{"id":"b","id":"c"}'];
    const graph = await serve(reply(200, `{"value":[ ${rows.join(' , ')} ]}`));
    const [first] = await readAll(setup(graph.origin).source);
    expect(first?.texts).toEqual(rows);
  });

  it('asks for a page only when the one before has been taken', async () => {
    const graph = await serve(
      page([1], (origin) => `${origin}/2`),
      page([2]),
    );
    const { source } = setup(graph.origin);
    for await (const { number } of source.readPages(0, 1)) {
      expect(graph.seen).toHaveLength(number);
    }
  });

  it('spaces the requests of all sequences together', async () => {
    const graph = await serve(
      page([1], (origin) => `${origin}/2`),
      page([2], (origin) => `${origin}/3`),
      page([3]),
    );
    const { source, time } = setup(graph.origin);
    await readAll(source);
    await readAll(source);
    expect(time.monotonicNowMs()).toBe(3 * 1_251);
  });

  it('reads a page of 30 MB', async () => {
    const rows = Array.from({ length: 1_000 }, (_, id) => ({ id, text: 'ü'.repeat(15_000) }));
    const graph = await serve(page(rows));
    const { source, log } = setup(graph.origin);
    expect(await readAll(source)).toMatchObject([{ number: 1, rows, requestId: 'graph-1' }]);
    expect(log.events[0]?.['bytes']).toBeGreaterThan(30_000_000);
  });

  it('refuses a range that Graph would refuse before anything is sent', async () => {
    const graph = await serve(page([]));
    const { source } = setup(graph.origin);
    expect(() => source.readPages(0, 91 * 86_400_000)).toThrow(/at most 90 days/);
    expect(graph.seen).toEqual([]);
  });
});

describe('pages that lie', () => {
  it.each<[string, (origin: string) => string]>([
    ['another origin', (origin) => `${origin}/steal`],
    ['another origin behind credentials', (origin) => origin.replace('//', '//127.0.0.1@')],
  ])('never asks %s, with or without a token', async (_name, link) => {
    const other = await serve(page([]));
    const graph = await serve(page([1], link(other.origin)));
    await expect(readAll(setup(graph.origin).source)).rejects.toMatchObject({
      kind: 'badLink',
      page: 1,
      transient: true,
      requestId: 'graph-1',
      clientRequestId: 'client-4',
    });
    expect(other.seen).toEqual([]);
    expect(graph.seen).toHaveLength(4);
  });

  it.each([[301], [302], [303], [307], [308]])('never follows a redirect (%i)', async (status) => {
    const other = await serve(page([]));
    const graph = await serve(reply(status, '', { location: `${other.origin}/v1.0/x` }));
    await expect(readAll(setup(graph.origin).source)).rejects.toMatchObject({
      kind: 'redirect',
      status,
      transient: true,
    });
    expect(other.seen).toEqual([]);
    expect(graph.seen).toHaveLength(4);
  });

  it('does not even follow a redirect to itself, but asks for the page again', async () => {
    const graph = await serve(reply(302, '', { location: '/v1.0/x' }), page([]));
    expect(await readAll(setup(graph.origin).source)).toHaveLength(1);
    expect(graph.seen.map(({ target }) => target)).toEqual([FIRST, FIRST]);
  });

  it('ends where the links go round in a circle', async () => {
    const graph = await serve(
      page([1], (origin) => `${origin}/2`),
      page([2], (origin) => origin + FIRST),
    );
    await expect(readAll(setup(graph.origin).source)).rejects.toMatchObject({ kind: 'badLink', page: 2 });
    expect(graph.seen).toHaveLength(2);
  });

  it.each([
    ['HTML under 200', reply(200, '<html>Sign in</html>', { 'content-type': 'text/html' }), 'badPage'],
    ['an error under 200', reply(200, errorBody('UnknownError')), 'badPage'],
    ['JSON that stops in the middle', reply(200, '{"value":[{"id":"a"'), 'badPage'],
    ['an answer without value', reply(200, '{}'), 'badPage'],
    ['an empty answer', reply(200, ''), 'badPage'],
    ['204', reply(204), 'badPage'],
    ['a body cut short of its length', reply(200, '{"value":[]}', { 'content-length': '500' }), 'timeout'],
  ])('tries %s four times, then fails and has yielded nothing', async (_name, lie, kind) => {
    const graph = await serve(lie);
    const { source } = setup(graph.origin, { bodyTimeoutMs: 50 });
    await expect(readAll(source)).rejects.toMatchObject({
      kind,
      page: 1,
      transient: true,
      requestId: 'graph-1',
    });
    expect(graph.seen).toHaveLength(4);
  });

  it('goes on where the next try brings a whole page', async () => {
    const graph = await serve(
      page([1], (origin) => `${origin}/2`),
      reply(200, '<html>'),
      page([2]),
    );
    expect((await readAll(setup(graph.origin).source)).map(({ rows }) => rows)).toEqual([[1], [2]]);
    expect(graph.seen.map(({ target }) => target)).toEqual([FIRST, '/2', '/2']);
  });
});
