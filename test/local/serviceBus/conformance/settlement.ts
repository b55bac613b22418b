import { describe, expect, it } from 'vitest';
import type { Bench } from './describeConformance.ts';
import { bodies, connect, deadLettersOf, isSilent, receive, receiveOne, until } from '../target.ts';

export function describeSettlement(bench: Bench): void {
  describe('settling what was received', () => {
    it('delivers an abandoned message again at once, with a higher count and the properties that came with it', async () => {
      const { sender, receiver } = bench.start();
      await sender.sendMessages({ body: 'x', applicationProperties: { kept: 1, changed: 'old' } });
      await receiver.abandonMessage(await receiveOne(receiver), { changed: 'new', added: 5 });
      const again = await receiveOne(receiver);
      expect(again.deliveryCount).toBe(1);
      expect(again.applicationProperties).toEqual({ kept: 1, changed: 'new', added: 5 });
      await receiver.completeMessage(again);
    });

    it('dead-letters a message that was abandoned too often', async () => {
      const { queue, sender, receiver } = bench.start();
      const deadLetters = deadLettersOf(bench.client(), queue);
      // Longer than the test may take: it has to come by itself, not when the wait is over.
      const awaited = deadLetters.receiveMessages(1, { maxWaitTimeInMs: 120_000 });
      await sender.sendMessages({ body: 'poison' });
      for (let count = 0; count < bench.target().maxDeliveryCount; count += 1) {
        const message = await receiveOne(receiver);
        expect(message.deliveryCount).toBe(count);
        await receiver.abandonMessage(message);
      }
      const [dead] = await awaited;
      expect(dead).toMatchObject({ body: 'poison', deadLetterReason: 'MaxDeliveryCountExceeded' });
      expect(dead?.deadLetterErrorDescription).toMatch(/./);
      if (dead !== undefined) await deadLetters.completeMessage(dead);
      expect(await bench.left(queue)).toEqual([]);
    });

    it('dead-letters a message with reason, description and properties; it can be peeked, abandoned and completed there', async () => {
      const { queue, sender, receiver } = bench.start();
      await sender.sendMessages({ body: 'bad', messageId: 'bad-1', applicationProperties: { kept: 1 } });
      await receiver.deadLetterMessage(await receiveOne(receiver), {
        deadLetterReason: 'BadMessage',
        deadLetterErrorDescription: 'not an envelope',
        added: 'yes',
      });
      expect(await bench.left(queue)).toEqual([]);
      const deadLetters = deadLettersOf(bench.client(), queue);
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
      expect(await bench.left(queue, 'deadLetter')).toMatchObject([expected]);
      await deadLetters.abandonMessage(await receiveOne(deadLetters));
      const dead = await receiveOne(deadLetters);
      expect(dead).toMatchObject(expected);
      await deadLetters.completeMessage(dead);
      expect(await bench.left(queue, 'deadLetter')).toEqual([]);
    });

    it('keeps a deferred message until it is asked for by its number, and settles it then', async () => {
      const { queue, sender, receiver } = bench.start();
      await sender.sendMessages([{ body: 'deferred' }, { body: 'next' }]);
      const first = await receiveOne(receiver);
      const number = first.sequenceNumber;
      if (number === undefined) throw new Error('the message has no sequence number');
      await receiver.deferMessage(first);
      const next = await receiveOne(receiver);
      expect(next.body).toBe('next');
      await receiver.completeMessage(next);
      expect(await bench.left(queue)).toMatchObject([{ body: 'deferred', state: 'deferred' }]);
      const [deferred] = await receiver.receiveDeferredMessages(number);
      expect(deferred).toMatchObject({ body: 'deferred', state: 'deferred' });
      if (deferred !== undefined) await receiver.completeMessage(deferred);
      await expect(receiver.receiveDeferredMessages(number)).rejects.toMatchObject({
        code: 'MessageNotFound',
      });
    });

    it('renews a lock', async () => {
      const { sender, receiver } = bench.start();
      await sender.sendMessages({ body: 'x' });
      const message = await receiveOne(receiver);
      const before = message.lockedUntilUtc?.getTime() ?? Infinity;
      await until('the lock ends later', async () => {
        return (await receiver.renewMessageLock(message)).getTime() > before;
      });
      await receiver.completeMessage(message);
      await expect(receiver.renewMessageLock(message)).rejects.toMatchObject({ code: 'MessageLockLost' });
    });

    it('forgets what is received and deleted', async () => {
      const { queue, sender } = bench.start();
      await sender.sendMessages(Array.from({ length: 20 }, (_, body) => ({ body })));
      const receiver = bench.client().createReceiver(queue, { receiveMode: 'receiveAndDelete' });
      const messages = await receive(receiver, 20);
      expect(bodies(messages)).toEqual(Array.from({ length: 20 }, (_, body) => body));
      expect(await bench.left(queue)).toEqual([]);
    });

    it('settles a message by request when the link on which it came is closed', async () => {
      const { queue, sender, receiver } = bench.start();
      await sender.sendMessages([{ body: 0 }, { body: 1 }, { body: 2 }]);
      const [first, second, third] = await receive(receiver, 3);
      if (first === undefined || second === undefined || third === undefined) throw new Error('unreachable');
      await receiver.close();
      const other = bench.client().createReceiver(queue);
      await other.completeMessage(first);
      await other.abandonMessage(second, { again: true });
      await other.deadLetterMessage(third, { deadLetterReason: 'R', deadLetterErrorDescription: 'D' });
      await expect(other.completeMessage(first)).rejects.toMatchObject({ code: 'MessageLockLost' });
      const again = await receiveOne(other);
      expect(again).toMatchObject({ body: 1, deliveryCount: 1, applicationProperties: { again: true } });
      await other.completeMessage(again);
      const deadLetters = deadLettersOf(bench.client(), queue);
      const dead = await receiveOne(deadLetters);
      expect(dead).toMatchObject({ body: 2, deadLetterReason: 'R', deadLetterErrorDescription: 'D' });
      await deadLetters.completeMessage(dead);
    });

    it('shares messages among receivers, each to one of them', async () => {
      const { queue, sender, receiver } = bench.start();
      const other = connect(bench.target().connectionString);
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
      const { queue, sender, receiver } = bench.start();
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
      expect(await bench.left(queue)).toEqual([]);
      const deadLetters = deadLettersOf(bench.client(), queue, { receiveMode: 'receiveAndDelete' });
      const dead = await receive(deadLetters, count / 10);
      expect(bodies(dead).map((body) => Number(body) % 10)).toEqual(dead.map(() => 3));
      expect(await isSilent(deadLetters)).toBe(true);
    });

    it('goes on delivering beyond the number of messages that a client holds unsettled', async () => {
      const { queue, sender } = bench.start();
      const count = 5000;
      for (let sent = 0; sent < count; sent += 500) {
        await sender.sendMessages(Array.from({ length: 500 }, (_, index) => ({ body: sent + index })));
      }
      const receiver = bench.client().createReceiver(queue);
      const seen: number[] = [];
      while (seen.length < count) {
        const messages = await receive(receiver, 500);
        await Promise.all(messages.map((message) => receiver.completeMessage(message)));
        seen.push(...bodies(messages).map(Number));
      }
      expect(seen).toEqual(Array.from({ length: count }, (_, index) => index));
      expect(await bench.left(queue)).toEqual([]);
    });
  });
}
