import { app, type InvocationContext } from '@azure/functions';
import { readConfig } from '../config/config.ts';
import { lineLog, type Log } from '../runtime/log.ts';
import { connectServices, type Services } from './services.ts';

let connected: Promise<Services> | undefined;

/** The services of this process, connected at the first use; a failure is not remembered. */
export function services(): Promise<Services> {
  connected ??= connectServices(process.env).catch((error: unknown) => {
    connected = undefined;
    throw error;
  });
  return connected;
}

export const logOf = (context: InvocationContext): Log => lineLog(context);

// A wrong setting stops the app at its start: an app that runs and does nothing is found out days later.
app.hook.appStart(() => {
  readConfig(process.env);
});
