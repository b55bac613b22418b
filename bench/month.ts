import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { planTick } from '../src/app/planTick.ts';
import { readConfig } from '../src/config/config.ts';
import { landWindowJob } from '../src/landing/landJob.ts';
import { parseDayChanged, type WindowJob } from '../src/queues/messages.ts';
import { QUEUES } from '../src/queues/names.ts';
import type { MessageSender } from '../src/queues/sender.ts';
import { silentLog } from '../src/runtime/log.ts';
import { aggregate } from '../src/totals/aggregate.ts';
import { readDayHead } from '../src/totals/totalsReader.ts';
import { DAY_MS } from '../src/windows/grid.ts';
import { createTableLedger } from '../src/windows/tableLedger.ts';
import {
  countedContainer,
  countedSender,
  countedTable,
  noOperations,
  type Operations,
} from '../test/support/countedStores.ts';
import { memoryContainer } from '../test/support/memoryBlobs.ts';
import { memoryTable } from '../test/support/memoryTables.ts';
import { countedSource } from './support/countedSource.ts';
import { countedTenant } from './support/countedTenant.ts';

const CALLS_A_MONTH = [1_000, 100_000, 1_000_000];
const DAYS_A_MONTH = 30;
/** Until what was read in the first hours has been read as often as all else. */
const SETTLING_DAYS = 8;
const COUNTED_DAYS = 7;
const TICK_MS = 15 * 60_000;
/** A Tuesday morning. */
const START_MS = Date.parse('2026-11-24T06:30:00Z');

const CONFIG = readConfig({
  DATA_STORAGE: 'UseDevelopmentStorage=true',
  ServiceBusConnection: 'Endpoint=sb://127.0.0.1;SharedAccessKeyName=k;SharedAccessKey=a2V5',
  // As deployed: the planner looks after all days that Graph still answers for.
});

/** What a month in the steady state takes, re-reads and sweeps included. */
export interface CountedMonth extends Operations {
  callsAMonth: number;
  /** Runs of functions, by what they cost in time. */
  ticks: number;
  jobs: number;
  folds: number;
  /** Requests to Graph. */
  requests: number;
  /** Rows that were read, each as often as it was. */
  rowsRead: number;
}

/**
 * Counts what a month takes, by the real planner, landing and folds over a simulated tenant. With `--write` the
 * figures go to docs/operations.json, which the costs in docs/deploy.md are calculated from.
 */
export async function run(args: readonly string[]): Promise<number> {
  const { values } = parseArgs({ args: [...args], options: { write: { type: 'string' } } });
  const months: CountedMonth[] = [];
  for (const callsAMonth of CALLS_A_MONTH) {
    months.push(await countMonth(callsAMonth));
    process.stdout.write(`${JSON.stringify(months.at(-1))}\n`);
  }
  if (values.write !== undefined)
    writeFileSync(values.write, `${JSON.stringify({ months }, undefined, 2)}\n`);
  return 0;
}

async function countMonth(callsAMonth: number): Promise<CountedMonth> {
  let nowMs = START_MS;
  const clock = { nowMs: () => nowMs };
  const counts = noOperations();
  const runs = { ticks: 0, jobs: 0, folds: 0 };
  const queue = new Queue(clock.nowMs);
  const sender = countedSender(queue, counts);
  const raw = countedContainer(memoryContainer('pstn-raw'), counts);
  const control = countedContainer(memoryContainer('pstn-control'), counts);
  const table = (name: string) => countedTable(memoryTable(name), counts);
  const [dailyTotals, monthlyTotals, budgetTable] = [
    table('dailyTotals'),
    table('monthlyTotals'),
    table('budget'),
  ];
  const ledger = createTableLedger(table('windows'));
  const source = countedSource(countedTenant(callsAMonth / DAYS_A_MONTH), clock.nowMs);
  let ids = 0;
  const services = {
    ...{
      config: CONFIG,
      clock,
      sender,
      raw,
      control,
      dailyTotals,
      monthlyTotals,
      budgetTable,
      ledger,
      source,
    },
    readDayHead: (date: string) => readDayHead(dailyTotals, date),
    newId: () => `id-${(ids += 1)}`,
    log: silentLog,
    monotonicMs: () => nowMs,
    shrinkConfirmMinutes: CONFIG.SHRINK_CONFIRM_MINUTES,
    sourceDays: CONFIG.SOURCE_DAYS,
    settleHours: CONFIG.SETTLE_HOURS,
    billingDay: CONFIG.BILLING_DAY,
    delayMs: 20_000,
  };

  const serve = async (): Promise<void> => {
    for (let job = queue.nextJob(); job !== undefined; job = queue.nextJob()) {
      runs.jobs += 1;
      await landWindowJob(job, services);
    }
    for (let day = queue.nextDay(); day !== undefined; day = queue.nextDay()) {
      runs.folds += 1;
      await aggregate(parseDayChanged({ v: 1, data: day }), services);
    }
  };
  const until = async (endMs: number): Promise<void> => {
    for (; nowMs < endMs; nowMs += TICK_MS) {
      runs.ticks += 1;
      await planTick(services, silentLog);
      // What is delayed by seconds comes before the next tick.
      for (let step = 0; step < 5; step += 1) {
        await serve();
        nowMs += 60_000;
      }
      nowMs -= 5 * 60_000;
    }
  };

  await until(START_MS + SETTLING_DAYS * DAY_MS);
  const before = { ...counts, ...runs, requests: source.requests, rowsRead: source.rows };
  await until(nowMs + COUNTED_DAYS * DAY_MS);
  const after = { ...counts, ...runs, requests: source.requests, rowsRead: source.rows };
  const names = Object.keys(before) as (keyof typeof before)[];
  const monthly = names.map((name) => [
    name,
    Math.round(((after[name] - before[name]) / COUNTED_DAYS) * DAYS_A_MONTH),
  ]);
  return { callsAMonth, ...(Object.fromEntries(monthly) as Omit<CountedMonth, 'callsAMonth'>) };
}

interface Waiting<T> {
  data: T;
  dueMs: number;
}

/** Messages in the order in which they fall due. */
class Queue implements MessageSender {
  #jobs: Waiting<WindowJob>[] = [];
  #days: Waiting<unknown>[] = [];
  readonly #nowMs: () => number;

  constructor(nowMs: () => number) {
    this.#nowMs = nowMs;
  }

  async send(...[queue, message, options]: Parameters<MessageSender['send']>): Promise<void> {
    await this.sendAll(queue, [message], options);
  }

  async sendAll(...[queue, messages, options]: Parameters<MessageSender['sendAll']>): Promise<void> {
    await Promise.resolve();
    const dueMs = this.#nowMs() + (options?.delayMs ?? 0);
    const isJob = queue === QUEUES.windows || queue === QUEUES.backfillWindows;
    for (const { data } of messages) {
      if (isJob) this.#jobs.push({ data: data as WindowJob, dueMs });
      else if (queue === QUEUES.days) this.#days.push({ data, dueMs });
    }
  }

  nextJob(): WindowJob | undefined {
    return this.#take(this.#jobs);
  }

  nextDay(): unknown {
    return this.#take(this.#days);
  }

  #take<T>(waiting: Waiting<T>[]): T | undefined {
    const index = waiting.findIndex(({ dueMs }) => dueMs <= this.#nowMs());
    return index < 0 ? undefined : waiting.splice(index, 1)[0]?.data;
  }
}
