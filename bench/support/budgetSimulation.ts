import { createSharedBudget, type SharedBudget } from '../../src/graph/budget/sharedBudget.ts';
import { GraphError } from '../../src/graph/errors.ts';
import { type Random, randomOf } from '../../src/local/graph/random.ts';
import type { Lane } from '../../src/queues/names.ts';
import type { Table } from '../../src/storage/tables.ts';
import { memoryTable } from '../../test/support/memoryTables.ts';
import { steppedTable } from '../../test/support/steps.ts';
import { VirtualTime } from '../../test/support/virtualTime.ts';
import { APP_LIMIT, COLLECTION_LIMIT, limitedServer } from './limitedServer.ts';

export interface BudgetSetting {
  /** Of a page, on the average. */
  latencyMs: number;
  instances: number;
  /** Calls of one function at once in an instance. */
  concurrency: number;
  marginMs: number;
  /** Between the fastest and the slowest clock, after whatever corrected them. */
  skewMs: number;
  /** Of a call of the table, on the average. */
  tableMs: number;
  minutes: number;
  seed: number;
}

export interface BudgetFigures {
  /** Requests answered, over those that the limit would have allowed. */
  share: number;
  /** Answers 429. */
  refused: number;
  /** Page sequences at once, on the average. */
  running: number;
  /** Longest from a live job's message to its first request. */
  liveMs: number;
  /** Calls of the table for each request. */
  tableCalls: number;
}

interface Job {
  lane: Lane;
  pages: number;
  sentMs: number;
}

const MINUTE_MS = 60_000;
const START_MS = Date.parse('2026-11-24T06:00:00Z');
/** What the network may add to a request. */
const NETWORK_MS = 1_000;
/** Of a fifth of the margin, which a timer may be late: the rest is the table's answer. */
const LATE_SHARE = 0.14;
const CLAIM_MS = 200;
const LARGEST_JOB = 60;
const LIVE_EVERY_MINUTES = 15;
const LIVE_JOBS = 7;

/** A backfill that never runs out of work, and live jobs now and then, in virtual time. */
export async function simulateBudget(setting: BudgetSetting): Promise<BudgetFigures> {
  const { latencyMs, instances, concurrency, marginMs, skewMs, tableMs, minutes, seed } = setting;
  const time = new VirtualTime(START_MS);
  const random = randomOf(seed, 1);
  const server = limitedServer();
  const stored = memoryTable('budget');
  const figures = { running: 0, ranMs: 0, liveMs: 0, tableCalls: 0 };
  // For minutes everything is as late as it can be, then nothing is: so arrivals come as close as they can.
  const isSlow = (): boolean => Math.floor((time.nowMs - START_MS) / 61_000) % 2 === 0;
  const budgets = Array.from({ length: instances }, (_, i) =>
    createSharedBudget({
      table: slowTable(stored, time, random, tableMs, () => (figures.tableCalls += 1)),
      requestsPerMinute: COLLECTION_LIMIT,
      appRequestsPerMinute: APP_LIMIT,
      marginMs,
      nowMs: () => time.nowMs + (instances === 1 ? 0 : skewMs * (i / (instances - 1) - 0.5)),
      wait: (ms, signal) => time.wait(ms + (isSlow() ? LATE_SHARE * marginMs : 0), signal),
      random: () => random.unit(),
    }),
  );
  const queue = dispatch(instances, concurrency, (job, instance) => run(job, budgets[instance]));
  const send = (job: Job, delayMs: number): void => void time.at(time.nowMs + delayMs, () => queue.add(job));

  async function run(job: Job, budget: SharedBudget | undefined): Promise<void> {
    if (budget === undefined) return;
    const turn = await budget.start(job.lane, job.pages).catch(laterOf);
    if (turn !== 'begin') {
      send(job, turn.retryAfterMs);
      return;
    }
    const beganMs = time.nowMs;
    figures.running += 1;
    await time.sleep(CLAIM_MS);
    for (let page = 0; page < job.pages; page++) {
      try {
        await budget.take(job.lane);
      } catch (error) {
        send(job, laterOf(error).retryAfterMs);
        break;
      }
      if (page === 0 && job.lane === 'live')
        figures.liveMs = Math.max(figures.liveMs, time.nowMs - job.sentMs);
      await time.sleep(isSlow() ? NETWORK_MS : 0);
      server.arrive(time.nowMs);
      await time.sleep(latencyMs * (0.5 + random.unit()));
    }
    figures.ranMs += time.nowMs - beganMs;
    figures.running -= 1;
  }

  for (let i = 0; i < minutes * 2; i++) {
    send({ lane: 'backfill', pages: random.between(1, LARGEST_JOB), sentMs: time.nowMs }, 0);
  }
  for (let minute = 5; minute < minutes; minute += LIVE_EVERY_MINUTES) {
    time.at(START_MS + minute * MINUTE_MS, () => {
      for (let i = 0; i < LIVE_JOBS; i++) {
        send({ lane: 'live', pages: random.between(1, 3), sentMs: time.nowMs }, 0);
      }
    });
  }
  let runningMs = 0;
  const sample = (): void => {
    runningMs += figures.running * 1_000;
    time.at(time.nowMs + 1_000, sample);
  };
  sample();
  await time.run(START_MS + minutes * MINUTE_MS);
  if (queue.backfillLeft() === 0 && figures.running === 0) throw new Error('the work has run out');
  return {
    share: server.answered / (minutes * COLLECTION_LIMIT),
    refused: server.refused,
    running: runningMs / (minutes * MINUTE_MS),
    liveMs: figures.liveMs,
    tableCalls: figures.tableCalls / server.answered,
  };
}

/** Gives jobs to whichever instance is least busy, each function with its own limit. */
function dispatch(
  instances: number,
  concurrency: number,
  run: (job: Job, instance: number) => Promise<void>,
) {
  const all = <T>(value: () => T): Record<Lane, T> => ({ live: value(), backfill: value() });
  const free = all(() => Array.from({ length: instances }, () => concurrency));
  const ready = all((): Job[] => []);
  const deliver = (lane: Lane): void => {
    for (;;) {
      const most = Math.max(...free[lane]);
      const job = most === 0 ? undefined : ready[lane].shift();
      if (job === undefined) return;
      const instance = free[lane].indexOf(most);
      free[lane][instance] = most - 1;
      void run(job, instance).finally(() => {
        free[lane][instance] = (free[lane][instance] ?? 0) + 1;
        deliver(lane);
      });
    }
  };
  return {
    add: (job: Job): void => {
      ready[job.lane].push(job);
      deliver(job.lane);
    },
    backfillLeft: () => ready.backfill.length,
  };
}

/** The budget has nothing for it now: the job comes again. */
function laterOf(error: unknown): { retryAfterMs: number } {
  if (!(error instanceof GraphError)) throw error;
  return { retryAfterMs: error.retryAfterMs ?? 0 };
}

/** A table whose answers take a while, three quarters of it before anything is read or written. */
function slowTable(inner: Table, time: VirtualTime, random: Random, ms: number, onCall: () => void): Table {
  return steppedTable(inner, async (_name, call) => {
    onCall();
    await time.sleep(ms * (0.25 + random.unit()));
    const answer = await call();
    await time.sleep(ms * 0.25);
    return answer;
  });
}
