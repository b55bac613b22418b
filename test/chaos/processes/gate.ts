import {
  Agent,
  createServer,
  request as httpRequest,
  type IncomingMessage,
  type ServerResponse,
} from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';

/** What happens to one request of a host, once. */
export interface GateRule {
  /** Requests that pass before it. */
  skip: number;
  /** Whether only requests count that change something. */
  writes: boolean;
  /**
   * `holdBefore`: it waits, the storage has not seen it. `holdAfter`: the storage has done it, the answer waits.
   * `loseAnswer`: done, and the connection breaks. `refuse`: the storage is busy.
   */
  act: 'holdBefore' | 'holdAfter' | 'loseAnswer' | 'refuse';
}

/** A way to the storage that belongs to one host, on which a test can lie in wait. */
export interface Gate {
  /** Origins in front of the services, in their order. */
  origins: readonly string[];
  /** Sets the rule in force; there is one at a time. */
  arm(rule: GateRule): void;
  /** Takes the rule away if it has not been met. */
  disarm(): void;
  /** Lets go on what is held, even if whoever sent it has died meanwhile. */
  release(): void;
  /** Forgets what is held: it never reached the storage, or its answer never comes. */
  drop(): void;
  close(): Promise<void>;
}

interface Answer {
  status: number;
  headers: IncomingMessage['headers'];
  body: Buffer;
}

const CHANGES = new Set(['PUT', 'POST', 'DELETE', 'PATCH', 'MERGE']);

/** @param onMet told when the request that the rule waits for is held, lost or refused. */
export async function startGate(services: readonly string[], onMet: (what: string) => void): Promise<Gate> {
  let rule: GateRule | undefined;
  let held: ((goesOn: boolean) => void)[] = [];
  const agent = new Agent({ keepAlive: true });

  /** @returns whether it goes on */
  const hold = (): Promise<boolean> => new Promise((resolve) => held.push(resolve));

  /** The rule, if this is the request that it waits for. */
  const met = (request: IncomingMessage): GateRule | undefined => {
    if (rule === undefined || (rule.writes && !CHANGES.has(request.method ?? ''))) return undefined;
    if (rule.skip > 0) {
      rule.skip -= 1;
      return undefined;
    }
    const found = rule;
    rule = undefined;
    return found;
  };

  const serve = (service: URL) => (request: IncomingMessage, response: ServerResponse) => {
    const found = met(request);
    const work =
      found === undefined
        ? pass(service, agent, request, response)
        : lieInWait(found, service, request, response);
    work.catch(() => response.destroy());
  };

  async function lieInWait(
    { act }: GateRule,
    service: URL,
    request: IncomingMessage,
    response: ServerResponse,
  ): Promise<void> {
    const what = `${act} ${request.method ?? ''} ${pathOf(request)}`;
    const body = await bytesOf(request);
    if (act === 'refuse') {
      onMet(what);
      response.writeHead(503, { 'x-ms-error-code': 'ServerBusy', 'content-length': 0 }).end();
      return;
    }
    if (act === 'holdBefore') {
      onMet(what);
      if (!(await hold())) {
        response.destroy();
        return;
      }
    }
    const answer = await send(service, agent, request, body);
    if (act === 'loseAnswer') {
      onMet(what);
      response.destroy();
      return;
    }
    if (act === 'holdAfter') {
      onMet(what);
      if (!(await hold())) {
        response.destroy();
        return;
      }
    }
    response.writeHead(answer.status, answer.headers).end(answer.body);
  }

  const servers = await Promise.all(
    services.map(async (origin) => {
      const server = createServer(serve(new URL(origin)));
      // Longer than clients keep an idle connection, so that none is closed while a request is on its way.
      server.keepAliveTimeout = 120_000;
      server.listen(0, '127.0.0.1');
      await once(server, 'listening');
      return server;
    }),
  );
  const letGo = (goesOn: boolean): void => {
    for (const resolve of held) resolve(goesOn);
    held = [];
  };
  return {
    origins: servers.map((server) => `http://127.0.0.1:${(server.address() as AddressInfo).port}`),
    arm: (armed) => (rule = { ...armed }),
    disarm: () => (rule = undefined),
    release: () => letGo(true),
    drop: () => letGo(false),
    close: async () => {
      letGo(false);
      await Promise.all(
        servers.map(async (server) => {
          server.closeAllConnections();
          server.close();
          await once(server, 'close');
        }),
      );
      agent.destroy();
    },
  };
}

/** Passes a request on as it comes, without keeping any of it. */
async function pass(
  service: URL,
  agent: Agent,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const answer = await new Promise<IncomingMessage>((resolve, reject) => {
    const onwards = httpRequest(onwardsTo(service, agent, request), resolve).on('error', reject);
    // Cut by its sender: the storage must see it cut as well, and not complete.
    request.on('aborted', () => onwards.destroy());
    request.pipe(onwards);
  });
  response.writeHead(answer.statusCode ?? 0, answer.headers);
  answer.on('error', () => response.destroy());
  answer.pipe(response);
}

async function send(service: URL, agent: Agent, request: IncomingMessage, body: Buffer): Promise<Answer> {
  const answer = await new Promise<IncomingMessage>((resolve, reject) => {
    httpRequest(onwardsTo(service, agent, request), resolve)
      .on('error', reject)
      .end(body);
  });
  return { status: answer.statusCode ?? 0, headers: answer.headers, body: await bytesOf(answer) };
}

/** Without the account, which is always the same, and the query. */
const pathOf = ({ url = '' }: IncomingMessage): string =>
  decodeURIComponent(url.replace(/\?.*$/, '').replace(/^\/[^/]+/, ''));

/** With the headers as they are: the signature covers them. */
const onwardsTo = (service: URL, agent: Agent, request: IncomingMessage) => ({
  host: service.hostname,
  port: service.port,
  method: request.method,
  path: request.url,
  headers: request.headers,
  agent,
});

async function bytesOf(message: IncomingMessage): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of message) chunks.push(chunk as Uint8Array);
  return Buffer.concat(chunks);
}
