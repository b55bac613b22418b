import { describe, expect, it } from 'vitest';
import { givenUp } from '../../src/cli/givenUp.ts';
import { toMessage } from '../../src/queues/messages.ts';
import type { DeadLetter } from '../../src/queues/peek.ts';
import { windowsBetween } from '../../src/windows/grid.ts';

const SINCE = {
  sentMs: Date.parse('2026-11-24T06:00:00Z'),
  plannedMs: Date.parse('2026-11-24T06:00:00.001Z'),
};
const range = { fromMs: Date.parse('2026-11-20T00:00:00Z'), toMs: Date.parse('2026-11-21T00:00:00Z') };
const job = (from: string, to: string, planned = '2026-11-24T06:00:00.001Z') =>
  toMessage({ from, to, lane: 'backfill', planned, expectedRows: 1 });
const letter = (over: Partial<DeadLetter>): DeadLetter => ({
  queue: 'pstn-windows-backfill',
  messageId: 'm',
  sequenceNumber: '1',
  enqueuedAt: '2026-11-24T06:00:10.000Z',
  reason: 'MaxDeliveryCountExceeded',
  description: undefined,
  deliveryCount: 10,
  body: job('2026-11-20T10:00:00Z', '2026-11-20T12:00:00Z'),
  ...over,
});

const windows = windowsBetween(range.fromMs, range.toMs);

describe('dead letters of a range that is waited for', () => {
  it('are jobs over its windows, and its days', () => {
    const day = letter({
      queue: 'pstn-days',
      body: toMessage({ date: '2026-11-20' }),
      description: 'it was bad',
    });
    const found = givenUp([letter({}), day], windows, SINCE);
    expect([...found.windows.keys()]).toEqual(['2026-11-20T10Z', '2026-11-20T11Z']);
    expect(found.windows.get('2026-11-20T10Z')).toMatch(/MaxDeliveryCountExceeded/);
    expect([...found.dates]).toEqual([['2026-11-20', expect.stringContaining('it was bad')]]);
  });

  it('name jobs that left windows to their worker, which may not have sent them', () => {
    const data = { ...job('2026-11-20T10:00:00Z', '2026-11-20T12:00:00Z').data };
    const then = { from: '2026-11-19T00:00:00Z', to: '2026-11-20T10:00:00Z' };
    const found = givenUp([letter({}), letter({ body: toMessage({ ...data, then }) })], windows, SINCE);
    expect(found.unsent).toEqual([{ ...data, then }]);
    expect(found.windows.size).toBe(2);
  });

  it.each([
    ['of another range', letter({ body: job('2026-11-21T00:00:00Z', '2026-11-22T00:00:00Z') })],
    ['of another day', letter({ queue: 'pstn-days', body: toMessage({ date: '2026-11-21' }) })],
    ['from before', letter({ enqueuedAt: '2026-11-24T05:00:00.000Z' })],
    [
      'of the same windows from an earlier command',
      letter({ body: job('2026-11-20T10:00:00Z', '2026-11-20T12:00:00Z', '2026-11-24T06:00:00Z') }),
    ],
    ['that cannot be read', letter({ body: 'not a job' })],
    ['of a month', letter({ queue: 'pstn-days', body: toMessage({ month: '2026-11' }) })],
  ])('are not those %s', (_what, one) => {
    const found = givenUp([one], windows, SINCE);
    expect(found.windows.size + found.dates.size).toBe(0);
  });
});
