import type { TrapName } from './traps/transportTraps.ts';

/** What the server knows of one request; never its token. */
export interface RequestLogEntry {
  /** Arrival in real time, milliseconds since the epoch. */
  atMs: number;
  method: string;
  /** Path and query. */
  target: string;
  /** Of the answer that was sent, or would have been before the connection was cut. */
  status: number;
  rows: number;
  requestId: string;
  clientRequestId: string;
  /** Whether a bearer token was sent. */
  withToken: boolean;
  /** Whether it came before the time of an earlier Retry-After had passed. */
  duringRetryAfter: boolean;
  trap: TrapName | undefined;
}

export interface RequestCounters {
  requests: number;
  /** Answers by status. */
  byStatus: Readonly<Record<number, number>>;
  byTrap: Readonly<Partial<Record<TrapName, number>>>;
  duringRetryAfter: number;
  rows: number;
}

export interface RequestLog {
  add(entry: RequestLogEntry): void;
  /** The last requests, at most {@link KEPT_ENTRIES}, oldest first. */
  entries(): readonly RequestLogEntry[];
  counters(): RequestCounters;
}

export const KEPT_ENTRIES = 20_000;

export function createRequestLog(): RequestLog {
  const kept: RequestLogEntry[] = [];
  const byStatus: Record<number, number> = {};
  const byTrap: Partial<Record<TrapName, number>> = {};
  const totals = { requests: 0, duringRetryAfter: 0, rows: 0 };
  return {
    add(entry) {
      kept.push(entry);
      if (kept.length > KEPT_ENTRIES) kept.shift();
      byStatus[entry.status] = (byStatus[entry.status] ?? 0) + 1;
      if (entry.trap !== undefined) byTrap[entry.trap] = (byTrap[entry.trap] ?? 0) + 1;
      totals.requests += 1;
      totals.duringRetryAfter += entry.duringRetryAfter ? 1 : 0;
      totals.rows += entry.rows;
    },
    entries: () => [...kept],
    counters: () => ({ ...totals, byStatus: { ...byStatus }, byTrap: { ...byTrap } }),
  };
}
