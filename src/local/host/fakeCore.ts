import Module from 'node:module';
import {
  HOOK_NAMES,
  type FunctionCallback,
  type FunctionMetadata,
  type HookCallback,
  type HookName,
  type LogCategory,
  type LogLevel,
  type ProgrammingModel,
} from './coreTypes.ts';

/** What the entry files of one app registered. */
export interface AppRegistry {
  functions: { metadata: FunctionMetadata; callback: FunctionCallback }[];
  hooks: Record<HookName, HookCallback[]>;
  model: ProgrammingModel | undefined;
  log(level: LogLevel, category: LogCategory, message: string): void;
}

export const emptyRegistry = (log: AppRegistry['log']): AppRegistry => ({
  functions: [],
  hooks: { appStart: [], appTerminate: [], preInvocation: [], postInvocation: [], log: [] },
  model: undefined,
  log,
});

/** Runs the callback given to it once, when it is disposed of. */
class Disposable {
  #callback: (() => unknown) | undefined;

  constructor(callback: () => unknown) {
    this.#callback = callback;
  }

  static from(...disposables: { dispose(): unknown }[]): Disposable {
    return new Disposable(() => disposables.forEach((disposable) => disposable.dispose()));
  }

  dispose(): void {
    this.#callback?.();
    this.#callback = undefined;
  }
}

/** The app that is being loaded: registrations go to it. */
let loading: AppRegistry | undefined;
/** Where the library's own messages go: they name no app, so the app that was loaded last gets them. */
let latest: AppRegistry | undefined;
let model: ProgrammingModel | undefined;

function registryForRegistration(): AppRegistry {
  if (loading === undefined) {
    throw new Error('Functions and hooks can only be registered while the app starts');
  }
  return loading;
}

function addTo<T>(list: T[], item: T): Disposable {
  list.push(item);
  return new Disposable(() => {
    const index = list.indexOf(item);
    if (index >= 0) list.splice(index, 1);
  });
}

const core = {
  version: '3.12.0',
  hostVersion: '4.1041.0',
  Disposable,
  registerFunction: (metadata: FunctionMetadata, callback: FunctionCallback): Disposable =>
    addTo(registryForRegistration().functions, { metadata, callback }),
  registerHook: (name: string, callback: HookCallback): Disposable => {
    const known = HOOK_NAMES.find((hook) => hook === name);
    if (known === undefined) throw new RangeError(`Unrecognized hook "${name}"`);
    return addTo(registryForRegistration().hooks[known], callback);
  },
  setProgrammingModel: (newModel: ProgrammingModel): void => {
    model = newModel;
  },
  getProgrammingModel: (): ProgrammingModel | undefined => model,
  log: (level: LogLevel, category: LogCategory, message: string): void =>
    latest?.log(level, category, message),
};

let installed = false;

/**
 * Makes `require('@azure/functions-core')` give the core above, as the cloud's worker does. The library asks
 * for it once per process and remembers the answer, so it is installed once and stays.
 */
function installFakeCore(): void {
  if (installed) return;
  installed = true;
  const prototype = Module.prototype as unknown as { require: (this: unknown, id: string) => unknown };
  const original = prototype.require;
  prototype.require = function (this: unknown, id: string): unknown {
    return id === '@azure/functions-core' ? core : original.call(this, id);
  };
}

let queue: Promise<unknown> = Promise.resolve();

/**
 * Collects into `registry` what `load` registers. Apps are loaded one after the other; several can then run
 * in one process.
 */
export async function collectRegistrations(registry: AppRegistry, load: () => Promise<void>): Promise<void> {
  installFakeCore();
  const turn = queue.then(async () => {
    loading = latest = registry;
    try {
      await load();
      // The library sets its model at the first registration in the process, not for every app.
      registry.model = model;
    } finally {
      loading = undefined;
    }
  });
  queue = turn.catch(() => undefined);
  await turn;
}
