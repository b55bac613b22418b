import { parseArgs } from 'node:util';
import { readConfig } from '../src/config/config.ts';
import { spacingMs } from '../src/graph/budget/spacing.ts';
import { type LandingDeps, landWindowJob } from '../src/landing/landJob.ts';
import type { WindowJob } from '../src/queues/messages.ts';
import { QUEUES, type QueueName } from '../src/queues/names.ts';
import type { MessageSender } from '../src/queues/sender.ts';
import { silentLog } from '../src/runtime/log.ts';
import type { BlobContainer } from '../src/storage/blobs.ts';
import { packBackfill, startBackfill } from '../src/windows/backfill.ts';
import { planBackfill } from '../src/windows/backfillRange.ts';
import { byDate } from '../src/windows/byDate.ts';
import { expectedRequests, PAGE_ROWS } from '../src/windows/expectedRequests.ts';
import { DAY_MS, rawBlobName, WINDOW_MS } from '../src/windows/grid.ts';
import { windowsOfJob } from '../src/windows/packJobs.ts';
import { planAndSend } from '../src/windows/planWindows.ts';
import { sendRest } from '../src/windows/sendRest.ts';
import { createTableLedger } from '../src/windows/tableLedger.ts';
import { memoryContainer } from '../test/support/memoryBlobs.ts';
import { memoryTable } from '../test/support/memoryTables.ts';
import { countedSource } from './support/countedSource.ts';
import { countedTenant, type CountedTenant } from './support/countedTenant.ts';
import { printTable, type TableRow } from './support/table.ts';

const TENANTS = [0, 20, 2_000, 100_000];
/** A Tuesday morning. */
const NOW_MS = Date.parse('2026-11-24T06:30:00Z');
const BACKFILL_DAYS = 90;
/** What is due changes on the hour only. */
const TICK_MS = WINDOW_MS;
/** What was planned at the beginning is read again a week later, and so on: after two weeks all goes its steady way. */
const SETTLING_DAYS = 8;
const STEADY_DAYS = 7;
const MOST_RATIO = 1.1;
const MOST_REQUESTS = 12;
/** From so many calls a day on, the ratio counts; below, the requests in all. */
const BUSY_CALLS = 2_000;
/** What goes on for ever leaves nearly all to what somebody waits for. */
const MOST_OF_BUDGET = 0.1;

const CONFIG = readConfig({
  DATA_STORAGE: 'UseDevelopmentStorage=true',
  ServiceBusConnection: 'Endpoint=sb://127.0.0.1;SharedAccessKeyName=k;SharedAccessKey=a2V5',
});
const SETTLE_HOURS = CONFIG.SETTLE_HOURS;

/** Requests to Graph for backfills and in steady state. Exit code 1 if a target is missed. */
export async function run(args: readonly string[]): Promise<number> {
  const { values } = parseArgs({ args: [...args], options: { tenants: { type: 'string' } } });
  const rows: TableRow[] = [];
  for (const callsADay of values.tenants?.split(',').map(Number) ?? TENANTS) {
    const tenant = countedTenant(callsADay);
    rows.push(
      ofBackfill(callsADay, await backfill(tenant)),
      ofSteadyState(callsADay, await steadyState(tenant)),
    );
  }
  printTable(rows);
  return rows.every(({ ratio, limit }) => ratio <= limit) ? 0 : 1;
}

function ofBackfill(callsADay: number, { requests, rows }: { requests: number; rows: number }): TableRow {
  const what = `${BACKFILL_DAYS} days of ${whole(callsADay)} calls a day`;
  const pages = Math.ceil(rows / PAGE_ROWS);
  const isBusy = callsADay >= BUSY_CALLS;
  return {
    what,
    measured: `${whole(requests)} requests`,
    yardstick: isBusy ? `${whole(pages)} full pages` : `${MOST_REQUESTS} requests`,
    ratio: requests / (isBusy ? pages : MOST_REQUESTS),
    limit: isBusy ? MOST_RATIO : 1,
  };
}

function ofSteadyState(callsADay: number, requestsADay: number): TableRow {
  const allowed = DAY_MS / spacingMs(CONFIG.GRAPH_REQUESTS_PER_MINUTE, CONFIG.GRAPH_BUDGET_MARGIN_MS);
  return {
    what: `a day of ${whole(callsADay)} calls, re-reads and sweep included`,
    measured: `${whole(requestsADay)} requests`,
    yardstick: `${whole(allowed)} in the budget`,
    ratio: requestsADay / allowed,
    limit: MOST_OF_BUDGET,
  };
}

const numbers = new Intl.NumberFormat('en-US', { maximumFractionDigits: 0 });
const whole = (value: number): string => numbers.format(value);

/** Jobs in the order in which they were sent; those that are delayed come when their time has come. */
class Queue implements MessageSender {
  readonly #jobs: { job: WindowJob; dueMs: number }[] = [];
  readonly #nowMs: () => number;

  constructor(nowMs: () => number) {
    this.#nowMs = nowMs;
  }

