import { readFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import * as z from 'zod';
import { parseDuration } from './duration.ts';
import { HostError } from './hostError.ts';

/** The settings of host.json that this host follows, with the cloud's defaults. */
export interface HostSettings {
  /** Undefined: no limit. */
  functionTimeoutMs: number | undefined;
  /** Without slashes at the ends; empty for none. */
  routePrefix: string;
  serviceBus: { maxConcurrentCalls: number; maxAutoLockRenewalMs: number };
}

const toMs = (text: string, context: z.RefinementCtx): number => {
  const milliseconds = parseDuration(text);
  if (milliseconds !== undefined) return milliseconds;
  context.addIssue({ code: 'custom', message: 'must be a duration such as 00:05:00' });
  return z.NEVER;
};

const hostJson = z.looseObject({
  version: z.literal('2.0', 'must be "2.0"'),
  functionTimeout: z
    .string()
    .default('00:30:00')
    .transform((text, context) => (text === '-1' ? undefined : toMs(text, context))),
  extensions: z
    .looseObject({
      http: z.looseObject({ routePrefix: z.string().default('api') }).prefault({}),
      serviceBus: z
        .looseObject({
          maxConcurrentCalls: z
            .int()
            .min(1)
            .default(() => 16 * availableParallelism()),
          maxAutoLockRenewalDuration: z.string().default('00:05:00').transform(toMs),
          autoCompleteMessages: z
            .literal(true, 'must be true: functions of this host cannot settle messages themselves')
            .default(true),
        })
        .prefault({}),
    })
    .prefault({}),
});

/** @throws HostError if there is no host.json in the folder or it does not hold. */
export async function readHostJson(appRoot: string): Promise<HostSettings> {
  const file = join(appRoot, 'host.json');
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (cause) {
    throw new HostError(`${file} cannot be read: a folder with functions needs a host.json`, { cause });
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new HostError(`${file} is not JSON: ${String(cause)}`, { cause });
  }
  const parsed = hostJson.safeParse(value);
  if (!parsed.success) {
    const faults = parsed.error.issues.map((issue) => `${issue.path.join('.')} ${issue.message}`);
    throw new HostError(`${file}: ${faults.join('; ')}`);
  }
  const { functionTimeout, extensions } = parsed.data;
  return {
    functionTimeoutMs: functionTimeout,
    routePrefix: extensions.http.routePrefix.replace(/^\/+|\/+$/g, ''),
    serviceBus: {
      maxConcurrentCalls: extensions.serviceBus.maxConcurrentCalls,
      maxAutoLockRenewalMs: extensions.serviceBus.maxAutoLockRenewalDuration,
    },
  };
}
