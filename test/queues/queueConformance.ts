import { describe, expect, it } from 'vitest';
import { type Message, toMessage } from '../../src/queues/messages.ts';
import { QUEUES } from '../../src/queues/names.ts';
import { holdingConformance } from './holdingConformance.ts';
import { LOCK_MS, nothing, numbered, QUEUE, queueBench } from './queueBench.ts';
import type { OpenSide } from './queueSides.ts';

/** One that is so many characters large, and a little more. */
const sized = (characters: number): Message =>
  toMessage({ date: '2026-10-01', seen: 'x'.repeat(characters) });

/** What the pipeline relies on of queues: one suite for the broker of the tests and for the AMQP endpoint. */
export function queueConformance(title: string, openSide: OpenSide): void {
  const open = queueBench(openSide);

  describe(title, () => {
    describe('a message', () => {
      it('comes as it was sent, with an id, a number, no failures, and a lock from now on', async () => {
        const { side, send, receive } = await open();
        await send(1);
        await send(2);
        const first = await receive();
        const second = await receive();
        expect([first.body, second.body]).toEqual([numbered(1), numbered(2)]);
        expect([first.deliveryCount, second.deliveryCount]).toEqual([0, 0]);
        expect(new Set(['', first.messageId, second.messageId]).size).toBe(3);
        expect(Number(second.sequenceNumber)).toBeGreaterThan(Number(first.sequenceNumber));
        expect(first.lockedUntilMs()).toBe(side.nowMs() + LOCK_MS);
      });

      it('is what it was when it was sent, whatever becomes of it afterwards', async () => {
        const { side, receive } = await open();
        const message = toMessage({ date: '2026-10-01', seen: 'before' });
        await side.sender.send(QUEUE, message);
        Object.assign(message.data, { seen: 'after' });
        const held = await receive();
        expect(held.body).toEqual(toMessage({ date: '2026-10-01', seen: 'before' }));
        Object.assign(held.body as object, { v: 2 });
        await held.abandon();
        expect((await receive()).body).toEqual(toMessage({ date: '2026-10-01', seen: 'before' }));
      });

      it('loses fields that are undefined: it travels as JSON', async () => {
        const { side, receive } = await open();
        const data = { date: '2026-10-01', seen: undefined } as unknown as { date: string };
        await side.sender.send(QUEUE, toMessage(data));
        expect((await receive()).body).toStrictEqual({ v: 1, data: { date: '2026-10-01' } });
      });

      it('goes to its queue alone', async () => {
        const { side, isSilent, receive } = await open();
        await side.sender.send(QUEUES.windows, numbered(1));
        expect(await isSilent()).toBe(true);
        expect((await receive(QUEUES.windows)).body).toEqual(numbered(1));
        expect(side.counts(QUEUES.windows)).toEqual({ ...nothing, locked: 1 });
        expect(side.counts(QUEUE)).toEqual(nothing);
      });

      it('comes in the order of sending, alone or with others, whatever batches they need', async () => {
        const { side, send, receiveBodies } = await open();
        await send(1);
        const large = [2, 3, 4, 5].map((day) =>
          toMessage({ date: `2026-10-0${day}`, seen: 'x'.repeat(100_000) }),
        );
        await side.sender.sendAll(QUEUE, large);
        await send(6);
        expect(await receiveBodies(6)).toEqual([numbered(1), ...large, numbered(6)]);
      });

      it('may have 256 KiB with all that belongs to it, not more', async () => {
        const { side, receive, counts } = await open();
        await side.sender.send(QUEUE, sized(250_000));
        expect((await receive()).body).toEqual(sized(250_000));
        const tooLarge = side.sender.send(QUEUE, sized(262_144));
        await expect(tooLarge).rejects.toMatchObject({ code: 'MessageSizeExceeded' });
        expect(counts()).toEqual({ ...nothing, locked: 1 });
      });

      it('that is too large for a batch keeps those behind it back, and none before it', async () => {
        const { side, receiveBodies, counts } = await open();
        const all = side.sender.sendAll(QUEUE, [numbered(1), sized(262_144), numbered(2)]);
        await expect(all).rejects.toThrow(RangeError);
        expect(counts()).toEqual({ ...nothing, active: 1 });
        expect(await receiveBodies(1)).toEqual([numbered(1)]);
        await side.sender.sendAll(QUEUE, []);
        expect(counts()).toEqual({ ...nothing, locked: 1 });
      });
    });

    holdingConformance(open);

    describe('a message that is sent delayed', () => {
      it('comes when the time has passed, not before, and counts as sent then', async () => {
        const { side, send, receive, isSilent, counts } = await open();
        await send(1, 30_000);
        expect(counts()).toEqual({ ...nothing, scheduled: 1 });
        expect(await side.messages(QUEUE)).toMatchObject([{ body: numbered(1), state: 'scheduled' }]);
        side.pass(29_999);
        expect(await isSilent()).toBe(true);
        side.pass(1);
        expect(counts()).toEqual({ ...nothing, active: 1 });
        expect(await side.messages(QUEUE)).toMatchObject([{ state: 'active', enqueuedAtMs: side.nowMs() }]);
        expect(await receive()).toMatchObject({ body: numbered(1), deliveryCount: 0 });
      });

      it('has its place among those that are ready by when it became ready', async () => {
        const { side, send, receiveBodies } = await open();
        await send(1, 20_000);
        await send(2, 10_000);
        await send(3, 10_000);
        await send(4);
        side.pass(20_000);
        await send(5);
        expect(await receiveBodies(5)).toEqual([4, 2, 3, 1, 5].map(numbered));
      });

      it('has the delay of all that are sent together', async () => {
        const { side, receiveBodies, counts } = await open();
        await side.sender.sendAll(QUEUE, [1, 2].map(numbered), { delayMs: 15_000 });
        expect(counts()).toEqual({ ...nothing, scheduled: 2 });
        side.pass(15_000);
        expect(await receiveBodies(2)).toEqual([1, 2].map(numbered));
      });

      it('comes at once if the delay is none', async () => {
        const { side, receiveBodies } = await open();
        await side.sender.sendAll(QUEUE, [numbered(1)], { delayMs: 0 });
        expect(await receiveBodies(1)).toEqual([numbered(1)]);
      });
    });

    describe('a message that lives for a time', () => {
      const timeToLiveMs = 90_000;

      it('is dropped when nobody took it in time, and is no dead letter', async () => {
        const { side, send, isSilent, counts } = await open({ timeToLiveMs });
        await send(1);
        side.pass(timeToLiveMs - 1);
        expect(counts()).toEqual({ ...nothing, active: 1 });
        side.pass(1);
        expect(counts()).toEqual(nothing);
        expect(await isSilent()).toBe(true);
        expect(await side.messages(QUEUE)).toEqual([]);
      });

      it('lives from when it is ready, if it is sent delayed', async () => {
        const { side, send, receive } = await open({ timeToLiveMs });
        await send(1, 120_000);
        side.pass(120_000);
        expect(side.counts(QUEUE)).toEqual({ ...nothing, active: 1 });
        side.pass(timeToLiveMs - 1);
        expect((await receive()).body).toEqual(numbered(1));
      });

      it('can be completed by its holder afterwards', async () => {
        const { side, send, receive, counts } = await open({ timeToLiveMs });
        await send(1);
        side.pass(timeToLiveMs - 1);
        const held = await receive();
        side.pass(1);
        await held.renew();
        await held.complete();
        expect(counts()).toEqual(nothing);
      });

      it.each(['abandon', 'expiry'] as const)(
        'is dropped when its holder gives it back, by %s',
        async (how) => {
          const { side, send, receive, isSilent, counts } = await open({ timeToLiveMs });
          await send(1);
          side.pass(timeToLiveMs - 1);
          const held = await receive();
          side.pass(1);
          expect(counts()).toEqual({ ...nothing, locked: 1 });
          if (how === 'abandon') await held.abandon();
          else side.pass(LOCK_MS);
          expect(counts()).toEqual(nothing);
          expect(await isSilent()).toBe(true);
        },
      );

      it('stays for ever as a dead letter', async () => {
        const { side, send, receive } = await open({ timeToLiveMs });
        await send(1);
        await (await receive()).deadLetter('BadMessage');
        side.pass(10 * timeToLiveMs);
        expect(await side.deadLetters(QUEUE)).toMatchObject([{ body: numbered(1), reason: 'BadMessage' }]);
      });
    });
  });
}
