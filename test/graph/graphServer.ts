import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface SeenRequest {
  /** Request target, exactly as it came over the wire. */
  target: string;
  headers: IncomingMessage['headers'];
}

/** An HTTP server on this machine that answers as a test says. */
export interface GraphServer {
  origin: string;
  seen: SeenRequest[];
  close(): Promise<void>;
}

export type Reply = (response: ServerResponse, request: SeenRequest) => void;

/** Answers the n-th request with the n-th reply, and all further ones with the last. */
export async function graphServer(...replies: Reply[]): Promise<GraphServer> {
  const seen: SeenRequest[] = [];
  const server = createServer((request, response) => {
    const arrived = { target: request.url ?? '', headers: request.headers };
    seen.push(arrived);
    const reply = replies[Math.min(seen.length, replies.length) - 1];
    if (reply === undefined) response.destroy();
    else reply(response, arrived);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    origin: `http://127.0.0.1:${port}`,
    seen,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

type Headers = Record<string, string>;

export const reply =
  (status: number, body = '', headers: Headers = {}): Reply =>
  (response) => {
    response.writeHead(status, { 'content-type': 'application/json', 'request-id': 'graph-1', ...headers });
    response.end(body);
  };

/** A page of these rows; `next` makes its link from the server's origin. */
export const page =
  (rows: readonly unknown[], next?: string | ((origin: string) => string), headers: Headers = {}): Reply =>
  (response, request) => {
    const link = typeof next === 'function' ? next(`http://${request.headers.host ?? ''}`) : next;
    const body = JSON.stringify({ '@odata.count': rows.length, '@odata.nextLink': link, value: rows });
    reply(200, body, headers)(response, request);
  };

export const errorBody = (code: string): string =>
  JSON.stringify({ error: { code, message: 'Jane Doe +4930123456 may not read this', innerError: {} } });
