import { startServiceBusEndpoint } from '../../../src/local/serviceBus/endpoint.ts';
import { MAX_DELIVERY_COUNT, QUEUE_NAMES } from '../../../src/queues/names.ts';
import { type Relay, startRelay } from './relay.ts';
import { servePart, tell } from './servePart.ts';

export type BusQuestion =
  { ask: 'counts' } | { ask: 'cut'; host: number; afterPieces: number } | { ask: 'disarm'; host: number };
export interface BusReady {
  /** For whoever is no host. */
  connectionString: string;
  /** For each host, a way of its own. */
  hosts: string[];
}
/** By queue. */
export type BusAnswer = Record<
  string,
  { active: number; scheduled: number; locked: number; deadLettered: number }
>;
export interface BusNote {
  cut: number;
}

const [, , hosts = '0', lockDurationMs = '0'] = process.argv;
const bus = await startServiceBusEndpoint({
  queues: QUEUE_NAMES,
  maxDeliveryCount: MAX_DELIVERY_COUNT,
  lockDurationMs: Number(lockDurationMs),
});
const relays: Relay[] = [];
for (let host = 0; host < Number(hosts); host += 1) {
  relays.push(await startRelay(bus.port, () => tell({ cut: host } satisfies BusNote)));
}

const ready: BusReady = {
  connectionString: bus.connectionString,
  hosts: relays.map(({ port }) => bus.connectionString.replace(`:${bus.port};`, `:${port};`)),
};
servePart(
  ready,
  (question: BusQuestion): BusAnswer => {
    if (question.ask === 'cut') relays[question.host]?.cutAfter(question.afterPieces);
    if (question.ask === 'disarm') relays[question.host]?.disarm();
    return Object.fromEntries(QUEUE_NAMES.map((queue) => [queue, bus.counts(queue)]));
  },
  async () => {
    await Promise.all(relays.map((relay) => relay.close()));
    await bus.close();
  },
);
