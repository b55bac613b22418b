import { rowJson, type ApiVersion, type WireRow } from './wire.ts';

/** An answer before it is sent. */
export interface Answer {
  status: number;
  headers: Record<string, string>;
  body: string;
  /** What the body says, if it is a page. */
  page?: Page;
}

/** A page of an OData collection. */
export interface Page {
  origin: string;
  version: ApiVersion;
  rows: readonly WireRow[];
  /** Absolute; undefined on the last page. */
  nextLink: string | undefined;
  /** Characters of an annotation beside the rows, which makes the page long. */
  padding?: number;
}

/** The ids of one exchange, which both sides log. */
export interface Exchange {
  requestId: string;
  clientRequestId: string;
  /** By the simulation's clock. */
  nowMs: number;
}

const JSON_TYPE =
  'application/json;odata.metadata=minimal;odata.streaming=true;IEEE754Compatible=false;charset=utf-8';

export function pageAnswer(page: Page): Answer {
  const parts = [
    `"@odata.context":"${page.origin}/${page.version}/$metadata#Collection(microsoft.graph.callRecords.pstnCallLogRow)"`,
    // Of this page, not of the whole range.
    `"@odata.count":${page.rows.length}`,
  ];
  if (page.nextLink !== undefined) parts.push(`"@odata.nextLink":${JSON.stringify(page.nextLink)}`);
  if (page.padding !== undefined) parts.push(`"@simulation.padding":"${'p'.repeat(page.padding)}"`);
  parts.push(`"value":[${page.rows.map((row) => rowJson(row, page.version)).join(',')}]`);
  return jsonAnswer(200, `{${parts.join(',')}}`, page);
}

export const jsonAnswer = (status: number, body: string, page?: Page): Answer => ({
  status,
  headers: { 'content-type': JSON_TYPE },
  body,
  ...(page && { page }),
});

/** Graph's error object. */
export function errorAnswer(status: number, code: string, message: string, exchange: Exchange): Answer {
  const innerError = {
    date: new Date(exchange.nowMs).toISOString().slice(0, 19),
    'request-id': exchange.requestId,
    'client-request-id': exchange.clientRequestId,
  };
  return jsonAnswer(status, JSON.stringify({ error: { code, message, innerError } }));
}

export function throttledAnswer(exchange: Exchange, retryAfterMs: number): Answer {
  const innerError = {
    code: '429',
    date: new Date(exchange.nowMs).toISOString().slice(0, 19),
    message: 'Please retry after',
    'request-id': exchange.requestId,
    status: '429',
  };
  const error = { code: 'TooManyRequests', innerError, message: 'Please retry again later.' };
  return withRetryAfter(jsonAnswer(429, JSON.stringify({ error })), retryAfterMs);
}

/** Whole seconds, at least one: a client that waits so long does not come too early. */
export const withRetryAfter = (answer: Answer, retryAfterMs: number): Answer => ({
  ...answer,
  headers: { ...answer.headers, 'retry-after': String(Math.max(1, Math.ceil(retryAfterMs / 1_000))) },
});

export function unauthorizedAnswer(message: string, exchange: Exchange): Answer {
  const answer = errorAnswer(401, 'InvalidAuthenticationToken', message, exchange);
  return {
    ...answer,
    headers: { ...answer.headers, 'www-authenticate': 'Bearer realm="", error="invalid_token"' },
  };
}
