import { GraphError } from '../../src/graph/errors.ts';
import type { Answer, Transport } from '../../src/graph/transport.ts';
import { abortError } from '../../src/graph/wait.ts';
import type { GraphFault } from './faultPlan.ts';
import type { RowHistory } from './schedule.ts';

export const ORIGIN = 'https://graph.example';

/** A copy that is behind is so by this many times the time of its fault. */
const BEHIND = 60;

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
  /** By hour, rows that start in it at some time; under NaN those that name no instant at some time. */
  readonly #byHour = new Map<number, RowHistory[]>();
  readonly #byId = new Map<string, RowHistory[]>();
  readonly #starts = new Map<string, bigint | undefined>();
  requests = 0;
  /** The log has become what it is in the last act. */
  isLastAct = false;

  constructor(options: MemoryGraphOptions) {
    this.#options = options;
    this.#rows = [...options.rows].sort((a, b) => a.order - b.order);
    for (const row of this.#rows) {
      const texts = [...row.states.map(([, json]) => json), row.lastly].filter(
        (json) => typeof json === 'string',
      );
      for (const hour of new Set(texts.map((json) => hourOf(this.#startOf(json)))))
        add(this.#byHour, hour, row);
      for (const id of new Set(texts.map(idOf))) add(this.#byId, id, row);
    }
  }

  /** JSON of every row that the log has now. */
  rowsNow(): string[] {
    return this.#rows.flatMap((row) => this.#now(row) ?? []);
  }

  /**
   * Whether a read that does not bring a row has lost it: the log does not have it now, or has always had it as it is.
   * (One that has changed may have been brought in another place.) Of rows without an id nothing is known.
   */
  isLost(line: string): boolean {
    const id = idOf(line);
    if (id === 'null') return false;
    const rows = (this.#byId.get(id) ?? []).filter((row) => idOf(this.#now(row) ?? '') === id);
    return rows.every(({ states, lastly }) => states.length === 1 && lastly === undefined);
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
      case 'emptyLog':
        return { status: 200, headers, body: '{"@odata.context":"x","value":[]}' };
      case 'cutBody':
      case 'elsewhere':
      case 'emptyPage':
      case 'staleCopy':
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
    const behindMs = fault?.kind === 'staleCopy' ? fault.ms * BEHIND : 0;
    const matching = this.#near(fromMs, toMs, behindMs).filter((json) => {
      const start = this.#startOf(json);
      return start === undefined || (start >= from && start <= to);
    });
    const taken = fault?.kind === 'emptyPage' ? 0 : pageSize;
    const value = matching.slice(skip, skip + taken);
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

  /** In order, the rows that the log had so long ago and that may start in these hours. */
  #near(fromMs: number, toMs: number, behindMs: number): string[] {
    const rows = new Set(this.#byHour.get(NaN));
    for (let hour = hourOfMs(fromMs); hour <= hourOfMs(toMs); hour += 1) {
      for (const row of this.#byHour.get(hour) ?? []) rows.add(row);
    }
    return [...rows].sort((a, b) => a.order - b.order).flatMap((row) => this.#now(row, behindMs) ?? []);
  }

  /** Undefined if the log does not have it now, or did not have it so long ago. */
  #now({ states, lastly }: RowHistory, behindMs = 0): string | undefined {
    if (this.isLastAct && lastly !== undefined) return lastly ?? undefined;
    const atMs = this.#options.nowMs() - this.#options.startMs - behindMs;
    return states.findLast(([fromMs]) => fromMs <= atMs)?.[1] ?? undefined;
  }

  /** In units of 100 ns; undefined if it names no instant: such a row comes with every range. */
  #startOf(json: string): bigint | undefined {
    if (this.#starts.has(json)) return this.#starts.get(json);
    const { startDateTime } = JSON.parse(json) as { startDateTime?: unknown };
    const start = typeof startDateTime === 'string' ? ticksOf(startDateTime) : undefined;
    this.#starts.set(json, start);
    return start;
  }
}

function add<K>(index: Map<K, RowHistory[]>, key: K, row: RowHistory): void {
  const rows = index.get(key);
  if (rows === undefined) index.set(key, [row]);
  else rows.push(row);
}

const TICKS_AN_HOUR = 36_000_000_000n;
const hourOf = (start: bigint | undefined): number =>
  start === undefined ? NaN : Number(start / TICKS_AN_HOUR);
const hourOfMs = (ms: number): number => Math.floor(ms / 3_600_000);

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
