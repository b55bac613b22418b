import { randomBytes } from 'node:crypto';
import { ServiceBusClient } from '@azure/service-bus';
import type { Environment } from '../../config/config.ts';
import type { Clock } from '../../runtime/clock.ts';
import { randomId, type NewId } from '../../runtime/ids.ts';
import type { Log } from '../../runtime/log.ts';
import { HostError } from './hostError.ts';
import { readHostJson } from './hostJson.ts';
import { startHttpTrigger } from './httpTrigger.ts';
import { createInvoker } from './invoke.ts';
import { loadApp } from './loadApp.ts';
import { parseNcrontab } from '../../runtime/ncrontab.ts';
import type { AppFunction, RegisteredFunction } from './registeredFunction.ts';
import { resolveSettings } from './resolveSettings.ts';
import { compileRoute, type Route } from './routes.ts';
import { startServiceBusTrigger, type ServiceBusTrigger } from './serviceBusTrigger.ts';
import { memoryTimerStatus, type TimerStatusStore } from './timerStatus.ts';
import { timerTrigger, type TimerTrigger } from './timerTrigger.ts';
import { withinTime } from './withinTime.ts';

export interface FunctionHostOptions {
  /** Folder of a built Functions app: host.json, and package.json whose `main` is a file or a pattern. */
  appRoot: string;
  /** Serves all queue triggers, whatever connection they name. */
  serviceBusConnectionString: string;
  /** The time by which timers fire. One that stands still fires none. */
  clock: Clock;
  /** Gets what functions log, with the function's name and the invocation's id. */
  log: Log;
  /** Port for HTTP functions; a free one by default. */
  port?: number;
  /** Opens functions of the levels function and admin; a random one by default. */
  functionKey?: string;
  /** False: timers run only by `invokeTimer`. */
  timers?: boolean;
  /** Functions for which it is false are left out as if they were not there. */
  functionsFilter?: (fn: RegisteredFunction) => boolean;
  /** Settings that triggers name as `%NAME%`; those of this process by default. */
  environment?: Environment;
  /** Where timers remember their last run; in memory by default. */
  timerStatus?: TimerStatusStore;
  newId?: NewId;
  /** How long `stop` waits for running invocations, in real time. */
  stopTimeoutMs?: number;
}

export interface FunctionHost {
  functions: RegisteredFunction[];
  /** Origin of the HTTP functions, without a slash at the end. */
  httpUrl: string;
  functionKey: string;
  /** Runs a timer's function now; rejects with what it throws. */
  invokeTimer(name: string): Promise<void>;
  /** Invocations that have begun and not yet ended. */
  running(): number;
  /** Resolves once no invocation runs. Messages may still wait in the queues. */
  idle(): Promise<void>;
  /** Takes nothing new, waits for what runs, and closes everything. May be called more than once. */
  stop(): Promise<void>;
}

const STOP_TIMEOUT_MS = 30_000;
/** Time for running invocations before the app is told to end. */
const GRACE_MS = 2_000;
/** A service that has gone may never answer a close. */
const CLOSE_TIMEOUT_MS = 5_000;

/**
 * Runs a built Functions app in this process with the cloud's semantics: registrations and conversions are
 * those of `@azure/functions`, triggers behave as on Azure.
 * @throws HostError (or ScheduleError) with the function and what is wrong with it
 */
