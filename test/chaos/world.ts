import { readConfig, type Config } from '../../src/config/config.ts';
import { createSharedBudget, type SharedBudget } from '../../src/graph/budget/sharedBudget.ts';
import { createPstnCallsSource } from '../../src/graph/pstnCallsClient.ts';
import { MAX_DELIVERY_COUNT, type QueueName } from '../../src/queues/names.ts';
import type { MessageSender } from '../../src/queues/sender.ts';
import type { Log } from '../../src/runtime/log.ts';
import type { Services } from '../../src/app/services.ts';
import type { Table } from '../../src/storage/tables.ts';
import { readDayHead } from '../../src/totals/totalsReader.ts';
import { createTableLedger } from '../../src/windows/tableLedger.ts';
import { type MemoryBroker, memoryBroker } from '../support/memoryBroker.ts';
import { type MemoryContainer, memoryContainer } from '../support/memoryBlobs.ts';
import { type MemoryTable, memoryTable } from '../support/memoryTables.ts';
import { FaultPlan } from './faultPlan.ts';
import { Gate, type GateDeps, type Invocation } from './gate.ts';
import { MemoryGraph, memoryTransport, ORIGIN } from './memoryGraph.ts';
import type { AcceptedRead } from './oracle/judge.ts';
import type { Process } from './process.ts';
import { type Random, randomOf } from './random.ts';
import { type BlobVersion, recordedRaw } from './recordedRaw.ts';
import type { Schedule } from './schedule.ts';
import { gatedContainer, gatedSender, gatedTable, graphSilent } from './stores.ts';
import { Trace } from './trace.ts';
import { VirtualTime } from './virtualTime.ts';
import { watchedLedger, watchedTotals } from './watchedTables.ts';

/** What handlers and commands use. */
export type ChaosServices = Omit<Services, 'peeker' | 'letterBox' | 'close'> & {
  log: Log;
  /** Bytes of lines that a job may hold. */
  bufferBytes: number;
  realNowMs: () => number;
};

export interface WorldOptions {
  /** How many of the last steps are kept in words. */
  keptSteps: number;
  /** Whether every change of totals is looked at as a reader would; it is unless said otherwise. */
  isWatched?: boolean;
}

const RAW_BLOB = /^ndjson\/v1\/callDate=(.{10})\/pstn-calls-(\d\d)00-PT60M\.jsonl$/;

/** Messages that send themselves again would become more and more. */
const MAX_DOUBLED = 30;

/** Everything outside of the processes, and the time that passes for all. */
export class World {
  readonly schedule: Schedule;
  readonly config: Config;
  readonly random: Random;
  readonly time: VirtualTime;
  readonly trace: Trace;
  readonly faults: FaultPlan;
  readonly gate: Gate;
  readonly raw: MemoryContainer = memoryContainer('pstn-raw');
  readonly control: MemoryContainer = memoryContainer('pstn-control');
  readonly windows: MemoryTable = memoryTable('windows');
  readonly dailyTotals: MemoryTable = memoryTable('dailyTotals');
  readonly monthlyTotals: MemoryTable = memoryTable('monthlyTotals');
  readonly budget: MemoryTable = memoryTable('budget');
  /** By ETag, every version that a blob of `pstn-raw` had. */
  readonly history: Map<string, BlobVersion>;
  readonly broker: MemoryBroker;
  readonly graph: MemoryGraph;
  /** What must never be, in words. */
  readonly broken: string[] = [];
  /** Ids of windows whose blob somebody has deleted. */
  readonly lostWindows = new Set<string>();
  /** What the ledger has accepted. */
  readonly reads: AcceptedRead[] = [];
  readonly #recordedRaw: ReturnType<typeof recordedRaw>;
  readonly #watchedTotals: Table;
  readonly #watchedLedger: Table;
  #invocations = 0;
  #ids = 0;
  #doubled = 0;

