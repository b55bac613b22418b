import { type Config, type Environment, readConfig } from '../config/config.ts';
import { CLOUDS } from '../graph/clouds.ts';
import { createCredential } from '../graph/credential.ts';
import { graphFromConfig } from '../graph/graphFromConfig.ts';
import type { PstnCallsSource } from '../graph/pstnCalls.ts';
import { azureSender } from '../queues/azureSender.ts';
import { azurePeeker, type QueuePeeker } from '../queues/peek.ts';
import type { MessageSender } from '../queues/sender.ts';
import { type Clock, frozenClock, shiftedClock, systemClock } from '../runtime/clock.ts';
import { type NewId, randomId } from '../runtime/ids.ts';
import type { Log } from '../runtime/log.ts';
import { azureContainer } from '../storage/azureBlobs.ts';
import { azureTable } from '../storage/azureTables.ts';
import { CONTAINERS, TABLES } from '../storage/names.ts';
import type { BlobContainer } from '../storage/blobs.ts';
import type { Table } from '../storage/tables.ts';
import { readDayHead } from '../totals/totalsReader.ts';
import type { ReadDayHead } from '../windows/dayHeads.ts';
import type { Ledger } from '../windows/ledger.ts';
import { createTableLedger } from '../windows/tableLedger.ts';
import { connectBlobs, connectServiceBus, connectTable } from './connections.ts';

/** Everything with an effect that functions and commands use, made from the environment once a process. */
export interface Services {
  config: Config;
  clock: Clock;
  newId: NewId;
  raw: BlobContainer;
  control: BlobContainer;
  windowsTable: Table;
  dailyTotals: Table;
  ledger: Ledger;
  readDayHead: ReadDayHead;
  sender: MessageSender;
  peeker: QueuePeeker;
  /** The log goes with the caller: an invocation's own, or a command's. */
  graph: (log: Log) => PstnCallsSource;
  /** Ends the connections that keep a process alive. */
  close: () => Promise<void>;
}

/** @throws ConfigError if a setting is missing or wrong. */
export async function connectServices(environment: Environment): Promise<Services> {
  const config = readConfig(environment);
  // The identity that storage and Service Bus know; not asked for where a connection string serves.
  const credential = () => createCredential(environment, CLOUDS[config.GRAPH_CLOUD].authorityHost);
  const [blobs, windowsTable, dailyTotals, bus] = await Promise.all([
    connectBlobs(config, credential),
    connectTable(config, TABLES.windows, credential),
    connectTable(config, TABLES.dailyTotals, credential),
    connectServiceBus(config, credential),
  ]);
  const ledgerTable = azureTable(windowsTable);
  const totalsTable = azureTable(dailyTotals);
  return {
    config,
    clock: clockOf(config),
    newId: randomId,
    raw: azureContainer(blobs.getContainerClient(CONTAINERS.raw)),
    control: azureContainer(blobs.getContainerClient(CONTAINERS.control)),
    windowsTable: ledgerTable,
    dailyTotals: totalsTable,
    ledger: createTableLedger(ledgerTable),
    readDayHead: (date) => readDayHead(totalsTable, date),
    sender: azureSender(bus),
    peeker: azurePeeker(bus),
    graph: graphFromConfig(config, { newId: randomId, environment }),
    close: () => bus.close(),
  };
}

/** Real time, unless simulated data stand at an instant of their own. */
export function clockOf(config: Pick<Config, 'LOCAL_CLOCK'>): Clock {
  const text = config.LOCAL_CLOCK;
  if (text === undefined) return systemClock;
  const value = text.slice(text.indexOf(':') + 1);
  return text.startsWith('frozen:') ? frozenClock(Date.parse(value)) : shiftedClock(Number(value));
}