  async send(...[queue, message, options]: Parameters<MessageSender['send']>): Promise<void> {
    await this.sendAll(queue, [message], options);
  }

  async sendAll(...[queue, messages, options]: Parameters<MessageSender['sendAll']>): Promise<void> {
    await Promise.resolve();
    const isJob = (name: QueueName) => name === QUEUES.windows || name === QUEUES.backfillWindows;
    const dueMs = this.#nowMs() + (options?.delayMs ?? 0);
    if (isJob(queue)) for (const { data } of messages) this.#jobs.push({ job: data as WindowJob, dueMs });
  }

  next(): WindowJob | undefined {
    const index = this.#jobs.findIndex(({ dueMs }) => dueMs <= this.#nowMs());
    return index < 0 ? undefined : this.#jobs.splice(index, 1)[0]?.job;
  }
}

/** The command over a tenant of which nothing is known. Each row is landed; only the content of blobs is thrown away. */
async function backfill(tenant: CountedTenant): Promise<{ requests: number; rows: number }> {
  let nowMs = NOW_MS;
  const clock = { nowMs: () => nowMs };
  const queue = new Queue(clock.nowMs);
  const ledger = createTableLedger(memoryTable('windows'));
  const source = countedSource(tenant, clock.nowMs);
  const range = planBackfill({ fromMs: nowMs - BACKFILL_DAYS * DAY_MS, toMs: nowMs, nowMs });
  const options = { nowMs, settleHours: SETTLE_HOURS };
  await startBackfill({ ledger, sender: queue }, await packBackfill(ledger, range, options));
  const raw = emptyBlobs();
  let ids = 0;
  let rows = 0;
  for (let job = queue.next(); job !== undefined; job = queue.next()) {
    nowMs += 1_000;
    const report = await landWindowJob(job, {
      source,
      raw,
      ledger,
      sender: queue,
      clock,
      newId: () => String(++ids),
      log: silentLog,
      shrinkConfirmMinutes: CONFIG.SHRINK_CONFIRM_MINUTES,
      sourceDays: CONFIG.SOURCE_DAYS,
      settleHours: SETTLE_HOURS,
    });
    rows += report.rows;
  }
  return { requests: source.requests, rows };
}

const NOTHING = new Uint8Array(1);

/** A container whose blobs have a name, an ETag and metadata, and next to no content. */
function emptyBlobs(): BlobContainer {
  const inner = memoryContainer('pstn-raw');
  return {
    ...inner,
    put: (name, _content, options) => inner.put(name, NOTHING, options),
    stageBlock: (name, id) => inner.stageBlock(name, id, NOTHING),
  };
}

/**
 * The timer over two weeks, from the first start on; what a job finds is counted and not landed.
 * @returns requests a day
 */
async function steadyState(tenant: CountedTenant): Promise<number> {
  let nowMs = NOW_MS;
  const clock = { nowMs: () => nowMs };
  const queue = new Queue(clock.nowMs);
  const ledger = createTableLedger(memoryTable('windows'));
  const [rawBlobs, control] = [memoryContainer('pstn-raw'), memoryContainer('pstn-control')];
  const services = {
    ledger,
    raw: rawBlobs,
    control,
    readDayHead: () => Promise.resolve(undefined),
    sender: queue,
    clock,
    config: CONFIG,
  };
  const endMs = NOW_MS + (SETTLING_DAYS + STEADY_DAYS) * DAY_MS;
  let requests = 0;
  for (; nowMs < endMs; nowMs += TICK_MS) {
    await planAndSend(services, silentLog);
    for (let job = queue.next(); job !== undefined; job = queue.next()) {
      const rows = await readCounted(job, services, tenant);
      await sendRest(job, { ...services, settleHours: SETTLE_HOURS });
      if (nowMs >= NOW_MS + SETTLING_DAYS * DAY_MS) requests += expectedRequests(rows);
    }
  }
  return requests / STEADY_DAYS;
}

/** Reads as the ledger sees it. @returns rows of all windows */
async function readCounted(
  job: WindowJob,
  { ledger, raw, clock }: Pick<LandingDeps, 'ledger' | 'raw' | 'clock'>,
  tenant: CountedTenant,
): Promise<number> {
  const nowMs = clock.nowMs();
  let rows = 0;
  for (const windows of byDate(windowsOfJob(job)).values()) {
    const claim = await ledger.claim(windows, nowMs, () => Promise.resolve(0));
    const reads = windows.map((window) => ({
      window,
      claim,
      changed: false,
      rows: tenant.published(window.fromMs, nowMs),
      digest: '',
      rejected: 0,
      notified: undefined,
      isOld: false,
    }));
    // A blob that is not there although it has rows would be read again.
    for (const read of reads) if (read.rows > 0) await raw.put(rawBlobName(read.window), NOTHING);
    await ledger.recordReads(reads);
    rows += reads.reduce((sum, read) => sum + read.rows, 0);
  }
  return rows;
}