  constructor(
    schedule: Schedule,
    { keptSteps, isWatched = true }: WorldOptions,
    hooks: Pick<GateDeps, 'crash' | 'freeze'>,
  ) {
    this.schedule = schedule;
    this.trace = new Trace(keptSteps);
    this.config = readConfig({
      DATA_STORAGE: 'UseDevelopmentStorage=true',
      ServiceBusConnection:
        'Endpoint=sb://127.0.0.1;SharedAccessKeyName=all;SharedAccessKey=none;UseDevelopmentEmulator=true;',
      ...schedule.settings,
    });
    const { startMs, pace, rows, faults, seed } = schedule;
    this.random = randomOf(seed);
    this.time = new VirtualTime(startMs);
    this.faults = new FaultPlan(faults);
    const { time, random, trace } = this;
    this.gate = new Gate({
      time,
      random: random.fork('gate'),
      faults: this.faults,
      trace,
      pace,
      ...hooks,
    });
    const nowMs = (): number => time.nowMs;
    this.broker = memoryBroker({ nowMs, lockMs: pace.lockMs, maxDeliveryCount: MAX_DELIVERY_COUNT });
    this.graph = new MemoryGraph({ rows, startMs, pageSize: pace.pageSize, nowMs });
    const onFault = (fault: string): void => {
      this.broken.push(`${new Date(time.nowMs).toISOString()} ${fault}`);
    };
    this.#recordedRaw = recordedRaw(
      this.raw,
      (name) => this.#acceptedClaim(name),
      (line) => this.graph.isLost(line),
      onFault,
    );
    this.history = this.#recordedRaw.history;
    this.#watchedLedger = watchedLedger(this.windows, this.reads);
    this.#watchedTotals = isWatched
      ? watchedTotals(this.dailyTotals, this.history, onFault)
      : this.dailyTotals;
  }

  /** Nothing can be said where the counter of claims, or a blob that held back older reads, was lost. */
  #acceptedClaim(blobName: string): number {
    const [, date = '', hour = ''] = RAW_BLOB.exec(blobName) ?? [];
    const windowId = `${date}T${hour}Z`;
    if (this.lostWindows.has(windowId)) return 0;
    if (this.schedule.commands.some(({ kind }) => kind === 'lostLedger')) return 0;
    return Math.max(0, ...this.reads.filter((read) => read.windowId === windowId).map(({ claim }) => claim));
  }

  /** The services of one run of a handler of a process. */
  servicesOf(process: Process, job: string): { services: ChaosServices; of: Invocation } {
    const { gate, config, time, random } = this;
    this.#invocations += 1;
    const of: Invocation = { id: this.#invocations, job, process };
    const windowsTable = gatedTable(this.#watchedLedger, gate, of);
    const dailyTotals = gatedTable(this.#watchedTotals, gate, of);
    const draws = random.fork(`draws of ${of.id}`);
    const newId = (): string => `id-${(this.#ids += 1)}`;
    const log = this.logOf(of);
    const services: ChaosServices = {
      config,
      clock: process.clock,
      newId,
      log,
      bufferBytes: this.schedule.pace.bufferBytes,
      realNowMs: () => time.nowMs,
      budgetTable: gatedTable(this.budget, gate, of),
      raw: gatedContainer(this.#recordedRaw.container, 'raw', gate, of, draws),
      control: gatedContainer(this.control, 'control', gate, of, draws),
      windowsTable,
      dailyTotals,
      monthlyTotals: gatedTable(this.monthlyTotals, gate, of),
      ledger: createTableLedger(windowsTable),
      readDayHead: (date) => readDayHead(dailyTotals, date),
      budget: this.#budgetOf(process),
      sender: gatedSender(this.#sender(draws), gate, of),
      graph: (graphLog) =>
        Promise.resolve(
          createPstnCallsSource({
            origin: ORIGIN,
            version: config.GRAPH_API_VERSION,
            transport: memoryTransport(
              (url, call) => gate.pass(of, 'graph.page', url.slice(ORIGIN.length), call, graphSilent),
              this.graph,
              () => {
                const fault = this.faults.ofRequest();
                // Longer than its message is held: somebody else reads the same meanwhile.
                if (fault?.kind === 'staleCopy')
                  gate.freezeAt(process, 'raw.put', fault.ms + this.schedule.pace.lockMs);
                return fault;
              },
            ),
            pacer: this.#budgetOf(process),
            log: graphLog,
            newId,
            random: () => draws.unit(),
            wait: process.wait,
            monotonicNowMs: () => time.nowMs,
            nowMs: () => process.clock.nowMs(),
          }),
        ),
    };
    return { services, of };
  }

  logOf({ id, job, process }: Invocation): Log {
    const line =
      (level: string): Log['warn'] =>
      (event, fields) =>
        this.trace.add(
          this.time.nowMs,
          `${process.name} ${job}#${id} ${level} ${event} ${JSON.stringify(fields)}`,
        );
    return { info: () => undefined, warn: line('warn'), error: line('error') };
  }

  /** A way to the queues on which messages are doubled now and then, as by a client that got no answer. */
  #sender(draws: Random): MessageSender {
    const sender = this.broker.sender();
    const twice = (queue: QueueName): boolean => {
      if (!this.faults.isOn || this.#doubled === MAX_DOUBLED) return false;
      if (!draws.chance(this.schedule.pace.doubleChance)) return false;
      this.#doubled += 1;
      this.faults.count('duplicated', queue);
      return true;
    };
    return {
      send: async (queue, message, options) => {
        await sender.send(queue, message, options);
        if (twice(queue)) await sender.send(queue, message, options);
      },
      sendAll: async (queue, messages, options) => {
        await sender.sendAll(queue, messages, options);
        if (twice(queue)) await sender.sendAll(queue, messages, options);
      },
    };
  }

  /** Shared by all that a process does, and by way of the table with all others. */
  #budgetOf(process: Process): SharedBudget {
    const { config, time, gate, random } = this;
    const draws = random.fork(`budget of ${process.name}`);
    process.budget ??= createSharedBudget({
      table: gatedTable(this.budget, gate, { id: 0, job: 'budget', process }),
      requestsPerMinute: config.GRAPH_REQUESTS_PER_MINUTE,
      appRequestsPerMinute: config.GRAPH_APP_REQUESTS_PER_MINUTE,
      marginMs: config.GRAPH_BUDGET_MARGIN_MS,
      // The clock of the storage, whatever that of the instance says.
      nowMs: () => time.nowMs,
      wait: process.wait,
      random: () => draws.unit(),
    });
    return process.budget;
  }
}
