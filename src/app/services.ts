import { type Config, type Environment, readConfig } from '../config/config.ts';
import { CLOUDS } from '../graph/clouds.ts';
import { budgetFromConfig } from '../graph/budget/budgetFromConfig.ts';
import type { SharedBudget } from '../graph/budget/sharedBudget.ts';
import { createCredential } from '../graph/credential.ts';
import type { PstnCallsSource } from '../graph/pstnCalls.ts';
import type { AzureLetterBox } from '../queues/azureLetterBox.ts';
import type { QueueName } from '../queues/names.ts';
import type { QueuePeeker } from '../queues/peek.ts';
import type { MessageSender } from '../queues/sender.ts';
import { type Clock, frozenClock, shiftedClock, systemClock } from '../runtime/clock.ts';
import { type NewId, randomId } from '../runtime/ids.ts';
import { lazy } from '../runtime/lazy.ts';
import type { Log } from '../runtime/log.ts';
import { serviceClock, steadyNowMs } from '../runtime/serviceClock.ts';
import { azureContainer } from '../storage/azureBlobs.ts';
import { azureTable } from '../storage/azureTables.ts';
import { CONTAINERS, TABLES } from '../storage/names.ts';
import type { BlobContainer } from '../storage/blobs.ts';
import type { Table } from '../storage/tables.ts';
import { readDayHead } from '../totals/totalsReader.ts';
import type { ReadDayHead } from '../windows/dayHeads.ts';
import type { Ledger } from '../windows/ledger.ts';
import { createTableLedger } from '../windows/tableLedger.ts';
import { connectBlobs, connectTable } from './connections.ts';
import { hearDates } from './hearDates.ts';
import { FUNCTION_PATIENCE, type Patience } from './patience.ts';

/** Everything with an effect that functions and commands use, made from the environment once a process. */
export interface Services {
  config: Config;
  clock: Clock;
  newId: NewId;
  raw: BlobContainer;
  control: BlobContainer;
  windowsTable: Table;
  dailyTotals: Table;
  monthlyTotals: Table;
  ledger: Ledger;
  readDayHead: ReadDayHead;
  sender: MessageSender;
  peeker: QueuePeeker;
  /** The dead letters of a queue, to be taken; to be closed by whoever opened it. */
  letterBox: (queue: QueueName) => Promise<AzureLetterBox>;
  /** Of the requests of all instances to Graph. */
  budget: SharedBudget;
  /** What the budget knows, and the permits of each hour. */
  budgetTable: Table;
  /** The log goes with the caller: an invocation's own, or a command's. */
  graph: (log: Log) => Promise<PstnCallsSource>;
  /** Ends the connections that keep a process alive. */
  close: () => Promise<void>;
}

/** @throws ConfigError if a setting is missing or wrong. */
export async function connectServices(
  environment: Environment,
  patience: Patience = FUNCTION_PATIENCE,
): Promise<Services> {
  const config = readConfig(environment);
  // The identity that storage and Service Bus know; not asked for where a connection string serves.
  const { get: credential } = lazy(() =>
    createCredential(environment, CLOUDS[config.GRAPH_CLOUD].authorityHost),
  );
  const { answerMs } = patience;
  const storageClock = serviceClock(steadyNowMs);
  const policy = hearDates(storageClock);
  const table = async (name: string): Promise<Table> =>
    azureTable(await connectTable(config, name, credential, patience, policy), answerMs);
  const [blobs, windowsTable, dailyTotals, monthlyTotals, budgetTable] = await Promise.all([
    connectBlobs(config, credential, patience),
    table(TABLES.windows),
    table(TABLES.dailyTotals),
    table(TABLES.monthlyTotals),
    table(TABLES.budget),
  ]);
  const budget = budgetFromConfig(config, { table: budgetTable, nowMs: storageClock.nowMs });
  const queues = lazy(async () => {
    const { connectQueues } = await import('./connectQueues.ts');
    return connectQueues(config, credential, patience);
  });
  const graph = lazy(async () => {
    const { graphFromConfig } = await import('../graph/graphFromConfig.ts');
    return graphFromConfig(config, { pacer: budget, newId: randomId, environment });
  });
  return {
    config,
    clock: clockOf(config),
    newId: randomId,
    raw: azureContainer(blobs.getContainerClient(CONTAINERS.raw), answerMs),
    control: azureContainer(blobs.getContainerClient(CONTAINERS.control), answerMs),
    windowsTable,
    dailyTotals,
    monthlyTotals,
    ledger: createTableLedger(windowsTable),
    readDayHead: (date) => readDayHead(dailyTotals, date),
    budget,
    budgetTable,
    sender: {
      send: async (...message) => (await queues.get()).sender.send(...message),
      sendAll: async (...messages) => (await queues.get()).sender.sendAll(...messages),
    },
    peeker: {
      figures: async (queue) => (await queues.get()).peeker.figures(queue),
      deadLetters: async (queue) => (await queues.get()).peeker.deadLetters(queue),
    },
    letterBox: async (queue) => (await queues.get()).letterBox(queue),
    graph: async (log) => (await graph.get())(log),
    close: async () => (await queues.ifMade())?.close(),
  };
}

/** Real time, unless simulated data stand at an instant of their own. */
export function clockOf(config: Pick<Config, 'LOCAL_CLOCK'>): Clock {
  const text = config.LOCAL_CLOCK;
  if (text === undefined) return systemClock;
  const value = text.slice(text.indexOf(':') + 1);
  return text.startsWith('frozen:') ? frozenClock(Date.parse(value)) : shiftedClock(Number(value));
}
