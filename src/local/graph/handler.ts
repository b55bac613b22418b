import type { IncomingMessage } from 'node:http';

import {
  errorAnswer,
  pageAnswer,
  throttledAnswer,
  unauthorizedAnswer,
  type Answer,
  type Exchange,
} from './answers.ts';
import { createSlidingLimit } from './limits.ts';
import { readTarget } from './odata.ts';
import { pageOf } from './paging.ts';
import type { Random } from './random.ts';
import type { Tenant } from './tenant.ts';
import { createTransportTraps, type Reply } from './traps/transportTraps.ts';
import type { TrapSettings, Traps } from './traps/traps.ts';

export interface HandlerOptions {
  tenant: Tenant;
  requestsPerMinute?: number;
  appRequestsPerMinute?: number;
  token?: string;
  traps: Partial<Traps>;
  settings: TrapSettings;
  random: Random;
}

export interface HandledReply extends Reply {
  /** What the answer's Retry-After says, also where the header is left out. */
  retryAfterMs: number | undefined;
}

type Handler = (
  request: Pick<IncomingMessage, 'method' | 'headers'>,
  target: string,
  origin: string,
  exchange: Exchange,
  arrivedMs: number,
) => HandledReply;

const REQUESTS_PER_MINUTE = 50;
const APP_REQUESTS_PER_MINUTE = 200;

/**
 * Decides the answer to a request: first who asks, then how often, then what. `arrivedMs` is a time that never
 * goes back; the limits go by it.
 */
export function createHandler(options: HandlerOptions): Handler {
  const { tenant, traps, settings, random } = options;
  const collectionLimit = createSlidingLimit(options.requestsPerMinute ?? REQUESTS_PER_MINUTE);
  const appLimit = createSlidingLimit(options.appRequestsPerMinute ?? APP_REQUESTS_PER_MINUTE);
  const spring = createTransportTraps(traps, settings, random);

  const answerOf: (...parameters: Parameters<Handler>) => Answer = (
    request,
    target,
    origin,
    exchange,
    arrivedMs,
  ) => {
    const denied = denialOf(request.headers.authorization, options.token);
    if (denied !== undefined) return unauthorizedAnswer(denied, exchange);
    const excess = [appLimit.arrive(arrivedMs)];
    const reading = readTarget(target);
    const found = reading.ok || reading.refusal.status !== 404;
    if (found) excess.push(collectionLimit.arrive(arrivedMs));
    const waits = excess.flatMap((limit) => (limit === undefined ? [] : [limit.retryAfterMs]));
    if (waits.length > 0) return throttledAnswer(exchange, Math.max(...waits));
    if (found && request.method !== 'GET') {
      const answer = errorAnswer(405, 'MethodNotAllowed', 'Only GET is supported here.', exchange);
      return { ...answer, headers: { ...answer.headers, allow: 'GET' } };
    }
    if (!reading.ok) {
      const { status, code, message } = reading.refusal;
      return errorAnswer(status, code, message, exchange);
    }
    return pageAnswer(pageOf(tenant, reading.request, exchange.nowMs, origin, traps));
  };

  return (request, target, origin, exchange, arrivedMs) => {
    const reply = spring(answerOf(request, target, origin, exchange, arrivedMs), target, exchange);
    const seconds = reply.answer.headers['retry-after'];
    return {
      ...reply,
      answer: rewriteRetryAfter(reply.answer, settings),
      retryAfterMs: seconds === undefined ? undefined : Number(seconds) * 1_000,
    };
  };
}

/** Why a request is not let in, or undefined. */
function denialOf(authorization: string | undefined, token: string | undefined): string | undefined {
  const given = /^Bearer +(\S+)$/i.exec(authorization ?? '')?.[1];
  if (given === undefined) return 'Access token is empty.';
  return token === undefined || token === given
    ? undefined
    : 'Invalid access token: it is of another audience.';
}

/** As the settings want it: seconds, a date in real time, or nothing. */
function rewriteRetryAfter(answer: Answer, settings: TrapSettings): Answer {
  const { 'retry-after': seconds, ...others } = answer.headers;
  if (seconds === undefined) return answer;
  if (settings.retryAfterMissing) return { ...answer, headers: others };
  if (!settings.retryAfterDate) return answer;
  // The date has whole seconds: rounded up, or the client would come too early.
  const atMs = Math.ceil(Date.now() / 1_000 + Number(seconds)) * 1_000;
  return { ...answer, headers: { ...others, 'retry-after': new Date(atMs).toUTCString() } };
}
