import { ServiceBusClient, type ServiceBusReceivedMessage } from '@azure/service-bus';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { connect, deadLettersOf, isSilent, receive, receiveOne, type Target, until } from './target.ts';

/**
 * What the pipeline relies on of Service Bus, asked of an endpoint by the real client. Every test leaves its
 * queue empty, so that an endpoint with a single queue can be asked as well.
 */
export function describeConformance(name: string, open: () => Promise<Target>): void {
  describe(`${name}, asked by @azure/service-bus`, () => {
    let target: Target;
    let client: ServiceBusClient;
    beforeAll(async () => {
      target = await open();
      client = connect(target.connectionString);
    });
    afterAll(() => client.close());

    const start = () => {
      const queue = target.freshQueue();
      return { queue, sender: client.createSender(queue), receiver: client.createReceiver(queue) };
    };
    /** What lies in a queue. By a client of its own, for a client goes on where it peeked last. */
    const left = async (queue: string, subQueueType?: 'deadLetter') => {
      const fresh = connect(target.connectionString);
      const options = subQueueType === undefined ? {} : { subQueueType };
      const messages = await fresh.createReceiver(queue, options).peekMessages(10);
      await fresh.close();
      return messages;
    };
    const bodies = (messages: readonly ServiceBusReceivedMessage[]) =>
      messages.map(({ body }): unknown => body);

    it('delivers a message with its properties, and completes it', async () => {
      const { queue, sender, receiver } = start();
      await sender.sendMessages({
        body: { v: 1, data: { text: 'Grüße' } },
        messageId: 'id-1',
        subject: 'subject',
        contentType: 'application/json',
        correlationId: 'c-1',
        applicationProperties: { text: 'x', whole: 7, negative: -7, half: 0.5, yes: true },
      });
      const message = await receiveOne(receiver);
      expect(message).toMatchObject({
        body: { v: 1, data: { text: 'Grüße' } },
        messageId: 'id-1',
        subject: 'subject',
        contentType: 'application/json',
        correlationId: 'c-1',
        applicationProperties: { text: 'x', whole: 7, negative: -7, half: 0.5, yes: true },
        deliveryCount: 0,
        state: 'active',
      });
      expect(message.lockToken).toMatch(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
      expect(message.sequenceNumber?.toNumber()).toBeGreaterThan(0);
      expect(message.lockedUntilUtc?.getTime()).toBeGreaterThan(
        message.enqueuedTimeUtc?.getTime() ?? Infinity,
      );
      await receiver.completeMessage(message);
      expect(await left(queue)).toEqual([]);
    });

    it('gives a message an id when it has none', async () => {
      const { sender, receiver } = start();
      await sender.sendMessages({ body: 'x' });
      const message = await receiveOne(receiver);
      expect(message.messageId).toMatch(/./);
      await receiver.completeMessage(message);
    });

    it.each([
      ['binary', 'data' as const, Buffer.from([0, 1, 2, 255])],
      ['an AMQP value', 'value' as const, 'plain text'],
      ['an AMQP sequence', 'sequence' as const, [[1, 'two', true]]],
    ])('delivers a body that is %s', async (_, bodyType, body) => {
      const { sender, receiver } = start();
      await sender.sendMessages({ body, bodyType });
      const message = await receiveOne(receiver);
      expect(message._rawAmqpMessage.bodyType).toBe(bodyType);
      expect(message.body).toEqual(body);
      await receiver.completeMessage(message);
    });

    it('delivers in the order in which messages were sent, one by one or in batches', async () => {
      const { sender, receiver } = start();
      await sender.sendMessages({ body: 0 });
      await sender.sendMessages(Array.from({ length: 200 }, (_, index) => ({ body: index + 1 })));
      await sender.sendMessages({ body: 201 });
      const messages = await receive(receiver, 202);
      expect(bodies(messages)).toEqual(Array.from({ length: 202 }, (_, index) => index));
      for (const message of messages) await receiver.completeMessage(message);
    });

    it('takes a batch as large as it says it may be, and delivers a message of that size', async () => {
      const { sender, receiver } = start();
      const batch = await sender.createMessageBatch();
      expect(batch.maxSizeInBytes).toBe(262_144);
      while (batch.tryAddMessage({ body: 'x'.repeat(1000) })) expect(batch.count).toBeLessThan(300);
      await sender.sendMessages(batch);
      await sender.sendMessages({ body: 'y'.repeat(250_000) });
      const messages = await receive(receiver, batch.count + 1);
      expect(messages.at(-1)?.body).toBe('y'.repeat(250_000));
      for (const message of messages) await receiver.completeMessage(message);
    });

    it('refuses a message that is too large, and only that one', async () => {
      const { sender, receiver } = start();
      const sizes = [10, 300_000, 10, 300_000, 300_000, 10];
      const sent = await Promise.allSettled(
        sizes.map((size, index) => sender.sendMessages({ body: 'x'.repeat(size), messageId: `m${index}` })),
      );
      expect(
        sent.map((result) => (result.status === 'rejected' ? errorCode(result.reason) : 'sent')),
      ).toEqual(sizes.map((size) => (size > 262_144 ? 'MessageSizeExceeded' : 'sent')));
      const messages = await receive(receiver, 3);
      expect(messages.map(({ messageId }) => messageId).toSorted()).toEqual(['m0', 'm2', 'm5']);
      for (const message of messages) await receiver.completeMessage(message);
    });

    it('refuses a queue that does not exist, to senders, receivers and in requests', async () => {
      const notFound = { code: 'MessagingEntityNotFound' };
      await expect(client.createSender('no-such-queue').sendMessages({ body: 1 })).rejects.toMatchObject(
        notFound,
      );
      const receiver = client.createReceiver('no-such-queue');
      await expect(receiver.receiveMessages(1)).rejects.toMatchObject(notFound);
      await expect(receiver.peekMessages(1)).rejects.toMatchObject(notFound);
    });

    it('finds a queue whatever the case of its name', async () => {
      const { queue, sender } = start();
      await sender.sendMessages({ body: 'x' });
      const receiver = client.createReceiver(queue.toUpperCase());
      await receiver.completeMessage(await receiveOne(receiver));
    });

    it('delivers an abandoned message again at once, with a higher count and the properties that came with it', async () => {
      const { sender, receiver } = start();
      await sender.sendMessages({ body: 'x', applicationProperties: { kept: 1, changed: 'old' } });
      await receiver.abandonMessage(await receiveOne(receiver), { changed: 'new', added: 5 });
      const again = await receiveOne(receiver);
      expect(again.deliveryCount).toBe(1);
      expect(again.applicationProperties).toEqual({ kept: 1, changed: 'new', added: 5 });
      await receiver.completeMessage(again);
    });

    it('dead-letters a message that was abandoned too often', async () => {
      const { queue, sender, receiver } = start();
      const deadLetters = deadLettersOf(client, queue);
      // Longer than the test may take: it has to come by itself, not when the wait is over.
      const awaited = deadLetters.receiveMessages(1, { maxWaitTimeInMs: 120_000 });
      await sender.sendMessages({ body: 'poison' });
      for (let count = 0; count < target.maxDeliveryCount; count += 1) {
        const message = await receiveOne(receiver);
        expect(message.deliveryCount).toBe(count);
        await receiver.abandonMessage(message);
      }
      const [dead] = await awaited;
      expect(dead).toMatchObject({ body: 'poison', deadLetterReason: 'MaxDeliveryCountExceeded' });
      expect(dead?.deadLetterErrorDescription).toMatch(/./);
      if (dead !== undefined) await deadLetters.completeMessage(dead);
      expect(await left(queue)).toEqual([]);
    });

    it('dead-letters a message with reason, description and properties; it can be peeked, abandoned and completed there', async () => {
      const { queue, sender, receiver } = start();
      await sender.sendMessages({ body: 'bad', messageId: 'bad-1', applicationProperties: { kept: 1 } });
      await receiver.deadLetterMessage(await receiveOne(receiver), {
        deadLetterReason: 'BadMessage',
        deadLetterErrorDescription: 'not an envelope',
        added: 'yes',
      });
      expect(await left(queue)).toEqual([]);
      const deadLetters = deadLettersOf(client, queue);
      const expected = {
        body: 'bad',
        messageId: 'bad-1',
        deadLetterReason: 'BadMessage',
        deadLetterErrorDescription: 'not an envelope',
        applicationProperties: {
          kept: 1,
          added: 'yes',
          DeadLetterReason: 'BadMessage',
          DeadLetterErrorDescription: 'not an envelope',
        },
      };
      expect(await left(queue, 'deadLetter')).toMatchObject([expected]);
      await deadLetters.abandonMessage(await receiveOne(deadLetters));
      const dead = await receiveOne(deadLetters);
      expect(dead).toMatchObject(expected);
      await deadLetters.completeMessage(dead);
      expect(await left(queue, 'deadLetter')).toEqual([]);
    });

    it('keeps a deferred message until it is asked for by its number, and settles it then', async () => {
      const { queue, sender, receiver } = start();
      await sender.sendMessages([{ body: 'deferred' }, { body: 'next' }]);
      const first = await receiveOne(receiver);
      const number = first.sequenceNumber;
      if (number === undefined) throw new Error('the message has no sequence number');
      await receiver.deferMessage(first);
      const next = await receiveOne(receiver);
      expect(next.body).toBe('next');
      await receiver.completeMessage(next);
      expect(await left(queue)).toMatchObject([{ body: 'deferred', state: 'deferred' }]);
      const [deferred] = await receiver.receiveDeferredMessages(number);
      expect(deferred).toMatchObject({ body: 'deferred', state: 'deferred' });
      if (deferred !== undefined) await receiver.completeMessage(deferred);
      await expect(receiver.receiveDeferredMessages(number)).rejects.toMatchObject({
        code: 'MessageNotFound',
      });
    });

    it('renews a lock', async () => {
      const { sender, receiver } = start();
      await sender.sendMessages({ body: 'x' });
      const message = await receiveOne(receiver);
      const before = message.lockedUntilUtc?.getTime() ?? Infinity;
      await until('the lock ends later', async () => {
        return (await receiver.renewMessageLock(message)).getTime() > before;
      });
      await receiver.completeMessage(message);
      await expect(receiver.renewMessageLock(message)).rejects.toMatchObject({ code: 'MessageLockLost' });
    });

    it('delivers a message at the time that its annotation names, and shows it as scheduled before', async () => {
      const { queue, sender, receiver } = start();
      const dueAt = new Date(Date.now() + 1000);
      await sender.sendMessages([{ body: 'later', scheduledEnqueueTimeUtc: dueAt }, { body: 'now' }]);
      const first = await receiveOne(receiver);
      expect(first.body).toBe('now');
      await receiver.completeMessage(first);
      expect(await left(queue)).toMatchObject([{ body: 'later', state: 'scheduled' }]);
      const later = await receiveOne(receiver);
      expect(later.body).toBe('later');
      expect(later.enqueuedTimeUtc?.getTime()).toBeGreaterThanOrEqual(dueAt.getTime());
      await receiver.completeMessage(later);
    });

    it('schedules messages by request, and cancels them by their numbers', async () => {
      const { queue, sender, receiver } = start();
      const soon = new Date(Date.now() + 500);
      const [first, second] = await sender.scheduleMessages([{ body: 'first' }, { body: 'second' }], soon);
      if (first === undefined || second === undefined) throw new Error('no sequence numbers came');
      await sender.cancelScheduledMessages(first);
      await expect(sender.cancelScheduledMessages(first)).rejects.toMatchObject({ code: 'MessageNotFound' });
      const message = await receiveOne(receiver);
      expect(message.body).toBe('second');
      await receiver.completeMessage(message);
      expect(await left(queue)).toEqual([]);
    });

    it('drops a message when its time to live is over', async () => {
      const { queue, sender, receiver } = start();
      await sender.sendMessages({ body: 'short-lived', timeToLive: 300 });
      expect(await left(queue)).toMatchObject([{ timeToLive: 300 }]);
      await until('the message is gone', async () => (await left(queue)).length === 0);
      expect(await isSilent(receiver)).toBe(true);
    });

    it('forgets what is received and deleted', async () => {
      const { queue, sender } = start();
      await sender.sendMessages(Array.from({ length: 20 }, (_, body) => ({ body })));
      const receiver = client.createReceiver(queue, { receiveMode: 'receiveAndDelete' });
      const messages = await receive(receiver, 20);
      expect(bodies(messages)).toEqual(Array.from({ length: 20 }, (_, body) => body));
      expect(await left(queue)).toEqual([]);
    });

    it('shows all messages to whoever peeks page by page, and delivers them all the same', async () => {
      const { queue, sender, receiver } = start();
      const all = Array.from({ length: 600 }, (_, body) => body);
      await sender.sendMessages(all.map((body) => ({ body })));
      const peeker = client.createReceiver(queue);
      const seen: unknown[] = [];
      for (
        let page = await peeker.peekMessages(400);
        page.length > 0;
        page = await peeker.peekMessages(400)
      ) {
        seen.push(...bodies(page));
      }
      expect(seen).toEqual(all);
      const messages = await receive(receiver, 600);
      expect(bodies(messages)).toEqual(all);
      for (const message of messages) await receiver.completeMessage(message);
    });

    it('comes back empty-handed from an empty queue, and loses nothing of what comes later', async () => {
      const { sender, receiver } = start();
      for (let round = 0; round < 5; round += 1) {
        expect(await isSilent(receiver)).toBe(true);
        await sender.sendMessages(Array.from({ length: 3 }, (_, body) => ({ body })));
        const messages = await receive(receiver, 3);
        expect(bodies(messages)).toEqual([0, 1, 2]);
        for (const message of messages) await receiver.completeMessage(message);
      }
    });

    it('gives back fewer messages than asked for, without waiting for ever', async () => {
      const { sender, receiver } = start();
      await sender.sendMessages([{ body: 0 }, { body: 1 }]);
      const messages = await receiver.receiveMessages(50, { maxWaitTimeInMs: 2000 });
      expect(bodies(messages)).toEqual([0, 1]);
      for (const message of messages) await receiver.completeMessage(message);
    });

    it('settles a message by request when the link on which it came is closed', async () => {
      const { queue, sender, receiver } = start();
      await sender.sendMessages([{ body: 0 }, { body: 1 }, { body: 2 }]);
      const [first, second, third] = await receive(receiver, 3);
      if (first === undefined || second === undefined || third === undefined) throw new Error('unreachable');
      await receiver.close();
      const other = client.createReceiver(queue);
      await other.completeMessage(first);
      await other.abandonMessage(second, { again: true });
      await other.deadLetterMessage(third, { deadLetterReason: 'R', deadLetterErrorDescription: 'D' });
      await expect(other.completeMessage(first)).rejects.toMatchObject({ code: 'MessageLockLost' });
      const again = await receiveOne(other);
      expect(again).toMatchObject({ body: 1, deliveryCount: 1, applicationProperties: { again: true } });
      await other.completeMessage(again);
      const deadLetters = deadLettersOf(client, queue);
      const dead = await receiveOne(deadLetters);
      expect(dead).toMatchObject({ body: 2, deadLetterReason: 'R', deadLetterErrorDescription: 'D' });
      await deadLetters.completeMessage(dead);
    });

    it('shares messages among receivers, each to one of them', async () => {
      const { queue, sender, receiver } = start();
      const other = connect(target.connectionString);
      try {
        const second = other.createReceiver(queue);
        const all = Promise.all([receive(receiver, 10), receive(second, 10)]);
        await sender.sendMessages(Array.from({ length: 20 }, (_, body) => ({ body })));
        const [mine, theirs] = await all;
        const numbers = [...bodies(mine), ...bodies(theirs)].map(Number);
        expect(numbers.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 20 }, (_, body) => body));
        for (const message of mine) await receiver.completeMessage(message);
        for (const message of theirs) await second.completeMessage(message);
      } finally {
        await other.close();
      }
    });

    it('serves sixteen concurrent calls that settle one at a time in every way', async () => {
      const { queue, sender, receiver } = start();
      const count = 160;
      await sender.sendMessages(Array.from({ length: count }, (_, body) => ({ body })));
      const completed = new Set<number>();
      const faults: unknown[] = [];
      let running = 0;
      let mostRunning = 0;
      let settling = Promise.resolve();
      // The client merges settlements of one turn of the event loop, whatever they say.
      const settle = (action: () => Promise<void>): Promise<void> => {
        const mine = settling.then(async () => {
          await action();
          await new Promise(setImmediate);
        });
        settling = mine.catch(() => undefined);
        return mine;
      };
      const subscription = receiver.subscribe(
        {
          processMessage: async (message) => {
            running += 1;
            mostRunning = Math.max(mostRunning, running);
            const number = Number(message.body);
            await new Promise(setImmediate);
            running -= 1;
            if (number % 10 === 3)
              await settle(() =>
                receiver.deadLetterMessage(message, {
                  deadLetterReason: 'three',
                  deadLetterErrorDescription: '',
                }),
              );
            else if (number % 10 === 7 && message.deliveryCount === 0) {
              await settle(() => receiver.abandonMessage(message));
            } else {
              await settle(() => receiver.completeMessage(message));
              expect(completed.has(number)).toBe(false);
              completed.add(number);
            }
          },
          processError: ({ error }) => {
            faults.push(error);
            return Promise.resolve();
          },
        },
        { maxConcurrentCalls: 16, autoCompleteMessages: false },
      );
      await until('all messages are completed', () => completed.size >= count * 0.9);
      await subscription.close();
      expect(faults).toEqual([]);
      expect(mostRunning).toBe(16);
      expect(await left(queue)).toEqual([]);
      const deadLetters = deadLettersOf(client, queue, { receiveMode: 'receiveAndDelete' });
      const dead = await receive(deadLetters, count / 10);
      expect(bodies(dead).map((body) => Number(body) % 10)).toEqual(dead.map(() => 3));
      expect(await isSilent(deadLetters)).toBe(true);
    });

    it('goes on delivering beyond the number of messages that a client holds unsettled', async () => {
      const { queue, sender } = start();
      const count = 5000;
      for (let sent = 0; sent < count; sent += 500) {
        await sender.sendMessages(Array.from({ length: 500 }, (_, index) => ({ body: sent + index })));
      }
      const receiver = client.createReceiver(queue);
      const seen: number[] = [];
      while (seen.length < count) {
        const messages = await receive(receiver, 500);
        await Promise.all(messages.map((message) => receiver.completeMessage(message)));
        seen.push(...bodies(messages).map(Number));
      }
      expect(seen).toEqual(Array.from({ length: count }, (_, index) => index));
      expect(await left(queue)).toEqual([]);
    });
  });
}

const errorCode = (error: unknown): unknown =>
  typeof error === 'object' && error !== null && 'code' in error ? error.code : error;
