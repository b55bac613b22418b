import { GraphError } from '../../src/graph/errors.ts';
import type { Answer, Transport } from '../../src/graph/transport.ts';
import { abortError } from '../../src/graph/wait.ts';
import type { GraphFault } from './faultPlan.ts';
import type { RowHistory } from './schedule.ts';

export const ORIGIN = 'https://graph.example';

interface Row {
  json: string;
  /** In units of 100 ns; undefined if it names no instant: such a row comes with every range. */
  start: bigint | undefined;
}

export interface MemoryGraphOptions {
  rows: readonly RowHistory[];
  startMs: number;
  pageSize: number;
  nowMs: () => number;
}

/** Graph over a log that changes with time: pages of a few rows, cut from the rows as they are when one is asked for. */
export class MemoryGraph {
  readonly #options: MemoryGraphOptions;
  readonly #rows: readonly RowHistory[];
  readonly #parsed = new Map<string, Row>();
  requests = 0;
  /** The log has become what it is in the last act. */
  isLastAct = false;

  constructor(options: MemoryGraphOptions) {
    this.#options = options;
    this.#rows = [...options.rows].sort((a, b) => a.order - b.order);
  }

  /** JSON of every row that the log has now. */
  rowsNow(): string[] {
    return this.#visible().map(({ json }) => json);
  }

  /** Whether the log has a row now with the id of this one; of rows without, whether it may have this one. */
  hasIdOf(line: string): boolean {
    const id = idOf(line);
    return id === 'null' || this.#visible().some(({ json }) => idOf(json) === id);
  }

  /** {@link idAndStart} of the rows that the log has when it comes to rest. */
  rowsAtRest(): string[] {
    return this.#rows.flatMap(({ states }) => {
      const json = states.at(-1)?.[1];
      return json === undefined || json === null ? [] : [idAndStart(json)];
    });
  }

  /** @param fault what befalls this request */
  answer(
    url: string,
    fault: GraphFault | undefined,
  ): { status: number; headers: Record<string, string>; body: string } {
    this.requests += 1;
    const date = new Date(this.#options.nowMs());
    const headers: Record<string, string> = {
      date: date.toUTCString(),
      'request-id': `request-${this.requests}`,
    };
    const error = (status: number, code: string) => ({
      status,
      headers,
      body: JSON.stringify({ error: { code, message: code } }),
    });
    switch (fault?.kind) {
      case 'throttled': {
        const until = new Date(date.getTime() + fault.ms);
        const retryAfter = fault.ms % 2_000 === 0 ? until.toUTCString() : String(Math.ceil(fault.ms / 1_000));
        return { ...error(429, 'TooManyRequests'), headers: { ...headers, 'retry-after': retryAfter } };
      }
      case 'unavailable':
        return error(503, 'ServiceUnavailable');
      case 'forbidden':
        return error(403, 'Forbidden');
      case 'reset':
        throw new GraphError('network', 'the connection was reset', { code: 'ECONNRESET' });
      case 'timeout':
        throw new GraphError('timeout', 'no answer in time');
      case 'html':
        return { status: 200, headers, body: '<html><body>Sign in</body></html>' };
      case 'cutBody':
      case 'elsewhere':
      case 'emptyPage':
      case undefined: {
        const body = this.#page(url, fault);
        // A gateway that cuts an answer without saying so.
        return {
          status: 200,
          headers,
          body: fault?.kind === 'cutBody' ? body.slice(0, body.length >> 1) : body,
        };
      }
    }
  }

  #page(url: string, fault: GraphFault | undefined): string {
    const { fromMs, toMs, skip } = readUrl(url);
    const [from, to] = [BigInt(fromMs) * 10_000n, BigInt(toMs) * 10_000n];
    const { pageSize } = this.#options;
    const matching = this.#visible().filter(
      ({ start }) => start === undefined || (start >= from && start <= to),
    );
    const taken = fault?.kind === 'emptyPage' ? 0 : pageSize;
    const value = matching.slice(skip, skip + taken).map(({ json }) => json);
    const base = url.replace(/\?.*$/, '');
    const link =
      fault?.kind === 'elsewhere'
        ? `https://elsewhere.example/v1.0/${base.slice(ORIGIN.length)}?$skip=${skip + taken}`
        : skip + taken < matching.length || taken === 0
          ? // An empty page, then the same again under another address.
            `${base}?$skip=${skip + taken}${taken === 0 ? `&again=${this.requests}` : ''}`
          : undefined;
    const next = link === undefined ? '' : `,"@odata.nextLink":${JSON.stringify(link)}`;
    return `{"@odata.context":"x","value":[${value.join(',')}]${next}}`;
  }

  #visible(): Row[] {
    const atMs = this.#options.nowMs() - this.#options.startMs;
    return this.#rows.flatMap(({ states, lastly }) => {
      const before = states.findLast(([fromMs]) => fromMs <= atMs)?.[1];
      const json = this.isLastAct && lastly !== undefined ? lastly : before;
      return json === undefined || json === null ? [] : [this.#parse(json)];
    });
  }

  #parse(json: string): Row {
    const known = this.#parsed.get(json);
    if (known !== undefined) return known;
    const { startDateTime } = JSON.parse(json) as { startDateTime?: unknown };
    const row = { json, start: typeof startDateTime === 'string' ? ticksOf(startDateTime) : undefined };
    this.#parsed.set(json, row);
    return row;
  }
}

const idOf = (json: string): string => /"id":("[^"]*"|null)/.exec(json)?.[1] ?? 'null';

/** What tells a row from another one, and where it belongs; of JSON as Graph has it or as it is landed. */
export const idAndStart = (json: string): string =>
  [/"id":("[^"]*"|null)/, /"startDateTime":("[^"]*"|null)/].map((field) => field.exec(json)?.[1]).join(' ');

const INSTANT = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,7}))?Z$/;

function ticksOf(text: string): bigint | undefined {
  const [, second, fraction = ''] = INSTANT.exec(text) ?? [];
  const ms = Date.parse(`${second}Z`);
  return Number.isNaN(ms) ? undefined : BigInt(ms) * 10_000n + BigInt(fraction.padEnd(7, '0'));
}

function readUrl(url: string): { fromMs: number; toMs: number; skip: number } {
  const [, from = '', to = ''] = /\(fromDateTime=([^,]+),toDateTime=([^)]+)\)/.exec(url) ?? [];
  const skip = Number(/\$skip=(\d+)/.exec(url)?.[1] ?? 0);
  return { fromMs: Date.parse(from), toMs: Date.parse(to), skip };
}

/**
 * A way to this Graph.
 * @param send when it is the request's turn
 */
export const memoryTransport = (
  send: <T>(url: string, call: () => Promise<T>) => Promise<T>,
  graph: MemoryGraph,
  faultOf: () => GraphFault | undefined,
): Transport => ({
  prepare: () => Promise.resolve(),
  send: async (url, { signal, into, onHead }): Promise<Answer> => {
    if (signal?.aborted === true) throw abortError(signal);
    const { status, headers, body } = await send(url, async () => {
      await Promise.resolve();
      return graph.answer(url, faultOf());
    });
    const head = { status, header: (name: string) => headers[name.toLowerCase()] };
    onHead?.(head);
    into.clear();
    into.add(Buffer.from(body));
    return { ...head, body: into.content, bytes: into.length };
  },
});
