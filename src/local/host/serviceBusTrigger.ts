import type { ServiceBusClient, ServiceBusReceivedMessage } from '@azure/service-bus';
import type { Log } from '../../runtime/log.ts';
import { HostError } from './hostError.ts';
import type { TriggerInput } from './invoke.ts';
import { keepLock } from './lockRenewal.ts';
import { createSettler } from './settler.ts';
import { toRpcServiceBus } from './toRpcServiceBus.ts';

export interface ServiceBusTriggerOptions {
  name: string;
  queueName: string;
  binary: boolean;
  client: ServiceBusClient;
  maxConcurrentCalls: number;
  maxAutoLockRenewalMs: number;
  invoke(input: TriggerInput): Promise<unknown>;
  log: Log;
}

export interface ServiceBusTrigger {
  /** No message is taken after this; those at work go on and can still be settled. */
  stopTaking(): Promise<void>;
  close(): Promise<void>;
}

/**
 * Gives the messages of a queue to a function, each under a lock that is renewed meanwhile. A message is
 * completed when the function succeeds. When it throws, the message is abandoned, and so delivered again at
 * once, until the queue moves it to its dead letters.
 * @throws HostError if the queue cannot be reached
 */
export async function startServiceBusTrigger(options: ServiceBusTriggerOptions): Promise<ServiceBusTrigger> {
  const { name, queueName, client, log } = options;
  const receiver = client.createReceiver(queueName, {
    receiveMode: 'peekLock',
    // See lockRenewal.ts.
    maxAutoLockRenewalDurationInMs: 0,
    skipParsingBodyAsJson: true,
  });
  try {
    // A subscription tries for ever. One look beforehand tells a wrong name or address at once.
    await receiver.peekMessages(1);
  } catch (cause) {
    await receiver.close();
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new HostError(
      `Function ${name}: the queue ${queueName} at ${client.fullyQualifiedNamespace} cannot be read: ${reason}`,
      { cause },
    );
  }

  const settle = createSettler();
  const about = (message: ServiceBusReceivedMessage) => ({
    function: name,
    queue: queueName,
    deliveryCount: (message.deliveryCount ?? 0) + 1,
  });
  const subscription = receiver.subscribe(
    {
      async processMessage(message) {
        const release = keepLock({
          message,
          receiver,
          maxMs: options.maxAutoLockRenewalMs,
          onError: (error) => log.warn('lock not renewed', { ...about(message), error: String(error) }),
        });
        const succeeded = await options.invoke(toRpcServiceBus(message, options.binary)).then(
          () => true,
          () => false,
        );
        release();
        const done = succeeded
          ? settle(() => receiver.completeMessage(message))
          : settle(() => receiver.abandonMessage(message));
        await done.catch((error: unknown) => {
          // The lock has gone: the queue delivers the message again, and says so by its delivery count.
          log.warn('message not settled', { ...about(message), succeeded, error: String(error) });
        });
      },
      processError({ error, errorSource }) {
        log.warn('queue error', {
          function: name,
          queue: queueName,
          source: errorSource,
          error: error.message,
        });
        return Promise.resolve();
      },
    },
    { autoCompleteMessages: false, maxConcurrentCalls: options.maxConcurrentCalls },
  );
  return { stopTaking: () => subscription.close(), close: () => receiver.close() };
}
