import { GraphError, type GraphErrorDetails, type GraphErrorKind } from './errors.ts';

/** The error of an answer whose status is not 200, and what a person can do about it. */
export function statusError(status: number, body: string, details: GraphErrorDetails = {}): GraphError {
  const [kind, what] = meaning(status);
  return new GraphError(kind, what, { ...details, status, code: errorCode(body) });
}

function meaning(status: number): [GraphErrorKind, string] {
  switch (status) {
    case 401:
      return [
        'unauthorized',
        'Graph does not accept the token, not even a fresh one: check that GRAPH_CLOUD is the cloud of the tenant ' +
          'and that the identity belongs to that tenant',
      ];
    case 403:
      return [
        'forbidden',
        'Graph denies access to the PSTN call log: grant the identity the application permission ' +
          'CallRecords.Read.All (or the narrower CallRecord-PstnCalls.Read.All) with admin consent, then allow some ' +
          'minutes; a signed-in user never has it, only an app or a managed identity',
      ];
    case 404:
      return [
        'notFound',
        'Graph does not know getPstnCalls at this address: check GRAPH_CLOUD and GRAPH_API_VERSION (v1.0 or beta)',
      ];
    case 406:
      return ['rangeTooWide', 'Graph refuses the range: one request covers at most 90 days; ask for less'];
    case 408:
      return ['timeout', 'Graph gave up on the request: it is sent again later'];
    case 429:
      return [
        'throttled',
        'Graph allows no more requests for now: the job is sent again later. If this comes back, another app reads ' +
          'call logs of this tenant: lower GRAPH_REQUESTS_PER_MINUTE or GRAPH_APP_REQUESTS_PER_MINUTE',
      ];
    default:
      if (status >= 500) return ['server', 'Graph fails for now: the job is sent again later'];
      if (status >= 400) {
        return ['refused', 'Graph refuses the request, and repeating it will not help: see the error code'];
      }
      if (status >= 300) {
        return [
          'redirect',
          'Graph redirects to another address, which is never followed because the token would go with it: check ' +
            'GRAPH_CLOUD, and whether something stands between this app and Graph',
        ];
      }
      return ['badPage', 'Graph answers with a status that is no page of calls'];
  }
}

/** `error.code` of an error's body; undefined if there is none that is safe to print. */
export function errorCode(body: string): string | undefined {
  try {
    return errorCodeOf(JSON.parse(body));
  } catch {
    // Gateways answer with HTML or nothing: then the status alone has to do.
    return undefined;
  }
}

/** `error.code` of parsed JSON, if it is a plain word: free text may hold what must not be printed. */
export function errorCodeOf(parsed: unknown): string | undefined {
  if (typeof parsed !== 'object' || parsed === null || !('error' in parsed)) return undefined;
  const { error } = parsed;
  if (typeof error !== 'object' || error === null || !('code' in error)) return undefined;
  return typeof error.code === 'string' && /^[\w.-]{1,80}$/.test(error.code) ? error.code : undefined;
}
