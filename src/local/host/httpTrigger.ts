import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { isAuthorized } from './authorize.ts';
import type { InvocationResponse } from './coreTypes.ts';
import { HostError } from './hostError.ts';
import type { TriggerInput } from './invoke.ts';
import type { AppFunction } from './registeredFunction.ts';
import { matchRoute, orderRoutes, type Route } from './routes.ts';
import { toRpcHttp, writeRpcHttp } from './toRpcHttp.ts';

export interface HttpTrigger {
  /** Origin, without a slash at the end. */
  url: string;
  /** No request is taken after this; those at work are still answered. */
  stopTaking(): void;
  /** Breaks off what is still open. */
  close(): Promise<void>;
}

const HOST = '127.0.0.1';
/** What the cloud takes by default. */
const MAX_BODY_BYTES = 104_857_600;

/**
 * Serves HTTP functions on the loopback interface. 401 without the key that a function asks for; 404 where no
 * function has the path and method; 500, without a word, where the function throws.
 * @throws HostError if the port is taken
 */
export async function startHttpTrigger(options: {
  routes: readonly Route[];
  functionKey: string;
  /** 0 for a free one. */
  port: number;
  invoke(fn: AppFunction, input: TriggerInput): Promise<InvocationResponse>;
}): Promise<HttpTrigger> {
  const routes = orderRoutes(options.routes);

  /** Resolves to the status of a refusal; undefined when the function has answered. */
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<number | undefined> => {
    const url = urlOf(request);
    const found = url && matchRoute(routes, request.method ?? 'GET', url.pathname);
    if (url === undefined || found === undefined) return 404;
    const header = request.headers['x-functions-key'];
    const credentials = { header: header?.toString(), query: url.searchParams };
    if (!isAuthorized(found.route.authLevel, credentials, options.functionKey)) return 401;
    const body = await readBody(request);
    if (body === undefined) return 413;
    try {
      const value = toRpcHttp(request, url, found.params, body);
      const { returnValue } = await options.invoke(found.route.fn, { value });
      writeRpcHttp(response, returnValue);
      return undefined;
    } catch {
      // The invoker has logged it. What went wrong is nothing for the caller to know.
      return 500;
    }
  };

  const serve = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const refusal = await answer(request, response);
    if (refusal === undefined) return;
    request.resume();
    response.writeHead(refusal, { 'content-length': 0 }).end();
  };

  const server = createServer((request, response) => {
    // A caller that hangs up in the middle of its request gets no answer.
    serve(request, response).catch(() => response.destroy());
  });
  server.listen(options.port, HOST);
  try {
    await once(server, 'listening');
  } catch (cause) {
    throw new HostError(
      `HTTP functions cannot be served at ${HOST}:${options.port}: ${cause instanceof Error ? cause.message : String(cause)}`,
      { cause },
    );
  }
  const closed = once(server, 'close');
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://${HOST}:${port}`,
    stopTaking() {
      server.close();
      server.closeIdleConnections();
    },
    async close() {
      if (server.listening) server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

function urlOf(request: IncomingMessage): URL | undefined {
  const target = request.url ?? '/';
  // A target that is no path, such as the absolute one of a proxy request, has no function.
  if (!target.startsWith('/')) return undefined;
  const base = `http://${request.headers.host ?? HOST}`;
  return URL.canParse(base + target) ? new URL(base + target) : undefined;
}

/** Undefined if it is too large. */
async function readBody(request: IncomingMessage): Promise<Buffer | undefined> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > MAX_BODY_BYTES) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
