import type { IncomingMessage, ServerResponse } from 'node:http';
import type { NullableStrings, RpcHttpCookie, RpcTypedData } from './coreTypes.ts';

/** A request as the cloud's host gives it to its worker. */
export function toRpcHttp(
  request: IncomingMessage,
  url: URL,
  params: Readonly<Record<string, string>>,
  body: Buffer,
): RpcTypedData {
  const query: Record<string, string[]> = {};
  for (const [name, value] of url.searchParams) (query[name] ??= []).push(value);
  return {
    http: {
      method: request.method ?? 'GET',
      url: url.href,
      nullableHeaders: nullable(request.headers),
      nullableQuery: nullable(query),
      nullableParams: nullable(params),
      ...(body.length === 0 ? {} : { body: { bytes: body } }),
    },
  };
}

/** Values that are given more than once are joined by commas. */
function nullable(values: Readonly<Record<string, string | string[] | undefined>>): NullableStrings {
  const result: NullableStrings = {};
  for (const [name, value] of Object.entries(values)) {
    if (value !== undefined) result[name] = { value: Array.isArray(value) ? value.join(',') : value };
  }
  return result;
}

/** Headers of the connection, which Node sets for itself. */
const OWN_HEADERS: readonly string[] = ['connection', 'keep-alive', 'transfer-encoding', 'content-length'];

/** Writes what a function returned. A function that returned nothing answers 204. */
export function writeRpcHttp(response: ServerResponse, returned: RpcTypedData | null | undefined): void {
  const http = returned?.http;
  if (http === null || http === undefined) {
    response.writeHead(204).end();
    return;
  }
  response.statusCode = Number(http.statusCode ?? 200);
  for (const [name, value] of Object.entries(http.headers ?? {})) {
    if (!OWN_HEADERS.includes(name.toLowerCase())) response.setHeader(name, value);
  }
  const cookies = http.cookies ?? [];
  if (cookies.length > 0) response.setHeader('set-cookie', cookies.map(setCookie));
  response.end(http.body?.bytes ?? http.body?.string ?? '');
}

function setCookie(cookie: RpcHttpCookie): string {
  const { domain, path, expires, maxAge, secure, httpOnly, sameSite } = cookie;
  const seconds = expires?.value?.seconds;
  const parts = [
    `${cookie.name}=${encodeURIComponent(cookie.value)}`,
    maxAge?.value === undefined || maxAge.value === null ? '' : `Max-Age=${maxAge.value}`,
    domain?.value ? `Domain=${domain.value}` : '',
    path?.value ? `Path=${path.value}` : '',
    seconds === undefined || seconds === null ? '' : `Expires=${new Date(seconds * 1000).toUTCString()}`,
    httpOnly?.value === true ? 'HttpOnly' : '',
    secure?.value === true ? 'Secure' : '',
    sameSite === 'lax' ? 'SameSite=Lax' : '',
    sameSite === 'strict' ? 'SameSite=Strict' : '',
    sameSite === 'explicitNone' ? 'SameSite=None' : '',
  ];
  return parts.filter((part) => part !== '').join('; ');
}
