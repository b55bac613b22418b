import type { NewId } from '../../runtime/ids.ts';
import type { Log } from '../../runtime/log.ts';
import type {
  CoreInvocationContext,
  HookName,
  InvocationResponse,
  LogCategory,
  LogLevel,
  RpcTypedData,
} from './coreTypes.ts';
import type { AppRegistry } from './fakeCore.ts';
import type { AppFunction } from './registeredFunction.ts';

/** The trigger's value and metadata, as they travel from the cloud's host to its worker. */
export interface TriggerInput {
  value: RpcTypedData;
  metadata?: Record<string, RpcTypedData>;
}

export interface Invoker {
  /** Rejects with what the function threw, after it was logged. */
  invoke(fn: AppFunction, input: TriggerInput): Promise<InvocationResponse>;
  /** Runs the hooks of the app's start or end. */
  appHooks(name: 'appStart' | 'appTerminate', appRoot: string): Promise<void>;
  /** Invocations that have begun and not yet ended. */
  running(): number;
  /** Resolves once no invocation runs. */
  idle(): Promise<void>;
}

/** Invokes functions through the library's own model, with the worker's hooks, log and time limit. */
export function createInvoker(options: {
  registry: AppRegistry;
  /** The cloud restarts its worker after this; here it is an error in the log. */
  functionTimeoutMs: number | undefined;
  log: Log;
  newId: NewId;
}): Invoker {
  const { registry, functionTimeoutMs, log, newId } = options;
  const appHookData = {};
  const appLevelHookData = {};
  let running = 0;
  let waiting: (() => void)[] = [];

  const runHooks = async (name: HookName, context: object): Promise<void> => {
    for (const hook of registry.hooks[name]) await hook(context);
  };

  const writeLog = (fn: AppFunction, invocationId: string, context: unknown) => {
    return (level: LogLevel, category: LogCategory, message: string): void => {
      const line = { level, category, message, hookData: {}, appHookData, invocationContext: context };
      for (const hook of registry.hooks.log) void hook(line);
      const fields = { function: fn.name, invocationId, message: line.message };
      // Trace and debug are below the cloud's default level.
      if (line.level === 'information') log.info('function log', fields);
      else if (line.level === 'warning') log.warn('function log', fields);
      else if (line.level === 'error' || line.level === 'critical') log.error('function log', fields);
    };
  };

  const run = async (fn: AppFunction, invocationId: string, input: TriggerInput) => {
    if (registry.model === undefined) throw new Error('The app has set no programming model');
    const core: CoreInvocationContext = {
      invocationId,
      request: {
        invocationId,
        functionId: fn.name,
        inputData: [{ name: fn.bindingName, data: input.value }],
        triggerMetadata: input.metadata ?? {},
      },
      metadata: fn.metadata,
      log: writeLog(fn, invocationId, undefined),
    };
    const model = await registry.model.getInvocationModel(core);
    const { context, inputs } = await model.getArguments();
    core.log = writeLog(fn, invocationId, context);

    const shared = { hookData: {}, appHookData, invocationContext: context };
    const before = { ...shared, inputs, functionCallback: fn.callback };
    core.state = 'preInvocationHooks';
    await runHooks('preInvocation', before);

    const after: { result: unknown; error: unknown } = { result: null, error: null };
    core.state = 'invocation';
    try {
      after.result = await model.invokeFunction(context, before.inputs, before.functionCallback);
    } catch (error) {
      after.error = error;
    }
    core.state = 'postInvocationHooks';
    const hookContext = Object.assign(after, shared, { inputs: before.inputs });
    await runHooks('postInvocation', hookContext);
    core.state = undefined;
    if (after.error !== null && after.error !== undefined) {
      throw after.error instanceof Error
        ? after.error
        : new Error(`The function threw ${typeof after.error}`);
    }
    return model.getResponse(context, after.result);
  };

  return {
    async invoke(fn, input) {
      const invocationId = newId();
      const fields = { function: fn.name, invocationId };
      const timer = startTimer(functionTimeoutMs, () =>
        log.error('function timeout', { ...fields, timeoutMs: functionTimeoutMs }),
      );
      running++;
      try {
        return await run(fn, invocationId, input);
      } catch (error) {
        log.error('function failed', { ...fields, error: describe(error) });
        throw error;
      } finally {
        clearTimeout(timer);
        running--;
        if (running === 0) {
          for (const resolve of waiting) resolve();
          waiting = [];
        }
      }
    },
    appHooks: (name, appRoot) =>
      runHooks(name, {
        hookData: appLevelHookData,
        appHookData,
        ...(name === 'appStart' ? { functionAppDirectory: appRoot } : {}),
      }),
    running: () => running,
    idle: () => (running === 0 ? Promise.resolve() : new Promise((resolve) => waiting.push(resolve))),
  };
}

function startTimer(delayMs: number | undefined, callback: () => void): NodeJS.Timeout | undefined {
  // setTimeout cannot wait longer than this; it would call at once.
  if (delayMs === undefined || delayMs > 2 ** 31 - 1) return undefined;
  return setTimeout(callback, delayMs).unref();
}

const describe = (error: unknown): string =>
  error instanceof Error ? (error.stack ?? error.message) : String(error);
