import { expect } from 'vitest';
import { setTimeout as pause } from 'node:timers/promises';
import { connectServices } from '../../src/app/services.ts';
import type { Output } from '../../src/cli/output.ts';
import { awaitBackfill } from '../../src/cli/runBackfill.ts';
import { parseInstant } from '../../src/graph/instant.ts';
import { type SimulatedGraph, startSimulatedGraph } from '../../src/local/graph/server.ts';
import type { Traps } from '../../src/local/graph/traps/traps.ts';
import { rowJson } from '../../src/local/graph/wire.ts';
import { startFunctionHost } from '../../src/local/host/host.ts';
import { findAppRoot } from '../../src/local/pipeline/appRoot.ts';
import { ensureStorage } from '../../src/local/pipeline/ensureStorage.ts';
import { startServiceBusEndpoint } from '../../src/local/serviceBus/endpoint.ts';
import { startAzurite } from '../../src/local/storage/azurite.ts';
import { MAX_DELIVERY_COUNT, QUEUE_NAMES, QUEUES, type Lane } from '../../src/queues/names.ts';
import type { DeadLetter } from '../../src/queues/peek.ts';
import { frozenClock } from '../../src/runtime/clock.ts';
import type { Log, LogFields } from '../../src/runtime/log.ts';
import { packBackfill } from '../../src/windows/backfill.ts';
import type { BackfillProgress } from '../../src/windows/backfillProgress.ts';
import { planBackfill } from '../../src/windows/backfillRange.ts';
import { sendJobs } from '../../src/windows/sendJobs.ts';
import { expectRows, expectStored } from './expectStored.ts';
import { type Route, startGraphRouter } from './graphRouter.ts';
import { storageReader } from './storedDay.ts';

const NOW = '2026-11-24T06:00:00.000Z';
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const WHOLE_DAY: Hours = [0, 24];
/** A Monday; the days that tests take lie before NOW by more than rows move. */
const FIRST_DAY_MS = Date.parse('2026-09-07T00:00:00Z');
const POLL_MS = 300;
/** Fast, on both sides: nobody waits for limits that another test is about. */
const REQUESTS_PER_MINUTE = 100_000;

export interface Logged {
  level: keyof Log;
  event: string;
  fields: LogFields;
}

/** Of a UTC day, the end not included. */
export type Hours = readonly [from: number, to: number];

/** A day of its own for one test, and whoever answers for it. */
export interface TestDay {
  date: string;
  /** JSON of the rows of these hours as Graph has them, each once. */
  rows: readonly string[];
  graph: SimulatedGraph;
}

export interface SimulateOptions {
  traps?: Partial<Traps>;
  /** Default 700: about 140 rows a day. */
  callsAWeek?: number;
  /** The part of the day that the test is about, `[from, to)`. Default: all 24 hours. */
  hours?: Hours;
  /** Default: all requests go to the simulated Graph of the day. */
  route?: (graph: SimulatedGraph) => Route;
}

/** A part of a day that is enough where rows do not matter. */
export const FEW_HOURS: SimulateOptions = { hours: [12, 15] };
/** The busiest hours of a larger tenant: more than one page, less than three. */
export const TWO_PAGES: SimulateOptions = { hours: [14, 18], callsAWeek: 22_000 };

export interface ReadingOptions {
  /** Windows that one job may hold. Default: the whole day. */
  windowsAJob?: number;
  /** Default: those that the test is about. */
  hours?: Hours;
  lane?: Lane;
}

export type TestPipeline = Awaited<ReturnType<typeof startTestPipeline>>;

/**
 * The whole pipeline in this process, once for a file: the built functions in the local host, storage in memory,
 * queues, and an origin in Graph's place behind which each test puts what it is about, for a day of its own.
 */
