import {
  errorAnswer,
  jsonAnswer,
  pageAnswer,
  throttledAnswer,
  unauthorizedAnswer,
  withRetryAfter,
  type Answer,
  type Exchange,
  type Page,
} from '../answers.ts';
import type { Random } from '../random.ts';
import type { Firing, TransportTraps, Traps, TrapSettings } from './traps.ts';

/** How an answer goes over the connection. */
export type Delivery = 'whole' | 'cut' | 'reset' | 'slow';
export type TrapName = keyof TransportTraps;

export interface Reply {
  answer: Answer;
  delivery: Delivery;
  trap?: TrapName;
}

interface Context {
  page: Page;
  /** The request's target, path and query. */
  target: string;
  exchange: Exchange;
  settings: TrapSettings;
}

type Damage = (answer: Answer, context: Context) => Answer | Omit<Reply, 'trap'>;

const failWith =
  (status: number, code: string, message: string): Damage =>
  (_answer, { exchange }) =>
    errorAnswer(status, code, message, exchange);

/** In this order: of several traps that would fire for a request, the first does. */
const DAMAGE: Readonly<Record<TrapName, Damage>> = {
  status401: (_answer, { exchange }) =>
    unauthorizedAnswer('Lifetime validation failed, the token is expired.', exchange),
  status403: failWith(403, 'Forbidden', 'The application lacks the permission CallRecords.Read.All.'),
  status429: (_answer, { exchange, settings }) =>
    throttledAnswer(exchange, settings.retryAfterSeconds * 1_000),
  status500: failWith(500, 'InternalServerError', 'An internal error occurred.'),
  status502: failWith(502, 'BadGateway', 'The upstream service gave no valid answer.'),
  status503: (_answer, { exchange, settings }) =>
    withRetryAfter(unavailable(exchange), settings.retryAfterSeconds * 1_000),
  status503Bare: (_answer, { exchange }) => unavailable(exchange),
  status504: failWith(504, 'GatewayTimeout', 'The upstream service did not answer in time.'),
  status509: failWith(509, 'BandwidthLimitExceeded', 'The bandwidth limit has been exceeded.'),
  reset: (answer) => ({ answer, delivery: 'reset' }),
  cutConnection: (answer) => ({ answer, delivery: 'cut' }),
  cutBody: (answer) => ({ ...answer, body: answer.body.slice(0, Math.floor(answer.body.length * 0.6)) }),
  htmlWith200: () => ({
    status: 200,
    headers: { 'content-type': 'text/html; charset=utf-8' },
    body: '<!DOCTYPE html><html><body><h1>Our services are not available right now</h1></body></html>',
  }),
  errorWith200: (_answer, { exchange }) => ({
    ...errorAnswer(200, 'UnknownError', 'An error has occurred.', exchange),
  }),
  noValue: (_answer, { page }) =>
    jsonAnswer(200, JSON.stringify({ '@odata.context': `${page.origin}/${page.version}/$metadata` })),
  emptyAnswer: (_answer, { page }) => pageAnswer({ ...page, rows: [], nextLink: undefined }),
  redirectElsewhere: (_answer, { settings, target }) => ({
    status: 302,
    headers: { location: `${settings.elsewhere}${target}` },
    body: '',
  }),
  nextLinkElsewhere: (_answer, { page, settings, target }) =>
    pageAnswer({ ...page, nextLink: `${settings.elsewhere}${target.split('?')[0] ?? ''}?$skip=1000` }),
  hugePage: (_answer, { page, settings }) => pageAnswer({ ...page, padding: settings.hugePageBytes }),
  slowBody: (answer) => ({ answer, delivery: 'slow' }),
};

const unavailable = (exchange: Exchange): Answer =>
  errorAnswer(503, 'ServiceUnavailable', 'The service is temporarily unavailable.', exchange);

/** Decides for each page whether a trap fires, and what then is sent instead. */
export function createTransportTraps(traps: Partial<Traps>, settings: TrapSettings, random: Random) {
  const seen = new Map<TrapName, number>();
  const fires = (name: TrapName): boolean => {
    const firing: Firing | undefined = traps[name];
    if (firing === undefined) return false;
    const before = seen.get(name) ?? 0;
    seen.set(name, before + 1);
    return before < (firing.first ?? Infinity) && random.chance(firing.probability ?? 1);
  };
  return (answer: Answer, target: string, exchange: Exchange): Reply => {
    const { page } = answer;
    const trap = page && (Object.keys(DAMAGE) as TrapName[]).find(fires);
    if (page === undefined || trap === undefined) return { answer, delivery: 'whole' };
    const damaged = DAMAGE[trap](answer, { page, target, exchange, settings });
    return 'delivery' in damaged ? { ...damaged, trap } : { answer: damaged, delivery: 'whole', trap };
  };
}