export async function startFunctionHost(options: FunctionHostOptions): Promise<FunctionHost> {
  const { appRoot, log, clock } = options;
  const settings = await readHostJson(appRoot);
  const app = await loadApp(appRoot, log);
  const functions = app.functions.filter(options.functionsFilter ?? (() => true));
  const functionKey = options.functionKey ?? randomBytes(24).toString('base64url');
  const invoker = createInvoker({
    registry: app.registry,
    functionTimeoutMs: settings.functionTimeoutMs,
    log,
    newId: options.newId ?? randomId,
  });
  const resolved = (fn: AppFunction, property: string, text: string) =>
    resolveSettings(text, { function: fn.name, property }, options.environment ?? process.env);

  // As in the cloud, the app speaks first: a fault of its settings is told as the app tells it.
  await invoker.appHooks('appStart', appRoot);

  // Everything that can be wrong with the app is found before anything is started.
  const timers = new Map<string, TimerTrigger>();
  const queues: { fn: AppFunction; queueName: string; binary: boolean }[] = [];
  const routes: Route[] = [];
  for (const fn of functions) {
    const { trigger } = fn;
    switch (trigger.type) {
      case 'timerTrigger':
        timers.set(
          fn.name.toLowerCase(),
          timerTrigger({
            name: fn.name,
            schedule: parseNcrontab(resolved(fn, 'schedule', trigger.schedule)),
            runOnStartup: trigger.runOnStartup,
            useMonitor: trigger.useMonitor,
            clock,
            store: options.timerStatus ?? memoryTimerStatus(),
            invoke: (value) => invoker.invoke(fn, { value }),
            log,
          }),
        );
        break;
      case 'serviceBusTrigger':
        queues.push({ fn, queueName: resolved(fn, 'queueName', trigger.queueName), binary: trigger.binary });
        break;
      case 'httpTrigger': {
        const route = resolved(fn, 'route', trigger.route);
        routes.push(compileRoute(fn, { ...trigger, route }, settings.routePrefix));
      }
    }
  }

  const http = await startHttpTrigger({
    routes,
    functionKey,
    port: options.port ?? 0,
    invoke: (fn, input) => invoker.invoke(fn, input),
  });
  const client = new ServiceBusClient(options.serviceBusConnectionString, {
    // A settlement that got no answer is not tried again: by then it could share a turn of the event loop
    // with another one (see settler.ts). The lock expires, and the message is delivered again.
    retryOptions: { maxRetries: 0, timeoutInMs: 20_000 },
  });
  const receivers: ServiceBusTrigger[] = [];

  let stopping: Promise<void> | undefined;
  const stop = async (): Promise<void> => {
    for (const timer of timers.values()) timer.stop();
    http.stopTaking();
    const bounded = (what: string, work: Promise<unknown>, timeoutMs = CLOSE_TIMEOUT_MS) =>
      withinTime(work, timeoutMs).catch((error: unknown) =>
        log.warn('not stopped in order', { what, running: invoker.running(), error: String(error) }),
      );
    await bounded('receivers', Promise.all(receivers.map((receiver) => receiver.stopTaking())));
    // What is nearly done may end; what goes on is told by the app's own hooks that it has to.
    await withinTime(invoker.idle(), GRACE_MS).catch(() => undefined);
    await bounded('hooks', invoker.appHooks('appTerminate', appRoot));
    await bounded('invocations', invoker.idle(), options.stopTimeoutMs ?? STOP_TIMEOUT_MS);
    await bounded('HTTP', http.close());
    await bounded('receivers', Promise.all(receivers.map((receiver) => receiver.close())));
    await bounded('Service Bus', client.close());
  };

  try {
    for (const { fn, queueName, binary } of queues) {
      receivers.push(
        await startServiceBusTrigger({
          name: fn.name,
          queueName,
          binary,
          client,
          ...settings.serviceBus,
          invoke: (input) => invoker.invoke(fn, input),
          log,
        }),
      );
    }
    if (options.timers ?? true) await Promise.all([...timers.values()].map((timer) => timer.start()));
  } catch (error) {
    await stop();
    throw error;
  }

  return {
    functions: functions.map(({ name, trigger }) => ({ name, trigger })),
    httpUrl: http.url,
    functionKey,
    async invokeTimer(name) {
      const timer = timers.get(name.toLowerCase());
      if (timer === undefined) throw new HostError(`There is no timer function ${name} in ${appRoot}`);
      await timer.invokeNow();
    },
    running: () => invoker.running(),
    idle: () => invoker.idle(),
    stop: () => (stopping ??= stop()),
  };
}