export async function startTestPipeline({ apiVersion = 'v1.0' }: { apiVersion?: 'v1.0' | 'beta' } = {}) {
  const [azurite, bus, router] = await Promise.all([
    startAzurite(),
    startServiceBusEndpoint({ queues: QUEUE_NAMES, maxDeliveryCount: MAX_DELIVERY_COUNT }),
    startGraphRouter(),
  ]);
  // Read by the functions, which run in this process.
  Object.assign(process.env, {
    DATA_STORAGE: azurite.connectionString,
    ServiceBusConnection: bus.connectionString,
    GRAPH_ENDPOINT: router.url,
    GRAPH_API_VERSION: apiVersion,
    GRAPH_REQUESTS_PER_MINUTE: String(REQUESTS_PER_MINUTE),
    GRAPH_APP_REQUESTS_PER_MINUTE: String(REQUESTS_PER_MINUTE),
    GRAPH_BUDGET_MARGIN_MS: '0',
    LOCAL_CLOCK: `frozen:${NOW}`,
  });
  await ensureStorage(azurite.connectionString);
  const logged: Logged[] = [];
  const clock = frozenClock(Date.parse(NOW));
  const host = await startFunctionHost({
    appRoot: findAppRoot(),
    serviceBusConnectionString: bus.connectionString,
    clock,
    log: collectingLog(logged),
    timers: false,
  });
  const services = await connectServices(process.env);
  const stored = storageReader(azurite.connectionString);
  const graphs: SimulatedGraph[] = [];
  const hoursOf = new Map<string, Hours>();
  let nextDayMs = FIRST_DAY_MS;

  /** A weekday that no test has had. */
  const freshDate = (): string => {
    const date = new Date(nextDayMs).toISOString().slice(0, 10);
    const isFriday = new Date(nextDayMs).getUTCDay() === 5;
    nextDayMs += isFriday ? 3 * DAY_MS : DAY_MS;
    if (Date.parse(NOW) - nextDayMs < 5 * DAY_MS) throw new Error('no day is left: begin earlier');
    return date;
  };

  const simulate = async (options: SimulateOptions = {}, date = freshDate()): Promise<TestDay> => {
    const graph = await startSimulatedGraph({
      clock,
      users: 12,
      callsAWeek: options.callsAWeek ?? 700,
      requestsPerMinute: REQUESTS_PER_MINUTE,
      appRequestsPerMinute: REQUESTS_PER_MINUTE,
      traps: options.traps ?? {},
    });
    graphs.push(graph);
    router.route(date, options.route?.(graph) ?? (() => graph.url));
    const [fromHour, toHour] = options.hours ?? WHOLE_DAY;
    hoursOf.set(date, [fromHour, toHour]);
    const rows = graph.tenant.rows({
      from: instantOf(`${date}T${twoDigits(fromHour)}:00:00Z`),
      to: instantOf(`${date}T${twoDigits(toHour - 1)}:59:59.9999999Z`),
      nowMs: clock.nowMs(),
      skip: 0,
      limit: Number.MAX_SAFE_INTEGER,
    });
    return { date, graph, rows: rows.map((row) => rowJson(row, apiVersion)) };
  };

  /** Sends the jobs of a day's hours; the function that is returned waits until all are read and summed, or have failed. */
  const read = async (date: string, { windowsAJob = 24, hours, lane = 'backfill' }: ReadingOptions = {}) => {
    const [fromHour, toHour] = hours ?? hoursOf.get(date) ?? WHOLE_DAY;
    const midnightMs = Date.parse(`${date}T00:00:00Z`);
    const nowMs = clock.nowMs();
    const range = planBackfill({
      fromMs: midnightMs + fromHour * HOUR_MS,
      toMs: midnightMs + toHour * HOUR_MS,
      nowMs,
    });
    const limits = { maxWindows: windowsAJob, maxRows: 1_000_000 };
    const backfill = await packBackfill(services.ledger, range, { nowMs, settleHours: 72, limits });
    const jobs = backfill.jobs.map((job) => ({ ...job, lane }));
    await sendJobs(services, lane, jobs, nowMs);
    return (): Promise<BackfillProgress> =>
      awaitBackfill(services, backfill, noOutput, new AbortController().signal);
  };

  const readDay = async (date: string, options?: ReadingOptions): Promise<BackfillProgress> => {
    const finished = await read(date, options);
    return finished();
  };

  return {
    services,
    router,
    stored,
    logged,
    freshDate,
    simulate,
    read,
    readDay,

    /** Reads the hours and asserts that raw, rejected and totals are exactly what these rows make them. */
    async expectExact(date: string, rows: readonly string[], options?: ReadingOptions): Promise<void> {
      expect(await readDay(date, options)).toMatchObject({ failed: [], unfolded: [], shrunk: [] });
      await expectStored(stored, date, rows);
    },

    expectStored: (date: string, rows: readonly string[]) => expectStored(stored, date, rows),
    /** The same, whatever head and ledger say. */
    expectRows: (date: string, rows: readonly string[]) => expectRows(stored, date, rows),

    /** What the functions logged under a name about jobs that begin on a day. */
    eventsOf: (date: string, event: string): unknown[] =>
      logged
        .filter((line) => line.event === 'function log')
        .map((line) => JSON.parse(String(line.fields['message'])) as Record<string, unknown>)
        .filter((line) => line['event'] === event && JSON.stringify(line).includes(date)),

    /** Names of everybody in the tenants that were simulated. */
    names: (): Set<string> =>
      new Set(graphs.flatMap(({ tenant }) => tenant.directory.users.map(({ displayName }) => displayName))),

    async deadLetters(): Promise<DeadLetter[]> {
      const letters = Object.values(QUEUES).map((queue) => services.peeker.deadLetters(queue));
      return (await Promise.all(letters)).flat();
    },

    async stop(): Promise<void> {
      await host.stop();
      await services.close();
      await Promise.all([...graphs.map((graph) => graph.close()), router.close(), bus.close()]);
      await azurite.stop();
    },
  };
}

/** Asks again until there is an answer. */
export async function eventually<T>(
  what: string,
  ask: () => Promise<T | undefined> | T | undefined,
): Promise<T> {
  const deadlineMs = Date.now() + 60_000;
  for (;;) {
    const answer = await ask();
    if (answer !== undefined) return answer;
    if (Date.now() > deadlineMs) throw new Error(`after 60 s still not: ${what}`);
    await pause(POLL_MS);
  }
}

const nothing = (): void => undefined;
const noOutput: Output = {
  json: true,
  interactive: false,
  result: nothing,
  note: nothing,
  error: nothing,
  progress: () => ({ update: nothing, end: nothing }),
};

function collectingLog(logged: Logged[]): Log {
  const write =
    (level: keyof Log) =>
    (event: string, fields: LogFields = {}): void =>
      void logged.push({ level, event, fields });
  return { info: write('info'), warn: write('warn'), error: write('error') };
}

const twoDigits = (hour: number): string => String(hour).padStart(2, '0');

function instantOf(text: string) {
  const instant = parseInstant(text);
  if (instant === undefined) throw new Error(`no instant: ${text}`);
  return instant;
}
