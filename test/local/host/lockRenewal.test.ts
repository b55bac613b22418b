import type { ServiceBusReceivedMessage } from '@azure/service-bus';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { keepLock } from '../../../src/local/host/lockRenewal.ts';

const LOCK_MS = 60_000;

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

const lockedNow = () => new Date(Date.now() + LOCK_MS);

/** A delivery, and the instants at which its lock was renewed, in seconds from now on. */
function deliver(answer: (renewals: number) => Promise<Date> = () => Promise.resolve(lockedNow())) {
  const beganMs = Date.now();
  const message = { messageId: 'same', lockedUntilUtc: lockedNow() } as ServiceBusReceivedMessage;
  const renewedAt: number[] = [];
  const errors: unknown[] = [];
  const release = keepLock({
    message,
    maxMs: 10 * LOCK_MS,
    onError: (error) => errors.push(error),
    receiver: {
      // As the client does it: the message knows until when it is locked.
      renewMessageLock: async (of) => {
        renewedAt.push((Date.now() - beganMs) / 1000);
        const until = await answer(renewedAt.length);
        of.lockedUntilUtc = until;
        return until;
      },
    },
  });
  return { release, renewedAt, errors };
}

describe('the lock of a delivery', () => {
  test('is renewed each time half of it has passed, until the work is done', async () => {
    const { release, renewedAt } = deliver();
    await vi.advanceTimersByTimeAsync(100_000);
    release();
    await vi.advanceTimersByTimeAsync(300_000);
    expect(renewedAt).toEqual([30, 60, 90]);
  });

  test('is not renewed any more when an answer comes after the work was done', async () => {
    const { release, renewedAt, errors } = deliver((renewals) =>
      renewals === 1
        ? new Promise((resolve) => setTimeout(() => resolve(lockedNow()), 5_000))
        : Promise.reject(new Error('not asked')),
    );
    await vi.advanceTimersByTimeAsync(31_000);
    release();
    await vi.advanceTimersByTimeAsync(300_000);
    expect({ renewedAt, errors }).toEqual({ renewedAt: [30], errors: [] });
  });

  test('does not depend on another delivery of the same message', async () => {
    const [first, second] = [deliver(), deliver()];
    first.release();
    await vi.advanceTimersByTimeAsync(65_000);
    expect([first.renewedAt, second.renewedAt]).toEqual([[], [30, 60]]);
    second.release();
  });

  test('is tried again when a renewal fails, as long as there is something to keep', async () => {
    const failed = new Error('no connection');
    const { release, renewedAt, errors } = deliver((renewals) =>
      renewals <= 2 ? Promise.reject(failed) : Promise.resolve(lockedNow()),
    );
    await vi.advanceTimersByTimeAsync(85_000);
    release();
    expect({ renewedAt, errors }).toEqual({ renewedAt: [30, 45, 52.5, 82.5], errors: [failed, failed] });
  });

  test('is given up when it is lost', async () => {
    const lost = Object.assign(new Error('lost'), { code: 'MessageLockLost' });
    const { renewedAt, errors } = deliver(() => Promise.reject(lost));
    await vi.advanceTimersByTimeAsync(300_000);
    expect({ renewedAt, errors }).toEqual({ renewedAt: [30], errors: [lost] });
  });

  test('is given up when it must have expired', async () => {
    const { renewedAt } = deliver(() => Promise.reject(new Error('no connection')));
    await vi.advanceTimersByTimeAsync(300_000);
    expect(renewedAt.at(-1)).toBeLessThan(60.5);
  });

  test('is kept no longer than it may be', async () => {
    const { renewedAt } = deliver();
    await vi.advanceTimersByTimeAsync(20 * LOCK_MS);
    expect(renewedAt.at(-1)).toBe(600);
  });
});
