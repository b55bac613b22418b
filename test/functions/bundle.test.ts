import { readFileSync } from 'node:fs';
import { build, type Metafile } from 'esbuild';
import { beforeAll, describe, expect, it } from 'vitest';
import { functionsBundle } from '../../scripts/build.mjs';
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

describe('what an instance loads', () => {
  let outputs: Metafile['outputs'];

  beforeAll(async () => {
    const { metafile } = await build({ ...functionsBundle('dist'), metafile: true, write: false });
    ({ outputs } = metafile);
  });

  const outputOf = (source: string): string => {
    const found = Object.keys(outputs).find((path) => outputs[path]?.entryPoint === source);
    if (found === undefined) throw new Error(`${source} is not a file that can be loaded by itself`);
    return found;
  };
  const importsOf = (path: string, kind: 'import-statement' | 'dynamic-import'): string[] =>
    (outputs[path]?.imports ?? []).filter((one) => one.kind === kind && !one.external).map((one) => one.path);
  /** A file with all that has to be there before it runs. */
  const closure = (path: string, known = new Set<string>()): Set<string> => {
    if (known.has(path)) return known;
    known.add(path);
    for (const one of importsOf(path, 'import-statement')) closure(one, known);
    return known;
  };
  const modulesOf = (paths: Iterable<string>): string[] =>
    [...paths].flatMap((path) => Object.keys(outputs[path]?.inputs ?? {}));
  const packagesOf = (paths: Iterable<string>): Set<string> =>
    new Set(
      modulesOf(paths).flatMap((module) => /.*node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(module)?.[1] ?? []),
    );
  const roomsOf = (paths: Iterable<string>): Set<string> =>
    new Set(modulesOf(paths).flatMap((module) => /^src\/([^/]+)\//.exec(module)?.[1] ?? []));

  const FUNCTIONS = ['aggregateDay', 'fetchBackfillWindows', 'fetchWindows', 'health', 'planWindows'];
  const atStart = (): Set<string> => {
    const known = new Set<string>();
    for (const name of FUNCTIONS) closure(outputOf(`functions/${name}.ts`), known);
    return known;
  };
  /** What is there when the first call that needs a module runs. */
  const afterStart = (source: string): Set<string> => closure(outputOf(source), atStart());

  it('at its start is the library of Functions and what checks the settings: no SDK, no work of a function', () => {
    expect([...packagesOf(atStart())].sort()).toEqual([
      '@azure/functions',
      '@azure/functions-extensions-base',
      'cookie',
      'croner',
      'zod',
    ]);
    expect([...roomsOf(atStart())].sort()).toEqual(['app', 'config', 'queues', 'runtime']);
    // All languages that zod's messages come in are four times as much as zod.
    expect(modulesOf(atStart()).filter((module) => module.includes('/locales/'))).toEqual([
      expect.stringContaining('/locales/en.js'),
    ]);
  });

  it.each([
    ['aggregateDay', ['src/totals/aggregate.ts']],
    ['fetchBackfillWindows', ['src/app/fetchWindowJob.ts']],
    ['fetchWindows', ['src/app/fetchWindowJob.ts']],
    ['health', []],
    ['planWindows', ['src/app/planTick.ts', 'src/app/observeTick.ts']],
  ])('by the first call of %s is its own work, by nobody else', (name, own) => {
    const loaded = importsOf(outputOf(`functions/${name}.ts`), 'dynamic-import');
    expect(loaded.map((path) => outputs[path]?.entryPoint)).toEqual(own);
  });

  it('to measure is the exporter, which comes only where there is somewhere to send measurements to', () => {
    expect(packagesOf(afterStart('src/app/observeTick.ts'))).not.toContain(
      '@azure/monitor-opentelemetry-exporter',
    );
    expect(packagesOf(afterStart('src/telemetry/azureMetrics.ts'))).toContain(
      '@azure/monitor-opentelemetry-exporter',
    );
  });

  it('for its services is storage; Service Bus, Graph and identities come with their first use', () => {
    const packages = packagesOf(afterStart('src/app/services.ts'));
    expect([...packages]).toEqual(expect.arrayContaining(['@azure/storage-blob', '@azure/data-tables']));
    for (const later of ['@azure/service-bus', '@azure/core-amqp', 'rhea', 'long', '@azure/identity']) {
      expect(packages).not.toContain(later);
    }
    expect(modulesOf(afterStart('src/app/services.ts'))).not.toContain('src/graph/pstnCallsClient.ts');
    expect(packagesOf(afterStart('src/app/connectQueues.ts'))).toContain('@azure/service-bus');
    expect(modulesOf(afterStart('src/graph/graphFromConfig.ts'))).toContain('src/graph/pstnCallsClient.ts');
  });

  it('never contains the command line, or what stands in for Azure', () => {
    const rooms = roomsOf(Object.keys(outputs));
    expect(rooms).toContain('landing');
    expect(rooms).not.toContain('cli');
    expect(rooms).not.toContain('local');
  });
});
