import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type Load, makePages } from './pages.ts';

/** Answers a request for calls with pages that have been made before. */
export interface PageServer {
  origin: string;
  /** Address of the first page of what is prepared. */
  firstUrl(): string;
  /** Makes the pages of a load; they take the place of those before. */
  prepare(load: Load): void;
  close(): Promise<void>;
}

const HOST = '127.0.0.1';

export async function startPageServer(): Promise<PageServer> {
  let pages: Buffer[] = [];
  const server = createServer((request, response) => {
    request.resume();
    const page = pages[Number(/[?&]page=(\d+)/.exec(request.url ?? '')?.[1] ?? 0)];
    if (page === undefined) response.writeHead(404).end();
    else
      response
        .writeHead(200, { 'content-type': 'application/json', 'content-length': page.length })
        .end(page);
  });
  server.keepAliveTimeout = 120_000;
  server.listen(0, HOST);
  await once(server, 'listening');
  const origin = `http://${HOST}:${(server.address() as AddressInfo).port}`;
  const url = (page: number): string => `${origin}/v1.0/communications/callRecords/getPstnCalls?page=${page}`;
  return {
    origin,
    firstUrl: () => url(0),
    prepare: (load) => {
      pages = makePages(load, url);
    },
    close: async () => {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}
