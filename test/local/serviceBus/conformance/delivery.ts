import { describe, expect, it } from 'vitest';
import type { Bench } from './describeConformance.ts';
import { bodies, isSilent, receive, receiveOne, until } from '../target.ts';

export function describeDelivery(bench: Bench): void {
  describe('sending, scheduling, receiving and peeking', () => {
    it('delivers a message with its properties, and completes it', async () => {
      const { queue, sender, receiver } = bench.start();
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
      expect(await bench.left(queue)).toEqual([]);
    });

    it('gives a message an id when it has none', async () => {
      const { sender, receiver } = bench.start();
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
      const { sender, receiver } = bench.start();
      await sender.sendMessages({ body, bodyType });
      const message = await receiveOne(receiver);
      expect(message._rawAmqpMessage.bodyType).toBe(bodyType);
      expect(message.body).toEqual(body);
      await receiver.completeMessage(message);
    });

    it('delivers in the order in which messages were sent, one by one or in batches', async () => {
      const { sender, receiver } = bench.start();
      await sender.sendMessages({ body: 0 });
      await sender.sendMessages(Array.from({ length: 200 }, (_, index) => ({ body: index + 1 })));
      await sender.sendMessages({ body: 201 });
      const messages = await receive(receiver, 202);
      expect(bodies(messages)).toEqual(Array.from({ length: 202 }, (_, index) => index));
      for (const message of messages) await receiver.completeMessage(message);
    });

    it('takes a batch as large as it says it may be, and delivers a message of that size', async () => {
      const { sender, receiver } = bench.start();
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
      const { sender, receiver } = bench.start();
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
      await expect(
        bench.client().createSender('no-such-queue').sendMessages({ body: 1 }),
      ).rejects.toMatchObject(notFound);
      const receiver = bench.client().createReceiver('no-such-queue');
      await expect(receiver.receiveMessages(1)).rejects.toMatchObject(notFound);
      await expect(receiver.peekMessages(1)).rejects.toMatchObject(notFound);
    });

    it('finds a queue whatever the case of its name', async () => {
      const { queue, sender } = bench.start();
      await sender.sendMessages({ body: 'x' });
      const receiver = bench.client().createReceiver(queue.toUpperCase());
      await receiver.completeMessage(await receiveOne(receiver));
    });

    it('delivers a message at the time that its annotation names, and shows it as scheduled before', async () => {
      const { queue, sender, receiver } = bench.start();
      const dueAt = new Date(Date.now() + 1000);
      await sender.sendMessages([{ body: 'later', scheduledEnqueueTimeUtc: dueAt }, { body: 'now' }]);
      const first = await receiveOne(receiver);
      expect(first.body).toBe('now');
      await receiver.completeMessage(first);
      expect(await bench.left(queue)).toMatchObject([{ body: 'later', state: 'scheduled' }]);
      const later = await receiveOne(receiver);
      expect(later.body).toBe('later');
      expect(later.enqueuedTimeUtc?.getTime()).toBeGreaterThanOrEqual(dueAt.getTime());
      await receiver.completeMessage(later);
    });

    it('schedules messages by request, and cancels them by their numbers', async () => {
      const { queue, sender, receiver } = bench.start();
      const soon = new Date(Date.now() + 500);
      const [first, second] = await sender.scheduleMessages([{ body: 'first' }, { body: 'second' }], soon);
      if (first === undefined || second === undefined) throw new Error('no sequence numbers came');
      await sender.cancelScheduledMessages(first);
      await expect(sender.cancelScheduledMessages(first)).rejects.toMatchObject({ code: 'MessageNotFound' });
      const message = await receiveOne(receiver);
      expect(message.body).toBe('second');
      await receiver.completeMessage(message);
      expect(await bench.left(queue)).toEqual([]);
    });

    it('drops a message when its time to live is over', async () => {
      const { queue, sender, receiver } = bench.start();
      await sender.sendMessages({ body: 'short-lived', timeToLive: 300 });
      expect(await bench.left(queue)).toMatchObject([{ timeToLive: 300 }]);
      await until('the message is gone', async () => (await bench.left(queue)).length === 0);
      expect(await isSilent(receiver)).toBe(true);
    });

    it('shows all messages to whoever peeks page by page, and delivers them all the same', async () => {
      const { queue, sender, receiver } = bench.start();
      const all = Array.from({ length: 600 }, (_, body) => body);
      await sender.sendMessages(all.map((body) => ({ body })));
      const peeker = bench.client().createReceiver(queue);
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
      const { sender, receiver } = bench.start();
      for (let round = 0; round < 5; round += 1) {
        expect(await isSilent(receiver)).toBe(true);
        await sender.sendMessages(Array.from({ length: 3 }, (_, body) => ({ body })));
        const messages = await receive(receiver, 3);
        expect(bodies(messages)).toEqual([0, 1, 2]);
        for (const message of messages) await receiver.completeMessage(message);
      }
    });

    it('gives back fewer messages than asked for, without waiting for ever', async () => {
      const { sender, receiver } = bench.start();
      await sender.sendMessages([{ body: 0 }, { body: 1 }]);
      const messages = await receiver.receiveMessages(50, { maxWaitTimeInMs: 2000 });
      expect(bodies(messages)).toEqual([0, 1]);
      for (const message of messages) await receiver.completeMessage(message);
    });
  });
}

const errorCode = (error: unknown): unknown =>
  typeof error === 'object' && error !== null && 'code' in error ? error.code : error;
