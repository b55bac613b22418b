import { clockOf } from '../../../src/app/services.ts';
import { readConfig } from '../../../src/config/config.ts';
import { startFunctionHost } from '../../../src/local/host/host.ts';
import type { LogFields } from '../../../src/runtime/log.ts';
import { servePart } from './servePart.ts';

/** What a test asks of a host. */
export type HostQuestion = { ask: 'running' } | { ask: 'plan' };
export interface HostReady {
  functions: string[];
}
/** Invocations at work. */
export type HostAnswer = number;

const [, , appRoot = ''] = process.argv;
const write =
  (level: string) =>
  (event: string, fields: LogFields = {}): void =>
    void process.stdout.write(`${JSON.stringify({ at: Date.now(), level, event, ...fields })}\n`);

const host = await startFunctionHost({
  appRoot,
  serviceBusConnectionString: process.env['ServiceBusConnection'] ?? '',
  clock: clockOf(readConfig(process.env)),
  log: { info: write('info'), warn: write('warn'), error: write('error') },
  timers: false,
  // Whatever hangs when the connection is gone is given up, as a platform does with a host that it has told to end.
  stopTimeoutMs: 5_000,
});

const ready: HostReady = { functions: host.functions.map(({ name }) => name) };
servePart(
  ready,
  async ({ ask }: HostQuestion): Promise<HostAnswer> => {
    if (ask === 'plan') await host.invokeTimer('planWindows');
    return host.running();
  },
  () => host.stop(),
);
