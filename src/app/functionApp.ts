import { app, type InvocationContext, type ServiceBusQueueHandler } from '@azure/functions';
import { readConfig } from '../config/config.ts';
import { BadMessageError } from '../queues/messages.ts';
import type { QueueName } from '../queues/names.ts';
import { lazy } from '../runtime/lazy.ts';
import { lineLog, type Log } from '../runtime/log.ts';
import type { Delivery } from './fetchWindowJob.ts';
import type { Services } from './services.ts';

/** The SDKs are loaded at the first use: the start of an instance is waited for. */
const connected = lazy(async () => {
  const { connectServices } = await import('./services.ts');
  return connectServices(process.env);
});

/** The services of this process, connected at the first use; a failure is not remembered. */
export const services = (): Promise<Services> => connected.get();

export const logOf = (context: InvocationContext): Log => lineLog(context);

/** How often this message has been delivered, this time included. */
function deliveryOf({ triggerMetadata }: InvocationContext): Delivery {
  const messageId = triggerMetadata?.['messageId'];
  return {
    count: Number(triggerMetadata?.['deliveryCount'] ?? 1),
    // The host reads what looks like a number as one.
    messageId: typeof messageId === 'string' || typeof messageId === 'number' ? `${messageId}` : '',
  };
}

const end = new AbortController();

/** Aborted when the app ends: what takes long stops, and its message comes again. */
export const ending: AbortSignal = end.signal;

/** What a handler is told of a message beside its body. */
export interface Received {
  delivery: Delivery;
  log: Log;
}

/**
 * The handler of a queue. What `handle` throws gives the message back, until the queue moves it to its dead
 * letters; a message that is refused leaves its reason behind.
 */
export const onMessage =
  (
    queue: QueueName,
    handle: (body: unknown, received: Received) => Promise<unknown>,
  ): ServiceBusQueueHandler =>
  async (body, context) => {
    const log = logOf(context);
    try {
      await handle(body, { delivery: deliveryOf(context), log });
    } catch (error) {
      if (error instanceof BadMessageError) {
        const { keepReason } = await import('./refused.ts');
        await keepReason(error, { queue, body, metadata: context.triggerMetadata }, services, log);
      }
      throw error;
    }
  };

// A wrong setting stops the app at its start: an app that runs and does nothing is found out days later.
app.hook.appStart(() => {
  readConfig(process.env);
});

app.hook.appTerminate(async () => {
  end.abort(new Error('the function app is ending'));
  await (await connected.ifMade())?.close();
});
