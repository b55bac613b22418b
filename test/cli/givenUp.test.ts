import { describe, expect, it } from 'vitest';
import { givenUp } from '../../src/cli/givenUp.ts';
import { toMessage } from '../../src/queues/messages.ts';
import type { DeadLetter } from '../../src/queues/peek.ts';

const SINCE = Date.parse('2026-11-24T06:00:00Z');
const range = { fromMs: Date.parse('2026-11-20T00:00:00Z'), toMs: Date.parse('2026-11-21T00:00:00Z') };
const job = (from: string, to: string) =>
  toMessage({ from, to, lane: 'backfill', planned: '2026-11-24T06:00:00Z', expectedRows: 1 });
const letter = (over: Partial<DeadLetter>): DeadLetter => ({
  queue: 'pstn-windows-backfill',
  messageId: 'm',
  enqueuedAt: '2026-11-24T06:00:10.000Z',
  reason: 'MaxDeliveryCountExceeded',
  description: undefined,
  deliveryCount: 10,
  body: job('2026-11-20T10:00:00Z', '2026-11-20T12:00:00Z'),
  ...over,
});

describe('dead letters of a range that is waited for', () => {
  it('are jobs that overlap it and days in it', () => {
    const day = letter({
      queue: 'pstn-days',
      body: toMessage({ date: '2026-11-20' }),
      description: 'no reason',
    });
    expect(givenUp([letter({}), day], range, SINCE)).toEqual([
      expect.stringMatching(/^job 2026-11-20T10:00:00Z to 2026-11-20T12:00:00Z was given up .*MaxDelivery/),
      expect.stringMatching(/^day 2026-11-20 was given up .*no reason/),
    ]);
  });

  it.each([
    ['of another range', letter({ body: job('2026-11-21T00:00:00Z', '2026-11-22T00:00:00Z') })],
    ['of another day', letter({ queue: 'pstn-days', body: toMessage({ date: '2026-11-21' }) })],
    ['from before', letter({ enqueuedAt: '2026-11-24T05:00:00.000Z' })],
    ['that cannot be read', letter({ body: 'not a job' })],
    ['of a month', letter({ queue: 'pstn-days', body: toMessage({ month: '2026-11' }) })],
  ])('are not those %s', (_what, one) => {
    expect(givenUp([one], range, SINCE)).toEqual([]);
  });
});
