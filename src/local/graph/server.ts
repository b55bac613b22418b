import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

import type { Clock } from '../../runtime/clock.ts';
import type { Exchange } from './answers.ts';
import { send, type Waiting } from './delivery.ts';
import { createHandler } from './handler.ts';
import { STREAM, randomOf } from './random.ts';
import { createRequestLog, type RequestCounters, type RequestLogEntry } from './requestLog.ts';
import { createTenant, type Tenant } from './tenant.ts';
import { TRAP_SETTINGS, type Traps } from './traps/traps.ts';

export interface SimulatedGraphOptions {
  /** Decides which rows have been published, corrected or withdrawn. Limits and latency are real time. */
  clock: Clock;
  /** Default 1. */
  seed?: number;
  /** Default 400. */
  users?: number;
  /** Calls of an ordinary week. Default 75 a user: 30,000. */
  callsAWeek?: number;
  /** For the collection, over a sliding window of 60 s. Default 50. */
  requestsPerMinute?: number;
  /** For the app, over the same window. Default 200. */
  appRequestsPerMinute?: number;
  /** Time before an answer. Default 0. */
  latencyMs?: number | { min: number; max: number };
  traps?: Partial<Traps>;
  /** Default: any free one. */
  port?: number;
  /** The only token that is accepted. Default: any. */
  token?: string;
}

export interface SimulatedGraph {
  /** Origin: `http://127.0.0.1:<port>`. */
  url: string;
  /** The tenant behind it, to ask for rows without HTTP. */
  tenant: Tenant;
  /** The last requests, oldest first. */
  requests: () => readonly RequestLogEntry[];
  counters: () => RequestCounters;
  /** Ends all connections at once, answered or not. */
  close: () => Promise<void>;
}

const HOST = '127.0.0.1';
// Longer than clients keep an idle connection, so that none is closed while a request is on its way.
const KEEP_ALIVE_MS = 120_000;

/**
 * Serves a seeded, made-up tenant's `getPstnCalls` on loopback, as Microsoft Graph does: paging, limits, errors
 * and latency of rows included. Rejects if the port cannot be had.
 */
export async function startSimulatedGraph(options: SimulatedGraphOptions): Promise<SimulatedGraph> {
  const { clock, seed = 1, traps = {}, latencyMs = 0 } = options;
  const settings = { ...TRAP_SETTINGS, ...traps };
  const tenant = createTenant({ ...options, seed, traps, shuffled: traps.shuffledRows === true });
  const log = createRequestLog();
  const random = randomOf(seed, STREAM.server);
  const handle = createHandler({ ...options, tenant, traps, settings, random });
  const closing = new AbortController();
  let blockedUntilMs = 0;

  const serve = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    request.resume();
    const arrivedMs = performance.now();
    const exchange = exchangeOf(request, clock.nowMs());
    const target = request.url ?? '/';
    const reply = handle(request, target, originOf(request, url), exchange, arrivedMs);
    const { answer, trap } = reply;
    log.add({
      atMs: Date.now(),
      method: request.method ?? '',
      target,
      status: answer.status,
      rows: answer.page?.rows.length ?? 0,
      requestId: exchange.requestId,
      clientRequestId: exchange.clientRequestId,
      withToken: request.headers.authorization !== undefined,
      duringRetryAfter: arrivedMs < blockedUntilMs,
      trap,
    });
    blockedUntilMs = Math.max(blockedUntilMs, arrivedMs + (reply.retryAfterMs ?? 0));
    const waiting: Waiting = {
      latencyMs: typeof latencyMs === 'number' ? latencyMs : random.between(latencyMs.min, latencyMs.max),
      slowBodyMs: settings.slowBodyMs,
      signal: closing.signal,
    };
    await send(response, reply, exchange, waiting);
  };

  const server = createServer((request, response) => {
    serve(request, response).catch((error: unknown) => {
      if (response.headersSent) response.destroy();
      else response.writeHead(500).end(`The simulation failed: ${messageOf(error)}`);
    });
  });
  server.keepAliveTimeout = KEEP_ALIVE_MS;
  server.listen(options.port ?? 0, HOST);
  await listening(server, options.port);
  const url = `http://${HOST}:${(server.address() as AddressInfo).port}`;
  return {
    url,
    tenant,
    requests: () => log.entries(),
    counters: () => log.counters(),
    close: async () => {
      if (!server.listening) return;
      closing.abort();
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

async function listening(server: ReturnType<typeof createServer>, port: number | undefined): Promise<void> {
  try {
    await once(server, 'listening');
  } catch (error) {
    throw new Error(
      `the simulated Graph cannot listen on ${HOST}:${port ?? 0} (${messageOf(error)}): choose another port`,
      { cause: error },
    );
  }
}

function exchangeOf(request: IncomingMessage, nowMs: number): Exchange {
  const requestId = randomUUID();
  const sent = request.headers['client-request-id'];
  return { requestId, clientRequestId: typeof sent === 'string' ? sent : requestId, nowMs };
}

/** The origin by which the client knows this server, as far as it is one of this machine. */
function originOf(request: IncomingMessage, url: string): string {
  const host = request.headers.host ?? '';
  return /^(localhost|127\.0\.0\.1|\[::1\]):\d+$/.test(host) ? `http://${host}` : url;
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
