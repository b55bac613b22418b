import { setImmediate as nextTick } from 'node:timers/promises';
import type { ServiceBusClient, ServiceBusReceivedMessage, ServiceBusReceiver } from '@azure/service-bus';
import type { QueueName } from './names.ts';
import { peekAll } from './peek.ts';
import { onQueue } from './queueError.ts';
import type { LetterBox, LetterId } from './replay.ts';

type AmqpAnnotatedMessage = ServiceBusReceivedMessage['_rawAmqpMessage'];

/** A letter that this client has locked. */
export interface ReceivedLetter extends LetterId {
  message: ServiceBusReceivedMessage;
  receiver: ServiceBusReceiver;
}

export interface AzureLetterBox extends LetterBox<ReceivedLetter> {
  close(): Promise<void>;
}

/** Letters are there, or somebody else holds them. */
const WAIT_MS = 5_000;
/** The client stops at 2,048 letters that a receiver holds: another one takes over before. */
const HELD_BY_A_RECEIVER = 1_000;
/** What Service Bus notes on a dead letter; it is no part of what was sent. */
const NOTES = new Set(['DeadLetterReason', 'DeadLetterErrorDescription']);

/**
 * The client merges settlements of one tick and may lose one of them: each is waited for, and the next one is written
 * in another tick.
 */
export function azureLetterBox(client: ServiceBusClient, queue: QueueName): AzureLetterBox {
  const sender = client.createSender(queue);
  const receivers: ServiceBusReceiver[] = [];
  let received = 0;
  const call = <T>(run: () => Promise<T>): Promise<T> => onQueue(queue, client.fullyQualifiedNamespace, run);
  const receiverNow = (): ServiceBusReceiver => {
    const present = receivers.at(-1);
    if (present !== undefined && received % HELD_BY_A_RECEIVER !== 0) return present;
    // Its body as bytes: what is sent again is what was sent, whatever it is.
    const made = client.createReceiver(queue, { subQueueType: 'deadLetter', skipParsingBodyAsJson: true });
    receivers.push(made);
    return made;
  };
  return {
    look: async () => {
      const receiver = client.createReceiver(queue, { subQueueType: 'deadLetter' });
      return (await call(() => peekAll(receiver, Infinity))).map(idOf);
    },
    receive: () =>
      call(async () => {
        const receiver = receiverNow();
        const [message] = await receiver.receiveMessages(1, { maxWaitTimeInMs: WAIT_MS });
        if (message === undefined) return undefined;
        received += 1;
        return { ...idOf(message), message, receiver };
      }),
    sendAgain: ({ message }, messageId) => call(() => sender.sendMessages(asNew(message, messageId))),
    complete: ({ message, receiver }) =>
      call(async () => {
        await receiver.completeMessage(message);
        await nextTick();
      }),
    giveBack: async ({ message, receiver }) => {
      await Promise.allSettled([receiver.abandonMessage(message)]);
      await nextTick();
    },
    close: async () => {
      await Promise.all([sender.close(), ...receivers.map((receiver) => receiver.close())]);
    },
  };
}

const idOf = ({ messageId, sequenceNumber }: ServiceBusReceivedMessage): LetterId => ({
  messageId: String(messageId ?? ''),
  sequenceNumber: String(sequenceNumber ?? ''),
});

/** The same content under another id: with the old one, a queue that looks for duplicates would drop it. */
function asNew(letter: ServiceBusReceivedMessage, messageId: string): AmqpAnnotatedMessage {
  const { bodyType = 'data', properties } = letter._rawAmqpMessage;
  const { contentType, correlationId, subject } = properties ?? {};
  const noted = Object.entries(letter.applicationProperties ?? {}).filter(([name]) => !NOTES.has(name));
  return {
    body: letter.body as unknown,
    bodyType,
    properties: {
      messageId,
      ...(contentType !== undefined && { contentType }),
      ...(correlationId !== undefined && { correlationId }),
      ...(subject !== undefined && { subject }),
    },
    ...(noted.length > 0 && { applicationProperties: Object.fromEntries(noted) }),
  };
}
