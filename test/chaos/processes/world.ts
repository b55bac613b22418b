import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { connectServices, type Services } from '../../../src/app/services.ts';
import { type StorageReader, storageReader } from '../../support/storedDay.ts';
import type { BusAnswer, BusNote, BusQuestion, BusReady } from './busProcess.ts';
import type { GraphAnswer, GraphQuestion, GraphReady } from './graphProcess.ts';
import { type Hosts, startHosts } from './hosts.ts';
import { type Part, startPart } from './part.ts';
import { connectQueues, type Queues } from './queues.ts';
import type { StorageAnswer, StorageNote, StorageQuestion, StorageReady } from './storageProcess.ts';

export const HOSTS = 2;
/** How long a received message is locked: short, so that locks are lost within a test. */
export const LOCK_MS = 2_000;
const REQUESTS_PER_MINUTE = '100000';

/** Everything of the pipeline and around it, each in a process of its own. */
export interface World {
  storage: Part<StorageQuestion, StorageReady, StorageAnswer>;
  bus: Part<BusQuestion, BusReady, BusAnswer>;
  graph: Part<GraphQuestion, GraphReady, GraphAnswer>;
  hosts: Hosts;
  queues: Queues;
  /** What a command would use: for sending jobs, and for knowing when they are done. */
  services: Services;
  /** Reads what is stored by Microsoft's clients alone. */
  stored: StorageReader;
  /** Waits until the rule that was armed for a host has been met; undefined if it was not within the time. */
  met(host: number, withinMs: number): Promise<string | undefined>;
  /** Restarts the hosts at another time. */
  moveTo(nowMs: number): Promise<void>;
  /** Told of every line that a host writes. */
  onLine: Set<(host: number, line: string) => void>;
  stop(): Promise<void>;
}

/**
 * @param folder where `bundle` put the scripts and the app
 * @param nowMs by which all hosts decide; it stands still
 */
export async function startWorld(folder: string, nowMs: number): Promise<World> {
  const script = (name: string): string => join(folder, `${name}Process.js`);
  const waiting = new Map<number, (what: string) => void>();
  const onLine: World['onLine'] = new Set();
  const [storage, bus, graph] = await Promise.all([
    startPart<StorageQuestion, StorageReady, StorageAnswer, StorageNote>(script('storage'), {
      args: [String(HOSTS)],
      onNote: ({ met, what }) => waiting.get(met)?.(what),
    }),
    startPart<BusQuestion, BusReady, BusAnswer, BusNote>(script('bus'), {
      args: [String(HOSTS), String(LOCK_MS)],
    }),
    startPart<GraphQuestion, GraphReady, GraphAnswer>(script('graph')),
  ]);
  const settings = {
    GRAPH_ENDPOINT: graph.ready.url,
    GRAPH_REQUESTS_PER_MINUTE: REQUESTS_PER_MINUTE,
    GRAPH_APP_REQUESTS_PER_MINUTE: REQUESTS_PER_MINUTE,
    GRAPH_BUDGET_MARGIN_MS: '0',
    LOCAL_CLOCK: frozen(nowMs),
    SHRINK_CONFIRM_MINUTES: '0',
    INITIAL_BACKFILL_DAYS: '0',
    SOURCE_DAYS: '88',
  };
  const hosts = startHosts({
    script: script('host'),
    appRoot: join(folder, 'app'),
    count: HOSTS,
    environmentOf: (host) => ({
      ...settings,
      DATA_STORAGE: storage.ready.hosts[host] ?? '',
      ServiceBusConnection: bus.ready.hosts[host] ?? '',
    }),
    onLine: (host, line) => {
      for (const listener of onLine) listener(host, line);
    },
  });
  const queues = connectQueues(bus.ready.connectionString);
  const services = await connectServices({
    ...settings,
    DATA_STORAGE: storage.ready.connectionString,
    ServiceBusConnection: bus.ready.connectionString,
  });
  await Promise.all(Array.from({ length: HOSTS }, (_, host) => hosts.get(host)));

  return {
    storage,
    bus,
    graph,
    hosts,
    queues,
    services,
    stored: storageReader(storage.ready.connectionString),
    met: (host, withinMs) => {
      const stop = new AbortController();
      return Promise.race([
        new Promise<string>((resolve) => waiting.set(host, resolve)),
        pause(withinMs, undefined, { signal: stop.signal }).catch(() => undefined),
      ]).finally(() => {
        stop.abort();
        waiting.delete(host);
      });
    },
    async moveTo(toMs) {
      settings.LOCAL_CLOCK = frozen(toMs);
      await Promise.all(Array.from({ length: HOSTS }, (_, host) => hosts.terminate(host)));
      await Promise.all(Array.from({ length: HOSTS }, (_, host) => hosts.get(host)));
    },
    onLine,
    async stop() {
      await hosts.stop();
      await queues.close();
      await services.close();
      for (const part of [graph, bus, storage]) {
        part.signal('SIGTERM');
        await part.ended;
      }
    },
  };
}

const frozen = (nowMs: number): string => `frozen:${new Date(nowMs).toISOString()}`;
