import { ServiceBusClient, type ServiceBusReceiver } from '@azure/service-bus';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startServiceBusEndpoint } from '../../src/local/serviceBus/endpoint.ts';
import { azureLetterBox } from '../../src/queues/azureLetterBox.ts';
import { QUEUE_NAMES, type QueueName } from '../../src/queues/names.ts';
import { azurePeeker } from '../../src/queues/peek.ts';
import { replayLetters } from '../../src/queues/replay.ts';

let endpoint: Awaited<ReturnType<typeof startServiceBusEndpoint>>;
let client: ServiceBusClient;

beforeAll(async () => {
  endpoint = await startServiceBusEndpoint({ queues: QUEUE_NAMES, maxDeliveryCount: 10 });
  client = new ServiceBusClient(endpoint.connectionString);
});
afterAll(async () => {
  await client.close();
  await endpoint.close();
});

/** Sends messages and dead-letters all that lies in the queue. */
async function bury(queue: QueueName, messages: Parameters<Sender['sendMessages']>[0]): Promise<void> {
  await client.createSender(queue).sendMessages(messages);
  await eachOf(client.createReceiver(queue), async (receiver, message) => {
    await receiver.deadLetterMessage(message, {
      deadLetterReason: 'Poison',
      deadLetterErrorDescription: 'x',
    });
  });
}
type Sender = ReturnType<ServiceBusClient['createSender']>;

async function eachOf(
  receiver: ServiceBusReceiver,
  handle: (
    receiver: ServiceBusReceiver,
    message: Awaited<ReturnType<ServiceBusReceiver['receiveMessages']>>[number],
  ) => Promise<void>,
): Promise<void> {
  for (;;) {
    const [message] = await receiver.receiveMessages(1, { maxWaitTimeInMs: 300 });
    if (message === undefined) break;
    await handle(receiver, message);
  }
  await receiver.close();
}

async function replay(queue: QueueName, id?: string) {
  const box = azureLetterBox(client, queue);
  let ids = 0;
  try {
    return await replayLetters(box, {
      isWanted: ({ messageId }) => messageId === (id ?? messageId),
      newMessageId: () => `replay-${(ids += 1)}`,
      onReplayed: () => Promise.resolve(),
    });
  } finally {
    await box.close();
  }
}

describe('dead letters over the Azure SDK', () => {
  it('come back as they were sent, byte by byte, under a new id and without the notes of their failure', async () => {
    const exact = Buffer.from('{"v":1,  "data":{"n":1.50,"big":12345678901234567890}}');
    const bodies = [exact, Buffer.from([0xff, 0x00, 0x7b]), Buffer.from('12'), Buffer.from('')];
    await bury(
      'pstn-windows',
      bodies.map((body, i) => ({
        body,
        messageId: `old-${i}`,
        contentType: 'application/json',
        subject: 'job',
        applicationProperties: { by: 'somebody' },
      })),
    );
    await bury('pstn-windows', { body: 'as a value', bodyType: 'value' });
    expect(await replay('pstn-windows')).toMatchObject({ found: 5, replayed: { length: 5 } });
    const found: unknown[] = [];
    const receiver = client.createReceiver('pstn-windows', { skipParsingBodyAsJson: true });
    await eachOf(receiver, async (_, message) => {
      const { messageId, contentType, subject, applicationProperties, deliveryCount } = message;
      const body: unknown = message.body;
      found.push({ body, messageId, contentType, subject, applicationProperties, deliveryCount });
      await receiver.completeMessage(message);
    });
    const others = {
      contentType: 'application/json',
      subject: 'job',
      applicationProperties: { by: 'somebody' },
      deliveryCount: 0,
    };
    expect(found).toEqual([
      ...bodies.map((body, i) => ({ body, messageId: `replay-${i + 1}`, ...others })),
      expect.objectContaining({ body: 'as a value', messageId: 'replay-5' }),
    ]);
    expect(await azurePeeker(client).deadLetters('pstn-windows')).toEqual([]);
  });

  it('all leave, and none is lost, when there are many', async () => {
    const ids = Array.from({ length: 300 }, (_, i) => `m-${i}`);
    await bury(
      'pstn-days',
      ids.map((messageId) => ({ body: { messageId }, messageId })),
    );
    expect(await replay('pstn-days')).toMatchObject({ found: 300, replayed: { length: 300 } });
    const bodies: string[] = [];
    const receiver = client.createReceiver('pstn-days');
    await eachOf(receiver, async (_, message) => {
      bodies.push((message.body as { messageId: string }).messageId);
      await receiver.completeMessage(message);
    });
    expect(bodies).toEqual(ids);
    expect(await azurePeeker(client).deadLetters('pstn-days')).toEqual([]);
  });

  it('that were not asked for stay, and can be received at once', async () => {
    await bury(
      'pstn-alerts',
      ['a', 'b', 'c'].map((messageId) => ({ body: messageId, messageId })),
    );
    expect(await replay('pstn-alerts', 'c')).toMatchObject({ found: 1, replayed: [{ messageId: 'c' }] });
    const left: unknown[] = [];
    const receiver = client.createReceiver('pstn-alerts', { subQueueType: 'deadLetter' });
    await eachOf(receiver, async (_, message) => {
      left.push(message.messageId);
      await receiver.completeMessage(message);
    });
    expect(left).toEqual(['a', 'b']);
  });
});
