import { readdirSync } from 'node:fs';
import { Session } from 'node:inspector';
import Module from 'node:module';
import { performance } from 'node:perf_hooks';

/** What one step took. Bytes are those of the code that was loaded, counted only if that was asked for. */
export interface Step {
  ms: number;
  cpuMs: number;
  bytes: number;
}

/** One start of an instance, and the first call of one function. */
export interface StartDone {
  start: Step;
  first: Step;
}

type Handler = (input: unknown, context: object) => Promise<{ status?: number } | undefined>;

const [, , name = '', input = '', count] = process.argv;
// Seen from the folder that benches are bundled into.
const folder = new URL('../dist/functions/', import.meta.url);
const handlers = new Map<string, Handler>();
const hooks: Record<string, ((context: object) => unknown)[]> = {};

giveCore();
const countedBytes = count === 'bytes' ? countBytes() : () => 0;
const start = await step(async () => {
  for (const file of readdirSync(folder).filter((one) => one.endsWith('.js'))) {
    await import(new URL(file, folder).href);
  }
  await runHooks('appStart');
});
const first = await step(call);
await runHooks('appTerminate');
process.stdout.write(JSON.stringify({ start, first } satisfies StartDone));

async function call(): Promise<void> {
  const silent = (): void => undefined;
  const context = { triggerMetadata: {}, info: silent, warn: silent, error: silent };
  const answer = await handlers.get(name)?.(JSON.parse(input), context);
  if (answer?.status !== undefined && answer.status >= 500)
    throw new Error(`${name} answered ${answer.status}`);
}

/** Gives the library what only the worker of Azure Functions has, and keeps what is registered with it. */
function giveCore(): void {
  const core = {
    version: '3.12.0',
    hostVersion: '4.1041.0',
    Disposable: Object,
    registerFunction: (metadata: { name: string }, handler: Handler) => {
      handlers.set(metadata.name, handler);
    },
    registerHook: (hook: string, callback: (context: object) => unknown) => {
      (hooks[hook] ??= []).push(callback);
    },
    setProgrammingModel: () => undefined,
    getProgrammingModel: () => undefined,
    log: () => undefined,
  };
  const prototype = Module.prototype as unknown as { require: (this: unknown, id: string) => unknown };
  const original = prototype.require;
  prototype.require = function (this: unknown, id: string): unknown {
    return id === '@azure/functions-core' ? core : original.call(this, id);
  };
}

async function runHooks(hook: string): Promise<void> {
  for (const callback of hooks[hook] ?? []) await callback({});
}

/** The debugger is told of every script that is parsed. It takes time: no time is told of such a run. */
function countBytes(): () => number {
  let bytes = 0;
  const session = new Session();
  session.connect();
  session.on('Debugger.scriptParsed', ({ params }) => {
    if (params.url.startsWith(folder.href)) bytes += params.length ?? 0;
  });
  session.post('Debugger.enable');
  return () => bytes;
}

async function step(work: () => Promise<void>): Promise<Step> {
  const fromMs = performance.now();
  const fromCpu = process.cpuUsage();
  const fromBytes = countedBytes();
  await work();
  const { user, system } = process.cpuUsage(fromCpu);
  return {
    ms: performance.now() - fromMs,
    cpuMs: (user + system) / 1_000,
    bytes: countedBytes() - fromBytes,
  };
}
