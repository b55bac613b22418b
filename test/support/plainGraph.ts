import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** One call as Graph sends it. */
export type WireRow = Record<string, unknown> & { startDateTime: string };

export interface PlainGraph {
  url: string;
  /** What is served from now on. */
  rows: WireRow[];
  requests: string[];
  close(): Promise<void>;
}

const PAGE = 1000;

/**
 * The smallest Graph that keeps the contract of getPstnCalls: both bounds inclusive, pages of 1,000 in the
 * order of starts. Shares no code with the pipeline or with the simulated tenant.
 */
export async function startPlainGraph(rows: WireRow[], pageRows = PAGE): Promise<PlainGraph> {
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? '', 'http://localhost');
    graph.requests.push(request.url ?? '');
    const match = /getPstnCalls\(\w+=([^,]+),\w+=([^)]+)\)$/.exec(decodeURIComponent(url.pathname));
    const [, from = '', to = ''] = match ?? [];
    const inRange = graph.rows
      .filter((row) => row.startDateTime >= sevenDigits(from) && row.startDateTime <= sevenDigits(to))
      .sort((a, b) => (a.startDateTime < b.startDateTime ? -1 : 1));
    const skip = Number(url.searchParams.get('$skip') ?? 0);
    const value = inRange.slice(skip, skip + pageRows);
    // The origin by which the client knows it: something may stand in between.
    const next = `http://${request.headers.host ?? ''}${url.pathname}?$skip=${skip + pageRows}`;
    response.writeHead(match === null ? 400 : 200, { 'content-type': 'application/json' });
    response.end(
      JSON.stringify({
        '@odata.context': `${graph.url}/v1.0/$metadata#Collection(microsoft.graph.callRecords.pstnCallLogRow)`,
        '@odata.count': value.length,
        ...(skip + pageRows < inRange.length ? { '@odata.nextLink': next } : {}),
        value,
      }),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const graph: PlainGraph = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    rows,
    requests: [],
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
  return graph;
}

/** `2026-11-01T00:00:00Z` as `2026-11-01T00:00:00.0000000Z`, so that text compares as time does. */
const sevenDigits = (instant: string): string => instant.replace(/(\.\d+)?Z$/, '.0000000Z');
