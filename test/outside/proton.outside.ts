import { ServiceBusClient } from '@azure/service-bus';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ServiceBusEndpoint, startServiceBusEndpoint } from '../../src/local/serviceBus/endpoint.ts';
import { protonScenario } from './support/proton.ts';

const SCENARIOS = [
  'types',
  'fields',
  'outcomes',
  'outcomes_second',
  'many_outcomes',
  'delivery_limit',
  'credit',
  'modes',
  'large',
  'small_frames',
  'unknown_queue',
  'same_name',
  'lock_lost',
  'dropped_connection',
  'management',
] as const;
const LOCK_MS = 2000;

describe('Qpid Proton, an AMQP 1.0 client of its own, at the Service Bus endpoint', () => {
  let endpoint: ServiceBusEndpoint;

  beforeAll(async () => {
    endpoint = await startServiceBusEndpoint({
      queues: [...SCENARIOS, 'from-azure', 'from-proton'],
      maxDeliveryCount: 10,
      lockDurationMs: LOCK_MS,
    });
  });

  afterAll(() => endpoint.close());

  /** Each scenario has a queue of its own. */
  const run = (scenario: (typeof SCENARIOS)[number]) =>
    protonScenario(endpoint.port, scenario, scenario) as Promise<Record<string, unknown>>;

  it('receives every body and property with the type that it was sent with', async () => {
    const seen = await run('types');
    expect(seen['sent']).toHaveLength(15);
    expect(seen['received']).toEqual(seen['sent']);
    expect(seen['receivedProperties']).toEqual(Array.from({ length: 15 }, () => seen['sentProperties']));
  });

  it('receives unsettled deliveries under a lock, with the fields of the sender and those of the queue', async () => {
    const { lockedForMs, ...seen } = await run('fields');
    expect(lockedForMs).toBeGreaterThanOrEqual(LOCK_MS);
    expect(seen).toEqual({
      id: "str:'id-1'",
      correlationId: "UUID:UUID('6a1b0c6e-4f6e-4a55-8b0c-5b1d0a7a3f11')",
      subject: 'label',
      replyTo: 'elsewhere',
      contentType: 'application/json',
      durable: true,
      ttlSeconds: 3600,
      deliveryCount: 0,
      annotationTypes: {
        'x-opt-sequence-number': 'int',
        'x-opt-enqueued-time': 'timestamp',
        'x-opt-locked-until': 'timestamp',
      },
      sequenceNumbers: [1, 2],
      settled: false,
      tagBytes: 16,
      idGiven: true,
    });
  });

  const outcomes = {
    afterAccepted: [],
    afterReleased: [['b', 0]],
    afterFailed: [['b', 1]],
    afterAnnotated: ['b', 2, 'try again'],
    afterUndeliverable: [],
    afterRejected: [],
    deadLetter: [
      'c',
      { kept: 1, DeadLetterReason: 'BadMessage', DeadLetterErrorDescription: 'cannot be read' },
    ],
    afterDeadLetter: [],
  };

  it('accepts, releases, modifies and rejects, each to its effect', async () => {
    expect(await run('outcomes')).toMatchObject({ ...outcomes, settleModes: [2, 0] });
  });

  it('is told that each outcome has taken effect, if it asks for that', async () => {
    const confirmed = { outcome: 'ACCEPTED', condition: null };
    expect(await run('outcomes_second')).toEqual({
      ...outcomes,
      settleModes: [0, 1],
      accepted: confirmed,
      released: confirmed,
      failed: confirmed,
      annotated: confirmed,
      undeliverable: confirmed,
      rejected: confirmed,
      deadLetterAccepted: confirmed,
    });
  });

  it('settles many deliveries at once, neighbours differently', async () => {
    const every = (remainder: number) => Array.from({ length: 20 }, (_, i) => i * 3 + remainder);
    expect(await run('many_outcomes')).toEqual({ rejected: every(1), released: every(2) });
  });

  it('sees the delivery count rise until the message is dead-lettered with its reason', async () => {
    expect(await run('delivery_limit')).toEqual({
      counts: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9],
      deliveryCount: 10,
      properties: {
        DeadLetterReason: 'MaxDeliveryCountExceeded',
        DeadLetterErrorDescription: expect.stringContaining('10') as string,
      },
    });
  });

  it('gets as many messages as it gave credit for, and an answer to every drain', async () => {
    expect(await run('credit')).toEqual({
      emptyDrain: 0,
      creditAfterEmptyDrain: 0,
      first: [0, 1, 2],
      creditLeft: 0,
      second: [3, 4],
      drained: Array.from({ length: 15 }, (_, i) => i + 5),
      creditAfterDrain: 0,
      other: ['late'],
      withoutCredit: 20,
      awaited: ['awaited'],
    });
  });

  it('sends and receives settled messages, which are gone with their delivery', async () => {
    const ten = Array.from({ length: 10 }, (_, i) => i);
    expect(await run('modes')).toEqual({ bodies: ten, settled: ten.map(() => true), left: [] });
  });

  it.each(['large', 'small_frames'] as const)(
    'moves messages of many frames unharmed up to the limit (%s)',
    async (scenario) => {
      const sizes = [10, 70_000, 1, 261_000, 65_536, 20];
      expect(await run(scenario)).toEqual({
        sizes,
        arrived: sizes,
        equal: sizes.map(() => true),
        maxMessageSize: 262_144,
        tooLarge: 'REJECTED',
        left: [],
      });
    },
  );

  it('is refused a link to a queue that does not exist, and keeps its connection', async () => {
    expect(await run('unknown_queue')).toEqual({
      sender: 'amqp:not-found',
      receiver: 'amqp:not-found',
      after: ['still here'],
    });
  });

  it('may give one name to a sender and to a receiver', async () => {
    expect(await protonScenario(endpoint.port, 'same_name', 'same_name')).toEqual(['first', 'second']);
  });

  it('loses a lock that ran out to the next receiver, and is told so', async () => {
    expect(await run('lock_lost')).toEqual({
      redelivered: ['slow', 1],
      late: { outcome: 'REJECTED', condition: 'com.microsoft:message-lock-lost' },
      inTime: { outcome: 'ACCEPTED', condition: null },
      left: [],
    });
  });

  it('leaves what it held to others when it goes away', async () => {
    expect(await run('dropped_connection')).toEqual({ redelivered: 'held', left: [] });
  });

  it('peeks, schedules, cancels and renews by requests to the management node', async () => {
    expect(await run('management')).toEqual({
      token: 200,
      peekEmpty: 204,
      peeked: ['m0', 'm1', 'm2'],
      peekedFromSecond: ['m1'],
      renewed: [200, 3],
      renewedLater: [true, true, true],
      afterwards: [],
      renewedTooLate: [410, 'com.microsoft:message-lock-lost'],
      scheduled: [200, 1],
      notYet: [],
      scheduledState: [2],
      cancelled: [200, 204, 404],
      unknownOperation: 501,
    });
  });

  describe("together with Azure's own client", () => {
    let azure: ServiceBusClient;

    beforeAll(() => {
      azure = new ServiceBusClient(endpoint.connectionString);
    });

    afterAll(() => azure.close());

    it('receives each message of a batch as one that was sent alone', async () => {
      const sender = azure.createSender('from-azure');
      const batch = await sender.createMessageBatch();
      for (let i = 0; i < 500; i += 1) {
        const added = batch.tryAddMessage({
          body: { v: 1, data: { i } },
          messageId: `message-${i}`,
          contentType: 'application/json',
          applicationProperties: { i },
        });
        expect(added).toBe(true);
      }
      await sender.sendMessages(batch);
      await sender.close();
      expect(await protonScenario(endpoint.port, 'from-azure', 'receive_all')).toEqual(
        Array.from({ length: 500 }, (_, i) => ({
          body: JSON.stringify({ v: 1, data: { i } }),
          id: `message-${i}`,
          contentType: 'application/json',
          properties: { i },
        })),
      );
    });

    it('is read by it: data sections, values and properties', async () => {
      await protonScenario(endpoint.port, 'from-proton', 'send_some');
      const receiver = azure.createReceiver('from-proton');
      const messages = await receiver.receiveMessages(2, { maxWaitTimeInMs: 20_000 });
      expect(
        messages.map(({ body, messageId, contentType, applicationProperties }) => ({
          body: body as unknown,
          messageId,
          contentType,
          applicationProperties,
        })),
      ).toEqual([
        {
          body: { v: 1, data: { date: '2026-11-23' } },
          messageId: 'from-proton',
          contentType: 'application/json',
          applicationProperties: { text: 'x', whole: 7 },
        },
        {
          body: { as: 'a map', n: 3 },
          messageId: 'as-value',
          contentType: undefined,
          applicationProperties: undefined,
        },
      ]);
      await receiver.close();
    });
  });
});
