import { readConfig, settingOf } from '../../config/config.ts';
import { MAX_DELIVERY_COUNT, QUEUE_NAMES } from '../../queues/names.ts';
import { type Clock, systemClock } from '../../runtime/clock.ts';
import type { Log } from '../../runtime/log.ts';
import { COMMAND_PATIENCE } from '../../app/patience.ts';
import { clockOf, connectServices } from '../../app/services.ts';
import { startSimulatedGraph } from '../graph/server.ts';
import { startFunctionHost } from '../host/host.ts';
import { startServiceBusEndpoint } from '../serviceBus/endpoint.ts';
import { startAzurite } from '../storage/azurite.ts';
import { checkQueues } from './checkQueues.ts';
import type { DataFolder } from './dataFolder.ts';
import { ensureStorage } from './ensureStorage.ts';
import { sendLost } from './sendLost.ts';

/** Where calls come from: our simulator, another one on this machine, or Microsoft Graph of a cloud. */
export type GraphChoice =
  | { kind: 'simulated' }
  | { kind: 'loopback'; url: string }
  | { kind: 'cloud'; cloud: 'global' | 'usgov' | 'dod' };

export interface LocalPipelineOptions {
  /** Root of the built app. */
  appRoot: string;
  data: DataFolder;
  graph: GraphChoice;
  /** Timers run, and simulated time with them; otherwise simulated time stands still. */
  timers: boolean;
  /** The environment of this process: what it names is not started, and the functions read it. */
  environment: NodeJS.ProcessEnv;
  log: Log;
  /** Told before each part that takes a while. */
  note(line: string): void;
}

export interface LocalPipeline {
  /** What a command in another process needs to work with this pipeline. */
  environment: Record<string, string>;
  clock: Clock;
  httpUrl: string;
  functionKey: string;
  /** Stops all that was started, the functions first, and waits until data are saved. */
  stop(): Promise<void>;
}

/** Fast enough that nobody waits for it, and the same on both sides. */
export const SIMULATED_REQUESTS_PER_MINUTE = 3000;

const BUDGET_SETTINGS = [
  'GRAPH_REQUESTS_PER_MINUTE',
  'GRAPH_APP_REQUESTS_PER_MINUTE',
  'GRAPH_BUDGET_MARGIN_MS',
] as const;

/** Starts whatever the environment does not name, then the function host on top of it. */
export async function startLocalPipeline(options: LocalPipelineOptions): Promise<LocalPipeline> {
  const { environment } = options;
  const started: { stop(): Promise<void> }[] = [];
  const stop = async (): Promise<void> => {
    for (let part = started.pop(); part !== undefined; part = started.pop()) await part.stop();
  };
  const given: Record<string, string> = {};
  const set = (name: string, value: string): void => {
    given[name] = value;
    environment[name] = value;
  };
  try {
    set('DATA_STORAGE', settingOf(environment, 'DATA_STORAGE') ?? (await startStorage(options, started)));
    const queues = settingOf(environment, 'ServiceBusConnection');
    if (queues !== undefined) await checkQueues(queues);
    set('ServiceBusConnection', queues ?? (await startQueues(options, started)));
    await chooseGraph(options, set, started);
    // Hosts that share a budget must agree on its limits.
    for (const name of BUDGET_SETTINGS) {
      const value = settingOf(environment, name);
      if (value !== undefined) set(name, value);
    }
    const config = readConfig(environment);
    await ensureStorage(given['DATA_STORAGE'] ?? '');
    // Without timers, only what a command asks for is read.
    if (queues === undefined && options.timers) await sendLostOnes(options);
    const host = await startFunctionHost({
      appRoot: options.appRoot,
      serviceBusConnectionString: given['ServiceBusConnection'] ?? '',
      clock: clockOf(config),
      log: options.log,
      timers: options.timers,
    });
    started.push(host);
    const { httpUrl, functionKey } = host;
    return { environment: given, clock: clockOf(config), httpUrl, functionKey, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** The queues have begun empty, whatever an earlier run over these data had sent. */
async function sendLostOnes({ environment, log, ...options }: LocalPipelineOptions): Promise<void> {
  const services = await connectServices(environment, COMMAND_PATIENCE);
  try {
    const { windows, days, months } = await sendLost(services, log);
    if (windows + days + months === 0) return;
    options.note(
      'sent again what ended with the queues of an earlier run: ' +
        `${windows} windows to be read, ${days} days and ${months} months to be summed`,
    );
  } finally {
    await services.close();
  }
}

type Started = { stop(): Promise<void> }[];

async function startStorage(options: LocalPipelineOptions, started: Started): Promise<string> {
  options.note(`starting storage (Azurite) in ${options.data.storage}`);
  const azurite = await startAzurite({ folder: options.data.storage });
  started.push(azurite);
  return azurite.connectionString;
}

async function startQueues(options: LocalPipelineOptions, started: Started): Promise<string> {
  options.note('starting queues (AMQP 1.0 endpoint, in memory)');
  const bus = await startServiceBusEndpoint({ queues: QUEUE_NAMES, maxDeliveryCount: MAX_DELIVERY_COUNT });
  started.push({ stop: () => bus.close() });
  return bus.connectionString;
}

async function chooseGraph(
  options: LocalPipelineOptions,
  set: (name: string, value: string) => void,
  started: Started,
): Promise<void> {
  const { graph, environment, data } = options;
  if (graph.kind === 'loopback') set('GRAPH_ENDPOINT', graph.url);
  if (graph.kind === 'cloud') {
    environment['GRAPH_CLOUD'] = graph.cloud;
    // It would take the place of the cloud that was asked for.
    delete environment['GRAPH_ENDPOINT'];
  }
  environment['INITIAL_BACKFILL_DAYS'] = settingOf(environment, 'INITIAL_BACKFILL_DAYS') ?? '0';
  if (graph.kind !== 'simulated') return;

  const offsetMs = data.firstRunMs - Math.floor(systemClock.nowMs() / 1000) * 1000;
  if (!options.timers) set('LOCAL_CLOCK', `frozen:${new Date(data.firstRunMs).toISOString()}`);
  else if (offsetMs !== 0) set('LOCAL_CLOCK', `offset:${offsetMs}`);
  const limit = settingOf(environment, 'GRAPH_REQUESTS_PER_MINUTE') ?? String(SIMULATED_REQUESTS_PER_MINUTE);
  const appLimit =
    settingOf(environment, 'GRAPH_APP_REQUESTS_PER_MINUTE') ?? String(SIMULATED_REQUESTS_PER_MINUTE);
  environment['GRAPH_REQUESTS_PER_MINUTE'] = limit;
  environment['GRAPH_APP_REQUESTS_PER_MINUTE'] = appLimit;
  options.note(`starting the simulated tenant (${limit} requests a minute; Graph itself allows 50)`);
  const simulated = await startSimulatedGraph({
    clock: simulatedClock(environment['LOCAL_CLOCK']),
    requestsPerMinute: Number(limit),
    appRequestsPerMinute: Number(appLimit),
  });
  started.push({ stop: () => simulated.close() });
  set('GRAPH_ENDPOINT', simulated.url);
}

const simulatedClock = (localClock: string | undefined): Clock => clockOf({ LOCAL_CLOCK: localClock });
