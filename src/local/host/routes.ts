import { HostError } from './hostError.ts';
import type { AppFunction, AuthLevel } from './registeredFunction.ts';

export interface Route {
  fn: AppFunction;
  authLevel: AuthLevel;
  methods: readonly string[];
  segments: readonly Segment[];
}

type Segment =
  | { kind: 'literal'; text: string }
  | { kind: 'parameter'; name: string; optional: boolean }
  /** The rest of the path, possibly empty. */
  | { kind: 'rest'; name: string };

/**
 * Reads the template of an HTTP function, such as `calls/{date}/{user?}` or `files/{*path}`, under the
 * prefix of host.json.
 * @throws HostError for templates that this host does not support
 */
export function compileRoute(
  fn: AppFunction,
  trigger: { route: string; methods: readonly string[]; authLevel: AuthLevel },
  prefix: string,
): Route {
  const template = [prefix, trigger.route].filter((part) => part !== '').join('/');
  const segments = template.split('/').map((text) => toSegment(fn.name, trigger.route, text));
  return { fn, segments, methods: trigger.methods, authLevel: trigger.authLevel };
}

function toSegment(name: string, route: string, text: string): Segment {
  const parameter = /^\{(\*?)(\w+)(\??)\}$/.exec(text);
  if (parameter?.[2] !== undefined) {
    if (parameter[1] === '*') return { kind: 'rest', name: parameter[2] };
    return { kind: 'parameter', name: parameter[2], optional: parameter[3] === '?' };
  }
  if (!/[{}]/.test(text)) return { kind: 'literal', text: text.toLowerCase() };
  throw new HostError(
    `Function ${name}: the local host does not support "${text}" in the route "${route}"; ` +
      'a parameter is a whole segment, {name}, {name?} or {*rest}, without constraints',
  );
}

/** The routes in the order in which they are tried: words go before parameters, parameters before the rest. */
export function orderRoutes(routes: readonly Route[]): Route[] {
  const rank = { literal: 0, parameter: 1, rest: 2 };
  const key = (route: Route) => route.segments.map((segment) => rank[segment.kind]).join('');
  return [...routes].sort((a, b) => (key(a) < key(b) ? -1 : key(a) > key(b) ? 1 : 0));
}

/**
 * The function that answers a request. As in the cloud, a function that does not serve the method counts as
 * not there.
 * @param path percent-encoded, without the query
 */
export function matchRoute(
  routes: readonly Route[],
  method: string,
  path: string,
): { route: Route; params: Record<string, string> } | undefined {
  const parts = decode(path.replace(/^\/|\/$/g, ''));
  if (parts === undefined) return undefined;
  for (const route of routes) {
    const params = route.methods.includes(method) ? matchSegments(route.segments, parts) : undefined;
    if (params !== undefined) return { route, params };
  }
  return undefined;
}

function decode(path: string): string[] | undefined {
  try {
    return path === '' ? [] : path.split('/').map(decodeURIComponent);
  } catch {
    // Not percent-encoded text: no route has such a path.
    return undefined;
  }
}

function matchSegments(
  segments: readonly Segment[],
  parts: readonly string[],
): Record<string, string> | undefined {
  const params: Record<string, string> = {};
  for (const [i, segment] of segments.entries()) {
    if (segment.kind === 'rest') return { ...params, [segment.name]: parts.slice(i).join('/') };
    const part = parts[i] ?? '';
    if (segment.kind === 'literal') {
      if (segment.text !== part.toLowerCase()) return undefined;
    } else if (part !== '') params[segment.name] = part;
    else if (!segment.optional) return undefined;
  }
  return parts.length > segments.length ? undefined : params;
}
