import { instantText, type PstnCallsRange } from './requestUrl.ts';

/**
 * What went wrong with a page:
 * - `credential`: no token could be had; `unauthorized` (401), `forbidden` (403), `notFound` (404),
 *   `rangeTooWide` (406), `refused` (other 4xx): Graph refuses, somebody has to change something;
 * - `throttled` (429), `server` (5xx), `network`, `timeout`: Graph or the way to it fails for now;
 * - `budget`: the own limits leave no request within a minute;
 * - `badPage`: status 200 with something that is no page; `badLink`, `redirect`: Graph sends us elsewhere, where
 *   nobody goes. A wrong setting is behind it, or a gateway that does so for a while.
 */
export type GraphErrorKind =
  | 'credential'
  | 'unauthorized'
  | 'forbidden'
  | 'notFound'
  | 'rangeTooWide'
  | 'refused'
  | 'throttled'
  | 'server'
  | 'network'
  | 'timeout'
  | 'budget'
  | 'badPage'
  | 'badLink'
  | 'redirect';

/** Where it happened, as far as known where the error was made. */
export interface GraphErrorDetails {
  /** HTTP status of the answer, if there was one. */
  status?: number | undefined;
  /** `error.code` of Graph's answer, or the code of a network error. */
  code?: string | undefined;
  /** 1 for the first page of the range. */
  page?: number | undefined;
  range?: PstnCallsRange | undefined;
  /** Tries of this page, this one included. */
  attempts?: number | undefined;
  /** Graph's id of the answer, for Microsoft's support. */
  requestId?: string | undefined;
  /** Our id of the request. */
  clientRequestId?: string | undefined;
  /** Send nothing before so much time has passed. */
  retryAfterMs?: number | undefined;
  /** Overrides what the kind says; see {@link GraphError.transient}. */
  transient?: boolean | undefined;
}

const TRANSIENT: ReadonlySet<GraphErrorKind> = new Set([
  'throttled',
  'server',
  'network',
  'timeout',
  'budget',
  'badPage',
  'badLink',
  'redirect',
]);

/**
 * A page of the call log could not be had. The message says what is wrong, where, and what to do next; it
 * holds no token, and nothing of an answer but its error code.
 */
export class GraphError extends Error {
  override readonly name = 'GraphError';
  readonly kind: GraphErrorKind;
  /** True if the same request may succeed later without anybody's doing. */
  readonly transient: boolean;
  readonly details: Readonly<GraphErrorDetails>;
  /** The message without the place. */
  readonly what: string;

  constructor(kind: GraphErrorKind, what: string, details: GraphErrorDetails = {}) {
    super(`${what}${place(details)}`);
    this.kind = kind;
    this.what = what;
    this.details = details;
    this.transient = details.transient ?? TRANSIENT.has(kind);
  }

  get status(): number | undefined {
    return this.details.status;
  }
  get code(): string | undefined {
    return this.details.code;
  }
  get page(): number | undefined {
    return this.details.page;
  }
  get requestId(): string | undefined {
    return this.details.requestId;
  }
  get clientRequestId(): string | undefined {
    return this.details.clientRequestId;
  }
  /** Milliseconds after which sending again makes sense, where that is known. */
  get retryAfterMs(): number | undefined {
    return this.details.retryAfterMs;
  }

  /** The same error with more known about where it happened; what it knew already stays. */
  at(details: GraphErrorDetails): GraphError {
    const known = Object.fromEntries(Object.entries(this.details).filter(([, value]) => value !== undefined));
    return new GraphError(this.kind, this.what, { ...details, ...known });
  }
}

function place({
  status,
  code,
  page,
  range,
  attempts,
  requestId,
  clientRequestId,
}: GraphErrorDetails): string {
  const parts: string[] = [];
  if (range !== undefined)
    parts.push(`calls from ${instantText(range.fromMs)} to ${instantText(range.toMs)}`);
  if (page !== undefined) parts.push(`page ${page}`);
  if (attempts !== undefined && attempts > 1) parts.push(`${attempts} tries`);
  if (status !== undefined) parts.push(`status ${status}`);
  if (code !== undefined) parts.push(`code ${code}`);
  if (requestId !== undefined) parts.push(`request-id ${requestId}`);
  if (clientRequestId !== undefined) parts.push(`client-request-id ${clientRequestId}`);
  return parts.length === 0 ? '' : ` [${parts.join(', ')}]`;
}
