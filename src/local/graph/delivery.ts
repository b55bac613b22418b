import type { ServerResponse } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';

import type { Exchange } from './answers.ts';
import type { Reply } from './traps/transportTraps.ts';

export interface Waiting {
  latencyMs: number;
  slowBodyMs: number;
  /** Aborted when the server closes: nothing more is sent then. */
  signal: AbortSignal;
}

const SLOW_PIECES = 10;
const CUT_AT = 0.6;

const DIAGNOSTIC = JSON.stringify({
  ServerInfo: { DataCenter: 'Simulation', Slice: 'E', Ring: '1', ScaleUnit: '001', RoleInstance: 'LOOPBACK' },
});

/** Sends an answer as its delivery says. Resolves when all is written, or the connection is gone. */
export async function send(
  response: ServerResponse,
  { answer, delivery }: Reply,
  exchange: Exchange,
  { latencyMs, slowBodyMs, signal }: Waiting,
): Promise<void> {
  if (latencyMs > 0 && !(await paused(latencyMs, signal))) return;
  if (response.destroyed) return;
  if (delivery === 'reset') {
    response.socket?.resetAndDestroy();
    return;
  }
  const body = Buffer.from(answer.body, 'utf8');
  response.writeHead(answer.status, {
    ...answer.headers,
    'content-length': body.length,
    'request-id': exchange.requestId,
    'client-request-id': exchange.clientRequestId,
    'x-ms-ags-diagnostic': DIAGNOSTIC,
  });
  if (delivery === 'cut') {
    response.write(body.subarray(0, Math.floor(body.length * CUT_AT)), () => response.destroy());
    return;
  }
  if (delivery === 'slow') {
    const size = Math.ceil(body.length / SLOW_PIECES);
    for (let at = 0; at < body.length; at += size) {
      if (!(await paused(slowBodyMs / SLOW_PIECES, signal))) return;
      response.write(body.subarray(at, at + size));
    }
    response.end();
    return;
  }
  response.end(body);
}

/** False if the server closed meanwhile. */
async function paused(ms: number, signal: AbortSignal): Promise<boolean> {
  try {
    await pause(ms, undefined, { signal });
    return true;
  } catch (error) {
    if (signal.aborted) return false;
    throw error;
  }
}
