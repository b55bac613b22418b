import { parseInstant, compareInstants, type Instant } from '../../graph/instant.ts';
import type { ApiVersion } from './wire.ts';

/** What a request asks for, read from its target alone. */
export interface PstnCallsRequest {
  version: ApiVersion;
  from: Instant;
  to: Instant;
  skip: number;
  /** Names the page before which an empty one has been sent already. */
  skipToken: string | undefined;
  /** The target as asked up to the parenthesis: nextLinks repeat it. */
  path: string;
  /** The parameters' values as asked, percent-encoded. */
  fromText: string;
  toText: string;
}

/** A request that is answered with an error: status, and Graph's `code` and `message`. */
export interface Refusal {
  status: 400 | 404 | 406;
  code: string;
  message: string;
}

export type Reading = { ok: true; request: PstnCallsRequest } | { ok: false; refusal: Refusal };

const LONGEST_RANGE_MS = 90 * 86_400_000;
const FUNCTION =
  /^(\/(v1\.0|beta)\/communications\/callRecords\/(?:microsoft\.graph\.callRecords\.)?getPstnCalls)\((.*)\)$/i;
const PARAMETERS = { from: ['fromdatetime', 'from'], to: ['todatetime', 'to'] } as const;

/** Reads a request's target, `/v1.0/communications/callRecords/getPstnCalls(fromDateTime=..,toDateTime=..)?$skip=..`. */
export function readTarget(target: string): Reading {
  const [rawPath, query = ''] = splitOnce(target, '?');
  const path = decoded(rawPath);
  if (path === undefined) return refuse(400, 'BadRequest', 'The path is not validly percent-encoded.');
  const version = /^\/([^/]*)/.exec(path)?.[1] ?? '';
  if (!/^(v1\.0|beta)$/i.test(version)) return refuse(404, 'ResourceNotFound', `Invalid version: ${version}`);
  const match = FUNCTION.exec(path);
  if (match === null) {
    const segment = path.split('/').at(-1)?.replace(/\(.*$/, '') ?? '';
    return refuse(404, 'ResourceNotFound', `Resource not found for the segment '${segment}'.`);
  }
  const parameters = readParameters(match[3] ?? '');
  if ('refusal' in parameters) return { ok: false, refusal: parameters.refusal };
  const skip = readSkip(query);
  if (skip === undefined) return refuse(400, 'BadRequest', "The value of '$skip' is no whole number from 0.");
  const { from, to } = parameters;
  if (compareInstants(from.instant, to.instant) > 0) {
    return refuse(400, 'BadRequest', 'fromDateTime is later than toDateTime.');
  }
  const latest: Instant = { ...from.instant, epochMs: from.instant.epochMs + LONGEST_RANGE_MS };
  if (compareInstants(to.instant, latest) > 0) {
    return refuse(406, 'NotAcceptable', 'The range of fromDateTime and toDateTime is more than 90 days.');
  }
  const request: PstnCallsRequest = {
    version: version.toLowerCase() as ApiVersion,
    from: from.instant,
    to: to.instant,
    skip,
    skipToken: new URLSearchParams(query).get('$skiptoken') ?? undefined,
    path: rawPath.slice(0, openingOf(rawPath)),
    fromText: encodeURIComponent(from.text).replaceAll('%3A', ':'),
    toText: encodeURIComponent(to.text).replaceAll('%3A', ':'),
  };
  return { ok: true, request };
}

interface Parameter {
  text: string;
  instant: Instant;
}

/** `fromDateTime=..,toDateTime=..` in either order; `from` and `to` as the nextLink of Microsoft's example has them. */
function readParameters(text: string): { from: Parameter; to: Parameter } | { refusal: Refusal } {
  const values = new Map<string, string>();
  let position = 0;
  for (const part of text.split(',')) {
    const [name, value = ''] = splitOnce(part, '=');
    position += name.length + 1;
    if (value === '') return bad(`Expression expected at position ${position} in '${text}'.`);
    values.set(name.trim().toLowerCase(), value.trim());
    position += value.length + 1;
  }
  const read = (names: readonly string[]): Parameter | undefined => {
    const value = names.map((name) => values.get(name)).find((found) => found !== undefined);
    const instant = value === undefined ? undefined : readInstant(value);
    return value === undefined || instant === undefined ? undefined : { text: value, instant };
  };
  const from = read(PARAMETERS.from);
  const to = read(PARAMETERS.to);
  if (from === undefined || to === undefined || values.size !== 2) {
    return bad('fromDateTime and toDateTime must be given, each as a date or an instant (DateTimeOffset).');
  }
  return { from, to };
}

/** A date is the instant at which it begins, for both bounds. */
const readInstant = (text: string): Instant | undefined =>
  parseInstant(/^\d{4}-\d{2}-\d{2}$/.test(text) ? `${text}T00:00:00Z` : text);

function readSkip(query: string): number | undefined {
  const text = new URLSearchParams(query).get('$skip') ?? '0';
  return /^\d{1,9}$/.test(text) ? Number(text) : undefined;
}

function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch (error) {
    if (error instanceof URIError) return undefined;
    throw error;
  }
}

const openingOf = (rawPath: string): number => {
  const plain = rawPath.indexOf('(');
  return plain >= 0 ? plain : rawPath.indexOf('%28');
};

function splitOnce(text: string, separator: string): [string, string?] {
  const at = text.indexOf(separator);
  return at < 0 ? [text] : [text.slice(0, at), text.slice(at + separator.length)];
}

const bad = (message: string): { refusal: Refusal } => ({
  refusal: { status: 400, code: 'BadRequest', message },
});
const refuse = (status: Refusal['status'], code: string, message: string): Reading => ({
  ok: false,
  refusal: { status, code, message },
});
