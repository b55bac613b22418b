import { ServiceBusClient } from '@azure/service-bus';
import type { Config } from '../config/config.ts';
import { azureLetterBox, type AzureLetterBox } from '../queues/azureLetterBox.ts';
import { azureSender } from '../queues/azureSender.ts';
import type { QueueName } from '../queues/names.ts';
import { azurePeeker, type QueuePeeker } from '../queues/peek.ts';
import type { MessageSender } from '../queues/sender.ts';
import { connected, type Credential, required } from './connections.ts';
import type { Patience } from './patience.ts';

export interface Queues {
  sender: MessageSender;
  peeker: QueuePeeker;
  /** The dead letters of a queue, to be taken; to be closed by whoever opened it. */
  letterBox(queue: QueueName): AzureLetterBox;
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
  return {
    sender: azureSender(bus),
    peeker: azurePeeker(bus),
    letterBox: (queue) => azureLetterBox(bus, queue),
    close: () => bus.close(),
  };
}
