import type { AccessToken } from '@azure/core-auth';
import { createSharedBudget } from '../../src/graph/budget/sharedBudget.ts';
import type { PstnCallsSource, RequestPacer } from '../../src/graph/pstnCalls.ts';
import { createPstnCallsSource } from '../../src/graph/pstnCallsClient.ts';
import { createTokenCache } from '../../src/graph/tokenCache.ts';
import { createTransport, type TransportOptions } from '../../src/graph/transport.ts';
import type { Wait } from '../../src/graph/wait.ts';
import type { Log, LogFields } from '../../src/runtime/log.ts';
import { memoryTable } from '../support/memoryTables.ts';
import { parsedRows, textsOf } from '../support/pages.ts';

export const FROM_MS = Date.parse('2026-11-23T10:00:00.000Z');
export const TO_MS = Date.parse('2026-11-23T11:00:00.000Z');
export const NOW_MS = Date.parse('2026-11-24T06:00:00.000Z');

/** A clock that only waiting moves: nothing sleeps. */
export function leapingTime(): { monotonicNowMs: () => number; wait: Wait; waits: number[] } {
  let nowMs = 0;
  const waits: number[] = [];
  const wait: Wait = (ms, signal) => {
    if (signal?.aborted === true) return Promise.reject(signal.reason as Error);
    waits.push(ms);
    nowMs += ms;
    return Promise.resolve();
  };
  return { monotonicNowMs: () => nowMs, wait, waits };
}

export interface LoggedEvent extends LogFields {
  event: string;
}

export function recordingLog(): Log & { events: LoggedEvent[] } {
  const events: LoggedEvent[] = [];
  const add = (event: string, fields: LogFields = {}): void => void events.push({ ...fields, event });
  return { events, info: add, warn: add, error: add };
}

export interface Setup {
  source: PstnCallsSource;
  log: ReturnType<typeof recordingLog>;
  time: ReturnType<typeof leapingTime>;
  /** Tokens that the credential gave out. */
  tokens: string[];
}

export interface SetupOptions extends Partial<TransportOptions> {
  wait?: Wait;
  /** Default: a budget that nobody else uses. */
  pacer?: RequestPacer;
  random?: () => number;
}

/** The client as the app builds it, with a clock that leaps and tokens `token-1`, `token-2`, ... */
export function setup(origin: string, options: SetupOptions = {}): Setup {
  const time = leapingTime();
  const log = recordingLog();
  const tokens: string[] = [];
  const getToken = (): Promise<AccessToken> => {
    tokens.push(`token-${tokens.length + 1}`);
    return Promise.resolve({ token: tokens.at(-1) ?? '', expiresOnTimestamp: NOW_MS + 3_600_000 });
  };
  const nowMs = (): number => NOW_MS;
  const cache = createTokenCache({
    createCredential: () => Promise.resolve({ getToken }),
    scope: 's',
    nowMs,
  });
  const wait = options.wait ?? time.wait;
  let ids = 0;
  const source = createPstnCallsSource({
    origin,
    version: 'v1.0',
    transport: createTransport({ origin, tokens: cache, loopback: true, ...options }),
    pacer:
      options.pacer ??
      createSharedBudget({
        table: memoryTable('budget'),
        requestsPerMinute: 50,
        appRequestsPerMinute: 200,
        marginMs: 2_500,
        nowMs: () => NOW_MS + time.monotonicNowMs(),
        wait,
        random: () => 0,
      }),
    log,
    newId: () => `client-${++ids}`,
    random: options.random ?? (() => 0),
    wait,
    monotonicNowMs: time.monotonicNowMs,
    nowMs,
  });
  return { source, log, time, tokens };
}

export interface ReadPage {
  number: number;
  /** Parsed. */
  rows: unknown[];
  /** As they were sent. */
  texts: string[];
  requestId: string | undefined;
}

export async function readAll(source: PstnCallsSource, signal?: AbortSignal): Promise<ReadPage[]> {
  const pages: ReadPage[] = [];
  const options = signal === undefined ? {} : { signal };
  for await (const { rows, ...page } of source.readPages(FROM_MS, TO_MS, options)) {
    pages.push({ ...page, rows: parsedRows(rows), texts: textsOf(rows) });
  }
  return pages;
}
