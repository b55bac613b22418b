import { ServiceBusClient } from '@azure/service-bus';
import type { Config } from '../config/config.ts';
import { azureSender } from '../queues/azureSender.ts';
import { azurePeeker, type QueuePeeker } from '../queues/peek.ts';
import type { MessageSender } from '../queues/sender.ts';
import { connected, type Credential, required } from './connections.ts';
import type { Patience } from './patience.ts';

export interface Queues {
  sender: MessageSender;
  peeker: QueuePeeker;
  close(): Promise<void>;
}

/** A module of its own, loaded by whoever sends the first message: the client is large, and many send none. */
export async function connectQueues(
  config: Config,
  credential: Credential,
  { serviceBus }: Patience,
): Promise<Queues> {
  const options = { retryOptions: serviceBus };
  const { ServiceBusConnection: text } = config;
  const bus =
    text === undefined
      ? new ServiceBusClient(
          required(config, 'ServiceBusConnection__fullyQualifiedNamespace'),
          await credential(),
          options,
        )
      : connected('ServiceBusConnection', () => new ServiceBusClient(text, options));
  return { sender: azureSender(bus), peeker: azurePeeker(bus), close: () => bus.close() };
}
