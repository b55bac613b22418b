import { fetchWindowJob } from '../../src/app/fetchWindowJob.ts';
import { GraphError, type GraphErrorKind } from '../../src/graph/errors.ts';
import type { PstnCallsSource } from '../../src/graph/pstnCalls.ts';
import { toMessage, type WindowJob } from '../../src/queues/messages.ts';
import { MAX_DELIVERY_COUNT, QUEUES } from '../../src/queues/names.ts';
import { silentLog } from '../../src/runtime/log.ts';
import { type Window, windowsBetween, WINDOW_MS } from '../../src/windows/grid.ts';
import type { Ledger, LedgerEntry } from '../../src/windows/ledger.ts';
import { readDays } from '../../src/windows/readDays.ts';
import { createTableLedger } from '../../src/windows/tableLedger.ts';
import { memoryContainer } from './memoryBlobs.ts';
import { memoryBroker, type MemoryBroker } from './memoryBroker.ts';
import { memoryTable } from './memoryTables.ts';
import { pageOfTexts } from './pages.ts';

export interface BadHoursOptions {
  nowMs: number;
  /** Hours of which Graph never gives a page, nor of any range that they are in. */
  isBad: (window: Window) => boolean;
  kind: GraphErrorKind;
  /** On which page; earlier ones come. */
  page?: number;
}

/** Workers over memory stores, and a Graph without calls that answers no range with a bad hour in it. */
export interface BadHoursWorld {
  broker: MemoryBroker;
  ledger: Ledger;
  /** Page sequences that were begun, those of a single page to see whether Graph answers included. */
  sequences: { fromMs: number; toMs: number; atMs: number }[];
  nowMs: () => number;
  send: (job: WindowJob) => Promise<void>;
  /**
   * Delivers until the queues are empty, time passing as the messages want it. With `duplicates`, one of the messages
   * that wait is doubled after each of so many deliveries.
   */
  drain: (options?: { duplicates?: readonly number[] }) => Promise<void>;
  entries: (windows: readonly Window[]) => Promise<LedgerEntry[]>;
}

const LOCK_MS = 300_000;
const JOB_QUEUES = [QUEUES.windows, QUEUES.backfillWindows] as const;

export function badHoursWorld(options: BadHoursOptions): BadHoursWorld {
  let { nowMs } = options;
  const clock = { nowMs: () => nowMs };
  const broker = memoryBroker({ ...clock, lockMs: LOCK_MS, maxDeliveryCount: MAX_DELIVERY_COUNT });
  const ledger = createTableLedger(memoryTable('windows'));
  const sequences: BadHoursWorld['sequences'] = [];
  const source: PstnCallsSource = {
    async *readPages(fromMs, toMs) {
      await Promise.resolve();
      sequences.push({ fromMs, toMs, atMs: nowMs });
      const isBad = windowsBetween(fromMs, toMs).some(options.isBad);
      for (let page = 1; page <= (options.page ?? 1); page += 1) {
        if (isBad && page === (options.page ?? 1))
          throw new GraphError(options.kind, `Graph said ${options.kind}`, { page });
        yield pageOfTexts([], page);
      }
    },
  };
  let ids = 0;
  const services = {
    raw: memoryContainer('pstn-raw'),
    ledger,
    sender: broker.sender(),
    clock,
    newId: () => `id-${(ids += 1)}`,
    budget: {
      start: () => Promise.resolve('begin' as const),
      take: () => Promise.resolve(),
      blockFor: () => Promise.resolve(),
    },
    graph: () => Promise.resolve(source),
    config: { SHRINK_CONFIRM_MINUTES: 60, SOURCE_DAYS: 88, SETTLE_HOURS: 72 },
  };
  const never = new AbortController().signal;

  /** @returns false if no message was ready */
  async function deliverNext(): Promise<boolean> {
    for (const queue of JOB_QUEUES) {
      const delivery = broker.receive(queue);
      if (delivery === undefined) continue;
      nowMs += 1_000;
      const received = { count: delivery.deliveryCount + 1, messageId: delivery.messageId };
      try {
        await fetchWindowJob(delivery.body, received, services, silentLog, never);
        delivery.complete();
      } catch (error) {
        if (!(error instanceof GraphError)) throw error;
        delivery.abandon();
      }
      return true;
    }
    return false;
  }

  return {
    broker,
    ledger,
    sequences,
    nowMs: () => nowMs,
    send: (job) =>
      broker.sender().send(job.lane === 'live' ? QUEUES.windows : QUEUES.backfillWindows, toMessage(job)),
    drain: async ({ duplicates = [] } = {}) => {
      const picks = [...duplicates];
      for (;;) {
        if (await deliverNext()) {
          const pick = picks.shift();
          if (pick !== undefined) broker.duplicate(QUEUES.backfillWindows, pick);
          continue;
        }
        broker.receive(QUEUES.days)?.complete();
        const next = broker.nextEventMs();
        if (next === undefined) return;
        nowMs = Math.max(nowMs, next);
      }
    },
    entries: async (windows) => {
      const days = await readDays(ledger, new Set(windows.map(({ date }) => date)));
      const ids = new Set(windows.map(({ id }) => id));
      return [...days.keys()]
        .sort()
        .flatMap((date) => (days.get(date) ?? []).filter(({ window }) => ids.has(window.id)));
    },
  };
}

export const hoursFrom = (from: string, count: number): Window[] =>
  windowsBetween(Date.parse(from), Date.parse(from) + count * WINDOW_MS);
