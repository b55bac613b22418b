import { app, type InvocationContext } from '@azure/functions';
import { readConfig } from '../config/config.ts';
import { lineLog, type Log } from '../runtime/log.ts';
import type { Delivery } from './fetchWindowJob.ts';
import type { Services } from './services.ts';

let connected: Promise<Services> | undefined;

/** The services of this process, connected at the first use; a failure is not remembered. */
export function services(): Promise<Services> {
  connected ??= connect().catch((error: unknown) => {
    connected = undefined;
    throw error;
  });
  return connected;
}

/** The SDKs are loaded at the first use: the start of an instance is waited for, and health needs little. */
async function connect(): Promise<Services> {
  const { connectServices } = await import('./services.ts');
  return connectServices(process.env);
}

export const logOf = (context: InvocationContext): Log => lineLog(context);

/** How often this message has been delivered, this time included. */
export const deliveryOf = (context: InvocationContext): Delivery => ({
  count: Number(context.triggerMetadata?.['deliveryCount'] ?? 1),
});

// A wrong setting stops the app at its start: an app that runs and does nothing is found out days later.
app.hook.appStart(() => {
  readConfig(process.env);
});

app.hook.appTerminate(async () => {
  if (connected === undefined) return;
  const { close } = await connected;
  await close();
});
