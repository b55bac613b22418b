import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { loadApp } from '../../src/local/host/loadApp.ts';
import { findAppRoot } from '../../src/local/pipeline/appRoot.ts';
import type { Log } from '../../src/runtime/log.ts';

const appRoot = findAppRoot();
const said: string[] = [];
const log: Log = {
  info: () => undefined,
  warn: (event) => void said.push(event),
  error: (event) => void said.push(event),
};

describe('the built app', () => {
  it('registers exactly these functions, with their triggers, queues and auth levels', async () => {
    const { functions } = await loadApp(appRoot, log);
    const byName = functions
      .map(({ name, trigger }) => [name, trigger] as const)
      .sort(([a], [b]) => (a < b ? -1 : 1));
    const queue = (queueName: string) => ({
      type: 'serviceBusTrigger',
      queueName,
      connection: 'ServiceBusConnection',
      binary: false,
    });
    expect(byName).toEqual([
      ['aggregateDay', queue('pstn-days')],
      ['fetchBackfillWindows', queue('pstn-windows-backfill')],
      ['fetchWindows', queue('pstn-windows')],
      ['health', { type: 'httpTrigger', route: 'health', methods: ['GET'], authLevel: 'anonymous' }],
      [
        'planWindows',
        { type: 'timerTrigger', schedule: '0 */15 * * * *', runOnStartup: false, useMonitor: true },
      ],
    ]);
    expect(said).toEqual([]);
  });

  it('has a host.json of version 2 whose locks outlive the longest handler', () => {
    const host = JSON.parse(readFileSync(`${appRoot}/host.json`, 'utf8')) as {
      version: string;
      functionTimeout: string;
      extensions: { serviceBus: { maxAutoLockRenewalDuration: string; autoCompleteMessages: boolean } };
    };
    expect(host.version).toBe('2.0');
    expect(host.extensions.serviceBus.autoCompleteMessages).toBe(true);
    expect(host.extensions.serviceBus.maxAutoLockRenewalDuration >= host.functionTimeout).toBe(true);
  });
});
