import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { ensureStorage } from '../src/local/pipeline/ensureStorage.ts';
import { startServiceBusEndpoint } from '../src/local/serviceBus/endpoint.ts';
import { startAzurite } from '../src/local/storage/azurite.ts';
import { type Message, toMessage, type WindowJob } from '../src/queues/messages.ts';
import { MAX_DELIVERY_COUNT, QUEUE_NAMES } from '../src/queues/names.ts';
import { toInstant } from '../src/windows/grid.ts';
import { startChild } from './support/childProcess.ts';
import type { JsonDone } from './support/jsonProcess.ts';
import type { Load } from './support/pages.ts';
import { type PageServer, startPageServer } from './support/pageServer.ts';
import { median, printTable, type TableRow } from './support/table.ts';
import type { WorkDone } from './support/workerProcess.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const FIRST_DAY_MS = Date.parse('2026-03-01T00:00:00Z');
const CPU_LIMIT = 2.5;
const MEMORY_LIMIT = 1.3;
const CPU_ROWS = 100_000;
const WARM_UP_ROWS = 20_000;
const SMALL_ROWS = 1_000;
const LARGE_ROWS = 300_000;

/** How the processor time is measured: rows of one job over so many windows, read as this version. */
const CPU_CASES = [
  { version: 'v1.0', hours: 1 },
  { version: 'v1.0', hours: 24 },
  { version: 'beta', hours: 1 },
  { version: 'beta', hours: 24 },
] as const;

interface Bench {
  server: PageServer;
  environment: Record<string, string>;
  rounds: number;
  execArgv: string[];
  /** A day that no job has read yet. */
  nextDayMs(): number;
}

/** Measures a worker that reads windows and lands them. Exit code 1 if a target is missed. */
export async function run(args: readonly string[]): Promise<number> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      rounds: { type: 'string', default: '7' },
      only: { type: 'string' },
      cases: { type: 'string', default: '0,1,2,3' },
      /** Options of Node.js for the workers, for example `--cpu-prof`. */
      node: { type: 'string', default: '' },
    },
  });
  const folder = await mkdtemp(join(tmpdir(), 'pstn-bench-'));
  const azurite = await startAzurite({ folder });
  const bus = await startServiceBusEndpoint({ queues: QUEUE_NAMES, maxDeliveryCount: MAX_DELIVERY_COUNT });
  const server = await startPageServer();
  try {
    await ensureStorage(azurite.connectionString);
    let days = 0;
    const bench: Bench = {
      server,
      rounds: Number(values.rounds),
      execArgv: values.node.split(' ').filter((option) => option !== ''),
      environment: {
        DATA_STORAGE: azurite.connectionString,
        ServiceBusConnection: bus.connectionString,
        GRAPH_ENDPOINT: server.origin,
        // Waiting costs no processor time, only the reader's.
        GRAPH_REQUESTS_PER_MINUTE: '100000',
        GRAPH_APP_REQUESTS_PER_MINUTE: '100000',
        GRAPH_BUDGET_MARGIN_MS: '0',
      },
      nextDayMs: () => FIRST_DAY_MS + days++ * DAY_MS,
    };
    const rows: TableRow[] = [];
    if (values.only !== 'memory')
      for (const kind of CPU_CASES.filter((_, i) => values.cases.includes(String(i))))
        rows.push(await measureCpu(bench, kind));
    if (values.only !== 'cpu') rows.push(await measureMemory(bench));
    printTable(rows);
    return rows.every((row) => row.ratio <= row.limit) ? 0 : 1;
  } finally {
    await server.close();
    await bus.close();
    await azurite.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

/**
 * Processor time a row of one worker that is warm, over that of JSON.parse and JSON.stringify in another process
 * that is warm, both over the same pages, by turns: what else runs on the machine concerns both.
 */
async function measureCpu(bench: Bench, kind: (typeof CPU_CASES)[number]): Promise<TableRow> {
  const { server, rounds } = bench;
  const worker = startWorker(bench, kind.version);
  const json = startChild<{ firstUrl: string }, JsonDone>('jsonProcess.js');
  const works: number[] = [];
  const yardsticks: number[] = [];
  for (let round = 0; round <= rounds; round++) {
    const rows = round === 0 ? WARM_UP_ROWS : CPU_ROWS;
    const load: Load = { ...kind, rows, fromMs: bench.nextDayMs() };
    server.prepare(load);
    const { cpuMs: yardstick } = await json.ask({ firstUrl: server.firstUrl() });
    const { cpuMs: work } = await land(worker, load);
    if (round === 0) continue;
    yardsticks.push((yardstick * 1_000) / rows);
    works.push((work * 1_000) / rows);
  }
  await Promise.all([worker.stop(), json.stop()]);
  const ratios = works.map((work, round) => work / (yardsticks[round] ?? NaN));
  return {
    what: `CPU a row, ${kind.version}, ${CPU_ROWS / 1_000},000 rows, ${kind.hours} window(s)`,
    measured: `${median(works).toFixed(2)} us`,
    yardstick: `${median(yardsticks).toFixed(2)} us`,
    ratio: median(ratios),
    limit: CPU_LIMIT,
  };
}

/** Peak memory of a fresh worker with a large window, over that of one with a small window. */
async function measureMemory(bench: Bench): Promise<TableRow> {
  const small: number[] = [];
  const large: number[] = [];
  for (let round = 0; round < Math.ceil(bench.rounds / 2); round++) {
    small.push(await peakMib(bench, SMALL_ROWS));
    large.push(await peakMib(bench, LARGE_ROWS));
  }
  return {
    what: `peak memory, ${LARGE_ROWS / 1_000},000 rows / ${SMALL_ROWS / 1_000},000 rows in one window`,
    measured: `${median(large).toFixed(0)} MiB`,
    yardstick: `${median(small).toFixed(0)} MiB`,
    ratio: median(large) / median(small),
    limit: MEMORY_LIMIT,
  };
}

async function peakMib(bench: Bench, rows: number): Promise<number> {
  const load: Load = { version: 'v1.0', rows, hours: 1, fromMs: bench.nextDayMs() };
  bench.server.prepare(load);
  const worker = startWorker(bench, load.version);
  const { peakKib } = await land(worker, load);
  await worker.stop();
  return peakKib / 1_024;
}

type Worker = ReturnType<typeof startWorker>;

const startWorker = ({ environment, execArgv }: Bench, version: Load['version']) =>
  startChild<Message<WindowJob>, WorkDone>(
    'workerProcess.js',
    { ...environment, GRAPH_API_VERSION: version },
    execArgv,
  );

async function land(worker: Worker, { fromMs, hours, rows }: Load): Promise<WorkDone> {
  const done = await worker.ask(
    toMessage({
      from: toInstant(fromMs),
      to: toInstant(fromMs + hours * HOUR_MS),
      lane: 'live',
      planned: toInstant(Date.now()),
      expectedRows: rows,
    }),
  );
  if (done.rows !== rows) throw new Error(`${done.rows} rows were landed of ${rows}`);
  return done;
}
