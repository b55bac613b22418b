import * as z from 'zod';
import type { BindingInfo, FunctionCallback, FunctionMetadata } from './coreTypes.ts';
import { HostError } from './hostError.ts';

export type AuthLevel = 'anonymous' | 'function' | 'admin';

/** What starts a function, as it was registered: `%NAME%` is not yet replaced. */
export type Trigger =
  | { type: 'timerTrigger'; schedule: string; runOnStartup: boolean; useMonitor: boolean }
  | { type: 'serviceBusTrigger'; queueName: string; connection: string; binary: boolean }
  | { type: 'httpTrigger'; route: string; methods: readonly string[]; authLevel: AuthLevel };

export interface RegisteredFunction {
  name: string;
  trigger: Trigger;
}

/** A function with what is needed to invoke it. */
export interface AppFunction extends RegisteredFunction {
  /** The name under which the library expects the trigger's value. */
  bindingName: string;
  metadata: FunctionMetadata;
  callback: FunctionCallback;
}

const NAME = /^[a-z][a-z0-9_-]{0,127}$/i;

const absent = (message: string) => z.undefined(message).optional();

const trigger = z.discriminatedUnion('type', [
  z.looseObject({
    type: z.literal('timerTrigger'),
    schedule: z.string(),
    runOnStartup: z.boolean().default(false),
    useMonitor: z.boolean().default(true),
  }),
  z.looseObject({
    type: z.literal('serviceBusTrigger'),
    queueName: z.string('only queues are supported, not topics'),
    connection: z.string('the setting with the connection must be named'),
    dataType: z.string().optional(),
    topicName: absent('only queues are supported, not topics'),
    isSessionsEnabled: z.literal(false, 'sessions are not supported').optional(),
    cardinality: z.literal('one', 'messages are only given one at a time').optional(),
    autoCompleteMessages: z.literal(true, 'functions cannot settle messages themselves').optional(),
  }),
  z.looseObject({
    type: z.literal('httpTrigger'),
    route: z.string().optional(),
    methods: z.array(z.string()),
    authLevel: z.enum(['anonymous', 'function', 'admin']),
  }),
]);

/**
 * Reads what the library registered.
 * @throws HostError if this host cannot run the function as the cloud would.
 */
export function toAppFunction(registration: {
  metadata: FunctionMetadata;
  callback: FunctionCallback;
}): AppFunction {
  const { metadata, callback } = registration;
  const { name } = metadata;
  if (!NAME.test(name)) {
    throw new HostError(
      `Function "${name}": its name must begin with a letter and have at most 128 letters, digits, _ and -`,
    );
  }
  const bindings = Object.entries(metadata.bindings);
  const found = bindings.find(([, binding]) => /trigger$/i.test(binding.type));
  if (found === undefined) throw new HostError(`Function ${name} has no trigger`);
  const [bindingName, info] = found;
  const parsed = trigger.safeParse(info);
  if (!parsed.success) throw new HostError(`Function ${name}: ${faults(info, parsed.error)}`);
  for (const [key, binding] of bindings) {
    if (key === bindingName || (key === '$return' && parsed.data.type === 'httpTrigger')) continue;
    throw new HostError(
      `Function ${name}: the ${binding.direction === 'in' ? 'input' : 'output'} binding of type ` +
        `"${binding.type}" is not supported by the local host; use the service's client library instead`,
    );
  }
  if (metadata.retryOptions !== undefined) {
    throw new HostError(`Function ${name}: retry policies are not supported by the local host`);
  }
  return {
    name,
    bindingName,
    metadata: { ...metadata, functionId: name },
    callback,
    trigger: toTrigger(name, parsed.data),
  };
}

function faults(info: BindingInfo, error: z.ZodError): string {
  const known = error.issues.every((issue) => issue.path[0] !== 'type');
  if (!known) return `a trigger of type "${info.type}" is not supported by the local host`;
  return error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`).join('; ');
}

function toTrigger(name: string, parsed: z.output<typeof trigger>): Trigger {
  switch (parsed.type) {
    case 'timerTrigger': {
      const { type, schedule, runOnStartup, useMonitor } = parsed;
      return { type, schedule, runOnStartup, useMonitor };
    }
    case 'serviceBusTrigger': {
      const { type, queueName, connection, dataType } = parsed;
      return { type, queueName, connection, binary: dataType === 'binary' };
    }
    case 'httpTrigger': {
      const { type, route, methods, authLevel } = parsed;
      const trimmed = (route ?? name).replace(/^\/+|\/+$/g, '');
      return { type, route: trimmed, methods: methods.map((method) => method.toUpperCase()), authLevel };
    }
  }
}
