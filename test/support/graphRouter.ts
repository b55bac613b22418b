import { once } from 'node:events';
import { createServer, request as httpRequest, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** An answer that is given as it stands. */
export interface ScriptedAnswer {
  status: number;
  headers?: Record<string, string>;
  body: string | Buffer;
}

/** Who answers the n-th request for a day, from 1: another server's origin, or nobody but this answer. */
export type Route = (request: { number: number; path: string }) => string | ScriptedAnswer;

export interface GraphRouter {
  /** What GRAPH_ENDPOINT names for the whole life of the functions. */
  url: string;
  /** Sends requests for calls of a day elsewhere from now on; its count of requests goes on. */
  route(date: string, route: Route): void;
  /** Paths that were asked for, of one day. */
  requested(date: string): readonly string[];
  close(): Promise<void>;
}

/**
 * One origin before many simulated Graphs, chosen by the date at which the range of a request begins: so that
 * tests with different traps can run at once over the same functions. Whatever the other server does with an
 * answer, a reset or a cut in the middle included, is done here as well.
 */
export async function startGraphRouter(): Promise<GraphRouter> {
  const routes = new Map<string, Route>();
  const requested = new Map<string, string[]>();

  const serve = (request: IncomingMessage, response: ServerResponse): void => {
    request.resume();
    const path = request.url ?? '';
    const date = /\(from(?:DateTime)?=(\d{4}-\d\d-\d\d)/.exec(decodeURIComponent(path))?.[1] ?? '';
    const paths = requested.get(date) ?? [];
    paths.push(path);
    requested.set(date, paths);
    const answer = routes.get(date)?.({ number: paths.length, path }) ?? noRoute(date);
    if (typeof answer === 'string') {
      passOn(answer, request, response);
      return;
    }
    const body = Buffer.from(answer.body);
    const headers = { 'content-type': 'application/json', 'content-length': body.length };
    response.writeHead(answer.status, { ...headers, ...answer.headers }).end(body);
  };

  const server = createServer(serve);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    route: (date, route) => void routes.set(date, route),
    requested: (date) => requested.get(date) ?? [],
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

const noRoute = (date: string): ScriptedAnswer => ({ status: 404, body: `{"error":{"code":"no-${date}"}}` });

/** The Host header goes along, so that the other server's links lead back here. */
function passOn(origin: string, request: IncomingMessage, response: ServerResponse): void {
  const target = new URL(origin);
  const breakOff = (): void => void response.socket?.resetAndDestroy();
  const onwards = httpRequest(
    {
      host: target.hostname,
      port: target.port,
      method: request.method,
      path: request.url,
      headers: request.headers,
      agent: false,
    },
    (answer) => {
      response.writeHead(answer.statusCode ?? 0, answer.headers);
      answer.on('error', breakOff);
      answer.pipe(response);
    },
  );
  onwards.on('error', breakOff);
  onwards.end();
}
