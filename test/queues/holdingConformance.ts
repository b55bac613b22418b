import { describe, expect, it } from 'vitest';
import { type Bench, LOCK_MS, MAX_DELIVERY_COUNT, nothing, numbered, QUEUE } from './queueBench.ts';

const LOST = { code: 'MessageLockLost' };

/** Locks, failures and dead letters: part of the suite of queues. */
export function holdingConformance(open: Bench): void {
  describe('a message that is held', () => {
    it('comes to nobody else, and leaves when it is completed', async () => {
      const { side, send, receive, isSilent, counts } = await open();
      await send(1);
      const held = await receive();
      expect(await isSilent()).toBe(true);
      expect(await side.messages(QUEUE)).toMatchObject([{ body: numbered(1), state: 'active' }]);
      expect(counts()).toEqual({ ...nothing, locked: 1 });
      await held.complete();
      expect(counts()).toEqual(nothing);
      side.pass(2 * LOCK_MS);
      expect(await isSilent()).toBe(true);
      await expect(held.renew()).rejects.toMatchObject(LOST);
    });

    it('is ready again at once when it is abandoned, in its old place, with a failure more', async () => {
      const { send, receive } = await open();
      for (const day of [1, 2, 3]) await send(day);
      const first = await receive();
      await receive();
      await first.abandon();
      const again = await receive();
      expect(again).toMatchObject({ body: numbered(1), deliveryCount: 1 });
      expect([again.messageId, again.sequenceNumber]).toEqual([first.messageId, first.sequenceNumber]);
      expect(await receive()).toMatchObject({ body: numbered(3), deliveryCount: 0 });
    });

    it('is ready again when its lock ends, not before, with a failure more', async () => {
      const { side, send, receive, isSilent, counts } = await open();
      await send(1);
      await receive();
      side.pass(LOCK_MS - 1);
      expect(await isSilent()).toBe(true);
      side.pass(1);
      expect(counts()).toEqual({ ...nothing, active: 1 });
      const again = await receive();
      expect(again).toMatchObject({ body: numbered(1), deliveryCount: 1 });
      expect(again.lockedUntilMs()).toBe(side.nowMs() + LOCK_MS);
    });

    it.each(['complete', 'abandon', 'deadLetter', 'renew'] as const)(
      'is lost to the one whose lock has ended: %s is refused, and disturbs nobody',
      async (action) => {
        const { side, send, receive, counts } = await open();
        await send(1);
        const late = await receive();
        side.pass(LOCK_MS);
        const lateAction = () => (action === 'deadLetter' ? late.deadLetter('late') : late[action]());
        await expect(lateAction()).rejects.toMatchObject(LOST);
        expect(counts()).toEqual({ ...nothing, active: 1 });
        const holder = await receive();
        expect(holder.deliveryCount).toBe(1);
        await expect(lateAction()).rejects.toMatchObject(LOST);
        await holder.renew();
        await holder.complete();
        expect(counts()).toEqual(nothing);
      },
    );

    it('is held longer when its lock is renewed, while those of others end', async () => {
      const { side, send, receive, isSilent, counts } = await open();
      for (const day of [1, 2]) await send(day);
      const first = await receive();
      const second = await receive();
      side.pass(LOCK_MS - 1);
      await first.renew();
      expect(first.lockedUntilMs()).toBe(side.nowMs() + LOCK_MS);
      side.pass(1);
      expect((await receive()).body).toEqual(numbered(2));
      await expect(second.complete()).rejects.toMatchObject(LOST);
      side.pass(LOCK_MS - 2);
      expect(await isSilent()).toBe(true);
      await first.complete();
      expect(counts()).toEqual({ ...nothing, locked: 1 });
    });
  });

  describe('a message that fails', () => {
    it('is a dead letter after as many failures as may be, abandoned or held too long', async () => {
      const { side, send, receive, isSilent, counts } = await open();
      await send(1);
      const enqueuedAtMs = side.nowMs();
      await (await receive()).abandon();
      await receive();
      side.pass(LOCK_MS);
      const last = await receive();
      expect(last.deliveryCount).toBe(MAX_DELIVERY_COUNT - 1);
      await last.abandon();
      expect(await isSilent()).toBe(true);
      expect(counts()).toEqual({ ...nothing, deadLettered: 1 });
      const [dead, ...others] = await side.deadLetters(QUEUE);
      expect(others).toEqual([]);
      expect(dead).toMatchObject({
        body: numbered(1),
        messageId: last.messageId,
        reason: 'MaxDeliveryCountExceeded',
        deliveryCount: MAX_DELIVERY_COUNT,
        enqueuedAtMs,
      });
      expect(dead?.description).toMatch(/./);
    });

    it('is a dead letter also where its last lock ends and nobody asks', async () => {
      const { side, send, receive, counts } = await open({ maxDeliveryCount: 1 });
      await send(1);
      const held = await receive();
      side.pass(LOCK_MS);
      expect(counts()).toEqual({ ...nothing, deadLettered: 1 });
      await expect(held.complete()).rejects.toMatchObject(LOST);
      expect(await side.deadLetters(QUEUE)).toMatchObject([{ reason: 'MaxDeliveryCountExceeded' }]);
    });

    it('is a dead letter at once where its holder says so, with the reason', async () => {
      const { side, send, receive, counts } = await open();
      for (const day of [1, 2]) await send(day);
      const first = await receive();
      await first.deadLetter('BadMessage', 'window job: from must be before to');
      await (await receive()).deadLetter('BadMessage');
      expect(counts()).toEqual({ ...nothing, deadLettered: 2 });
      const [one, two] = await side.deadLetters(QUEUE);
      expect(one).toMatchObject({
        body: numbered(1),
        messageId: first.messageId,
        reason: 'BadMessage',
        description: 'window job: from must be before to',
        deliveryCount: 0,
      });
      expect(two).toMatchObject({ body: numbered(2), reason: 'BadMessage' });
      expect(two?.description ?? '').toBe('');
      await expect(first.complete()).rejects.toMatchObject(LOST);
    });
  });
}
