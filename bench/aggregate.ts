import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connectServices, type Services } from '../src/app/services.ts';
import { ensureStorage } from '../src/local/pipeline/ensureStorage.ts';
import { startAzurite } from '../src/local/storage/azurite.ts';
import { type DayChanged, parseDayChanged } from '../src/queues/messages.ts';
import type { MessageSender } from '../src/queues/sender.ts';
import { silentLog } from '../src/runtime/log.ts';
import type { BlobContainer } from '../src/storage/blobs.ts';
import type { Table } from '../src/storage/tables.ts';
import { aggregateDay } from '../src/totals/aggregateDay.ts';
import type { AggregateDeps } from '../src/totals/rewriteDay.ts';
import { rawBlobName, windowsOfDay } from '../src/windows/grid.ts';
import type { FoldDone } from './support/aggregateProcess.ts';
import { startChild } from './support/childProcess.ts';
import { countryOf, type DayRow, destinationOf, toBody, userIdOf } from './support/dayRows.ts';
import { printTable, type TableRow } from './support/table.ts';

const BUSY = { date: '2026-03-01', rowsAWindow: 200, users: 300, destinations: 40 };
const BIG = { date: '2026-03-02', rowsAWindow: 20_000, users: 10_000, destinations: 200 };
const HOURS = 24;
const ROUNDS = 12;
const BURST = 100;
/** A burst is over before its first message is delivered, as messages are delayed for that very reason. */
const DAY_DELAY_MS = 20_000;
const BURST_MS = 15_000;
const WORKERS = 16;
const MEMORY_LIMIT_MIB = 400;

