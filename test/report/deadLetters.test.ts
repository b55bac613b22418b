import { describe, expect, it } from 'vitest';
import { toMessage } from '../../src/queues/messages.ts';
import type { DeadLetter } from '../../src/queues/peek.ts';
import { keepRefusal } from '../../src/queues/refusals.ts';
import { explainDeadLetter } from '../../src/report/deadLetters.ts';
import { windowOfId } from '../../src/windows/grid.ts';
import type { LedgerEntry } from '../../src/windows/ledger.ts';
import { memoryContainer } from '../support/memoryBlobs.ts';

const job = toMessage({
  from: '2026-11-20T10:00:00Z',
  to: '2026-11-20T12:00:00Z',
  lane: 'live',
  planned: '2026-11-24T06:00:00Z',
  expectedRows: 1,
});
const letter = (over: Partial<DeadLetter>): DeadLetter => ({
  queue: 'pstn-windows',
  messageId: 'm',
  sequenceNumber: '1',
  enqueuedAt: '2026-11-24T06:00:10.000Z',
  reason: 'MaxDeliveryCountExceeded',
  description: undefined,
  deliveryCount: 10,
  body: job,
  ...over,
});
const entry = (id: string, lastError: string): LedgerEntry => ({
  window: windowOfId(id),
  etag: 'e',
  state: 'failed',
  claim: 1,
  done: 0,
  attempts: 10,
  rows: 0,
  rejected: 0,
  reads: 0,
  lastError,
});

describe('why a message was given up', () => {
  const control = memoryContainer('pstn-control');
  const entries = [entry('2026-11-20T12Z', 'not of this job'), entry('2026-11-20T11Z', 'Graph said 403')];
  const foldErrors = new Map([['2026-11-20', 'a blob is gone']]);
  const reasonOf = async (over: Partial<DeadLetter>): Promise<string> =>
    (await explainDeadLetter(letter(over), { control, entries, foldErrors })).reason;

  it('is what its windows say, if it names some', async () => {
    expect(await reasonOf({})).toBe('Graph said 403');
  });

  it('is what its day says, if it names one', async () => {
    const body = toMessage({ date: '2026-11-20' });
    expect(await reasonOf({ queue: 'pstn-days', body })).toBe('the day could not be summed: a blob is gone');
  });

  it('is why it was refused, if it was', async () => {
    const queue = 'pstn-windows';
    await keepRefusal(
      control,
      { queue, messageId: 'bad' },
      { queue, reason: 'not JSON', refusedAt: '2026-11-24T06:00:00.000Z' },
    );
    await keepRefusal(
      control,
      { queue, sequenceNumber: 9 },
      { queue, reason: 'no id', refusedAt: '2026-11-24T06:00:00.000Z' },
    );
    expect(await reasonOf({ messageId: 'bad', body: 'x' })).toBe('not JSON');
    expect(await reasonOf({ messageId: '', sequenceNumber: '9', body: undefined })).toBe('no id');
  });

  it('is else the word of the queue, down to none', async () => {
    const body = toMessage({ date: '2026-11-21' });
    expect(await reasonOf({ queue: 'pstn-days', body })).toBe('MaxDeliveryCountExceeded');
    expect(await reasonOf({ body: 'x', description: '10 tries' })).toBe('10 tries');
    expect(await reasonOf({ body: Buffer.from([0xff]), reason: undefined })).toBe('no reason was left');
  });
});
