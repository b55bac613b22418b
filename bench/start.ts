import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { startSimulatedGraph } from '../src/local/graph/server.ts';
import { ensureStorage } from '../src/local/pipeline/ensureStorage.ts';
import { startServiceBusEndpoint } from '../src/local/serviceBus/endpoint.ts';
import { startAzurite } from '../src/local/storage/azurite.ts';
import { MAX_DELIVERY_COUNT, QUEUE_NAMES, type Lane } from '../src/queues/names.ts';
import { frozenClock } from '../src/runtime/clock.ts';
import type { StartDone, Step } from './support/startProcess.ts';
import { median } from './support/table.ts';

const ROUNDS = 7;
const HOUR_MS = 3_600_000;
const NOW_MS = Date.parse('2026-11-24T06:00:00Z');
const runFile = promisify(execFile);
const iso = (ms: number): string => new Date(ms).toISOString();

/** What the trigger gives in each round: an hour that none before has seen, so that every call has work. */
const CALLS: Readonly<Record<string, (round: number) => object>> = {
  health: () => ({}),
  planWindows: () => ({}),
  fetchWindows: (round) => job('live', NOW_MS - (120 - round) * HOUR_MS),
  fetchBackfillWindows: (round) => job('backfill', NOW_MS - (240 - round) * HOUR_MS),
  aggregateDay: () => ({ v: 1, data: { date: '2026-11-19' } }),
};

function job(lane: Lane, fromMs: number): object {
  const data = {
    lane,
    from: iso(fromMs),
    to: iso(fromMs + HOUR_MS),
    planned: iso(NOW_MS),
    expectedRows: 500,
  };
  return { v: 1, data };
}

/**
 * Measures how long an instance takes until its functions are there, and each of them until it has answered its
 * first call; and how much code is loaded for it. Measures what was built last. Arguments are other node
 * programs to measure with.
 */
export async function run(nodes: readonly string[]): Promise<number> {
  for (const node of nodes.length > 0 ? nodes : [process.execPath]) await onFreshStorage(node);
  return 0;
}

async function onFreshStorage(node: string): Promise<void> {
  const azurite = await startAzurite();
  const bus = await startServiceBusEndpoint({ queues: QUEUE_NAMES, maxDeliveryCount: MAX_DELIVERY_COUNT });
  const limits = { requestsPerMinute: 3000, appRequestsPerMinute: 3000 };
  const graph = await startSimulatedGraph({ clock: frozenClock(NOW_MS), ...limits });
  try {
    await ensureStorage(azurite.connectionString);
    await measure(node, {
      DATA_STORAGE: azurite.connectionString,
      ServiceBusConnection: bus.connectionString,
      GRAPH_ENDPOINT: graph.url,
      GRAPH_REQUESTS_PER_MINUTE: '3000',
      GRAPH_APP_REQUESTS_PER_MINUTE: '3000',
      INITIAL_BACKFILL_DAYS: '0',
    });
  } finally {
    await graph.close();
    await bus.close();
    await azurite.stop();
  }
}

async function measure(node: string, environment: Record<string, string>): Promise<void> {
  const starts: Step[] = [];
  const firsts = new Map<string, Step[]>();
  for (let round = 0; round < ROUNDS; round++) {
    for (const name of Object.keys(CALLS)) {
      const { start, first } = await once(node, name, round, 'time', environment);
      starts.push(start);
      firsts.set(name, [...(firsts.get(name) ?? []), first]);
    }
  }
  const { stdout: version } = await runFile(node, ['--version']);
  line(`node ${version.trim()}: medians of ${ROUNDS} runs; a call's work is part of its time`);
  line(['', 'ms', 'ms of CPU', 'kB of code']);
  for (const [name, steps] of firsts) {
    const { start, first } = await once(node, name, ROUNDS, 'bytes', environment);
    if (name === 'health') line(['start, all functions', ...figures(starts, start)]);
    line([`first call: ${name}`, ...figures(steps, first)]);
  }
}

async function once(
  node: string,
  name: string,
  round: number,
  what: 'time' | 'bytes',
  environment: Record<string, string>,
): Promise<StartDone> {
  const script = fileURLToPath(new URL('startProcess.js', import.meta.url));
  const clock = { LOCAL_CLOCK: `frozen:${iso(NOW_MS + round * HOUR_MS)}` };
  const { stdout } = await runFile(node, [script, name, JSON.stringify(CALLS[name]?.(round)), what], {
    env: { ...process.env, ...environment, ...clock },
  });
  return JSON.parse(stdout) as StartDone;
}

const figures = (timed: readonly Step[], counted: Step): string[] =>
  [median(timed.map(({ ms }) => ms)), median(timed.map(({ cpuMs }) => cpuMs)), counted.bytes / 1000].map(
    (one) => one.toFixed(0),
  );

function line(cells: string | readonly string[]): void {
  const text =
    typeof cells === 'string'
      ? cells
      : cells.map((one, i) => (i === 0 ? one.padEnd(34) : one.padStart(12))).join('');
  process.stdout.write(`${text}\n`);
}