/** Measures the fold of a day. Exit code 1 if a target is missed. */
export async function run(): Promise<number> {
  const folder = await mkdtemp(join(tmpdir(), 'pstn-bench-'));
  const azurite = await startAzurite({ folder });
  const environment = {
    DATA_STORAGE: azurite.connectionString,
    // Nothing is sent.
    ServiceBusConnection: 'Endpoint=sb://127.0.0.1;SharedAccessKeyName=none;SharedAccessKey=bm9uZQ==',
    GRAPH_ENDPOINT: 'http://127.0.0.1:9',
  };
  try {
    await ensureStorage(azurite.connectionString);
    const services = await connectServices(environment);
    const rows = [
      ...(await measureWrites(services)),
      await measureBurst(services),
      ...(await measureMemory(services, environment)),
    ];
    printTable(rows);
    return rows.every((row) => row.ratio <= row.limit) ? 0 : 1;
  } finally {
    await azurite.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

type Day = typeof BUSY;

/** Calls of one window, the same each time; `version` gives other charges to a few of them. */
function rowsOf(day: Day, hour: number, version = 0): DayRow[] {
  return Array.from({ length: day.rowsAWindow }, (_, i) => {
    const call = hour * day.rowsAWindow + i;
    const isChanged = version > 0 && (i * 7_919 + version * 31) % 40 === 0;
    return {
      call,
      hour,
      user: (call * 7_919) % day.users,
      destination: ((call * 104_729) % 1_000_003) % day.destinations,
      currency: call % 5 === 0 ? 'EUR' : 'USD',
      chargeMicros: ((call * 613) % 2_000) * 1_000 + (isChanged ? version : 0),
    };
  });
}

async function land(raw: BlobContainer, { date }: Day, hour: number, claim: number, rows: readonly DayRow[]) {
  const window = windowsOfDay(date)[hour];
  if (window === undefined) throw new RangeError(`no hour ${hour}`);
  await raw.put(rawBlobName(window), toBody(date, rows), {
    metadata: { claim: String(claim), rows: String(rows.length) },
  });
}

const dropped: MessageSender = { send: () => Promise.resolve(), sendAll: () => Promise.resolve() };

const depsOf = ({ config, ...services }: Services, change: Partial<AggregateDeps> = {}): AggregateDeps => ({
  ...services,
  log: silentLog,
  sender: dropped,
  delayMs: DAY_DELAY_MS,
  sourceDays: config.SOURCE_DAYS,
  settleHours: config.SETTLE_HOURS,
  ...change,
});

/** Changes one window, again and again, and counts what is written and read for it. */
async function measureWrites(services: Services): Promise<TableRow[]> {
  const now = new Map<number, DayRow[]>();
  for (let hour = 0; hour < HOURS; hour += 1) {
    const rows = rowsOf(BUSY, hour);
    now.set(hour, rows);
    await land(services.raw, BUSY, hour, 1, rows);
  }
  await aggregateDay({ date: BUSY.date }, depsOf(services));

  const counts = { totals: 0, breakdowns: 0, changedTotals: 0, changedBreakdowns: 0, reads: 0 };
  const dailyTotals: Table = {
    ...services.dailyTotals,
    transact: (partition, operations) => {
      for (const { rowKey } of operations) {
        if (rowKey.startsWith('!by|')) counts.breakdowns += 1;
        else if (!rowKey.startsWith('!')) counts.totals += 1;
      }
      return services.dailyTotals.transact(partition, operations);
    },
  };
  const raw: BlobContainer = {
    ...services.raw,
    read: (name, options) => {
      counts.reads += 1;
      return services.raw.read(name, options);
    },
  };
  for (let round = 1; round <= ROUNDS; round += 1) {
    const hour = (round * 7) % HOURS;
    const before = sumsOf([...now.values()].flat());
    // Rows change; every third time some go as well.
    const rows = rowsOf(BUSY, hour, round).slice(round % 3 === 0 ? 5 : 0);
    now.set(hour, rows);
    const after = sumsOf([...now.values()].flat());
    counts.changedTotals += differing(before.users, after.users);
    counts.changedBreakdowns += differing(before.values, after.values);
    await land(services.raw, BUSY, hour, round + 1, rows);
    const report = await aggregateDay({ date: BUSY.date }, depsOf(services, { dailyTotals, raw }));
    if (report.outcome !== 'completed') throw new Error(`a fold ended as ${report.outcome}`);
  }
  const ratio = (what: string, written: number, changed: number): TableRow => ({
    what,
    measured: String(written),
    yardstick: String(changed),
    ratio: written / changed,
    limit: 1,
  });
  return [
    ratio('totals written / (user, currency) pairs changed', counts.totals, counts.changedTotals),
    ratio('breakdowns written / breakdowns changed', counts.breakdowns, counts.changedBreakdowns),
    ratio(`reads in pstn-raw / windows changed, of ${HOURS}`, counts.reads, ROUNDS),
  ];
}

/** Sums by user and by value, in every currency, without anything of the app. */
function sumsOf(rows: readonly DayRow[]) {
  const users = new Map<string, string[]>();
  const values = new Map<string, string[]>();
  const add = (map: Map<string, string[]>, key: string, row: DayRow): void => {
    const known = map.get(key);
    if (known === undefined) map.set(key, [`${row.call}=${row.chargeMicros}`]);
    else known.push(`${row.call}=${row.chargeMicros}`);
  };
  for (const row of rows) {
    const { currency, call } = row;
    add(users, `${userIdOf(row)}|${currency}`, row);
    add(values, `callType|${call % 3 === 0 ? 'in' : 'out'}|${currency}`, row);
    add(values, `usageCountryCode|${countryOf(row)}|${currency}`, row);
    add(values, `destinationName|${destinationOf(row)}|${currency}`, row);
    for (const alike of ['licenseCapability', 'inventoryType', 'operator']) {
      add(values, `${alike}|${currency}`, row);
    }
  }
  return { users, values };
}

/** Keys whose calls, or the charge of one of them, differ. */
function differing(a: ReadonlyMap<string, string[]>, b: ReadonlyMap<string, string[]>): number {
  const keys = new Set([...a.keys(), ...b.keys()]);
  return [...keys].filter((key) => a.get(key)?.join() !== b.get(key)?.join()).length;
}

/** A hundred changes of a day, each with its message, delivered to many workers at once. */
async function measureBurst(services: Services): Promise<TableRow> {
  const queue: { dueMs: number; message: DayChanged }[] = [];
  let nowMs = 0;
  const sender: MessageSender = {
    send: (_, message, { delayMs = 0 } = {}) => {
      queue.push({ dueMs: nowMs + delayMs, message: parseDayChanged(message) });
      return Promise.resolve();
    },
    sendAll: () => Promise.resolve(),
  };
  for (let change = 0; change < BURST; change += 1) {
    const hour = change % HOURS;
    nowMs = (change * BURST_MS) / BURST;
    await land(services.raw, BUSY, hour, 100 + change, rowsOf(BUSY, hour, 100 + change));
    queue.push({ dueMs: nowMs + DAY_DELAY_MS, message: { date: BUSY.date } });
  }
  const outcomes = new Map<string, number>();
  while (queue.length > 0) {
    const batch = queue.sort((a, b) => a.dueMs - b.dueMs).splice(0, WORKERS);
    nowMs = Math.max(nowMs, ...batch.map(({ dueMs }) => dueMs));
    await Promise.all(
      batch.map(async ({ message }) => {
        const { outcome } = await aggregateDay(message, depsOf(services, { sender }));
        outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
      }),
    );
  }
  const folds = (outcomes.get('completed') ?? 0) + (outcomes.get('fenced') ?? 0);
  return {
    what: `folds for a burst of ${BURST} changes of one day`,
    measured: `${folds} folds`,
    yardstick: `${BURST} changes`,
    ratio: folds,
    limit: 3,
  };
}

/** Peak memory of a process that folds a very large day, then that day with one window changed. */
async function measureMemory({ raw }: Services, environment: Record<string, string>): Promise<TableRow[]> {
  for (let hour = 0; hour < HOURS; hour += 1) await land(raw, BIG, hour, 1, rowsOf(BIG, hour));
  const first = await foldBig(environment);
  await land(raw, BIG, 7, 2, rowsOf(BIG, 7, 1));
  const second = await foldBig(environment);
  const size = `${HOURS} x ${BIG.rowsAWindow / 1_000},000 rows, ${BIG.users / 1_000},000 users`;
  return [
    memoryRow(`peak memory (MiB), ${size}, all read`, first),
    memoryRow(`peak memory (MiB), ${size}, one window changed`, second),
  ];
}

const memoryRow = (what: string, { peakKib, cpuMs }: FoldDone): TableRow => ({
  what,
  measured: `${(peakKib / 1_024).toFixed(0)} MiB`,
  yardstick: `in ${(cpuMs / 1_000).toFixed(1)} s of CPU`,
  ratio: peakKib / 1_024,
  limit: MEMORY_LIMIT_MIB,
});

async function foldBig(environment: Record<string, string>): Promise<FoldDone> {
  const child = startChild<{ date: string }, FoldDone>('aggregateProcess.js', environment);
  const done = await child.ask({ date: BIG.date });
  await child.stop();
  const expected = HOURS * BIG.rowsAWindow;
  if (done.outcome !== 'completed' || done.rows !== expected) {
    throw new Error(`the fold of ${expected} rows ended as ${done.outcome} with ${done.rows} rows`);
  }
  return done;
}
