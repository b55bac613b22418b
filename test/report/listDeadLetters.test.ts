import { describe, expect, it } from 'vitest';
import { describeLetters } from '../../src/cli/commands/deadLetters.ts';
import { toMessage } from '../../src/queues/messages.ts';
import type { QueueName } from '../../src/queues/names.ts';
import type { DeadLetter } from '../../src/queues/peek.ts';
import { keepRefusal } from '../../src/queues/refusals.ts';
import { listDeadLetters } from '../../src/report/listDeadLetters.ts';
import { StorageError } from '../../src/storage/blobs.ts';
import { windowOfId } from '../../src/windows/grid.ts';
import { createTableLedger } from '../../src/windows/tableLedger.ts';
import { memoryContainer } from '../support/memoryBlobs.ts';
import { memoryTable } from '../support/memoryTables.ts';

const letter = (messageId: string, body: unknown, over: Partial<DeadLetter> = {}): DeadLetter => ({
  queue: 'pstn-windows',
  messageId,
  sequenceNumber: '7',
  enqueuedAt: '2026-11-24T06:00:10.000Z',
  reason: 'MaxDeliveryCountExceeded',
  description: undefined,
  deliveryCount: 10,
  body,
  ...over,
});
const job = toMessage({
  from: '2026-11-20T10:00:00Z',
  to: '2026-11-20T12:00:00Z',
  lane: 'live',
  planned: '2026-11-24T06:00:00Z',
  expectedRows: 1,
});

async function services(letters: readonly DeadLetter[]) {
  const control = memoryContainer('pstn-control');
  const ledger = createTableLedger(memoryTable('windows'));
  await ledger.recordFailure([windowOfId('2026-11-20T11Z')], 'Graph said 403', true);
  const refused = {
    queue: 'pstn-windows' as const,
    reason: 'not JSON',
    refusedAt: '2026-11-24T06:00:00.000Z',
  };
  await keepRefusal(control, { queue: 'pstn-windows', messageId: 'bad' }, refused);
  return {
    control,
    ledger,
    peeker: {
      deadLetters: (queue: QueueName) => Promise.resolve(letters.filter((one) => one.queue === queue)),
    },
    readDayHead: () => Promise.reject(new StorageError(404, 'TableNotFound', 'x')),
  };
}

describe('a list of dead letters', () => {
  it('has each with its reason: its refusal, what its windows say, else the queue', async () => {
    const letters = [
      letter('bad', 'x'),
      letter('job', job, { enqueuedAt: '2026-11-24T07:00:00.000Z' }),
      letter('day', toMessage({ date: '2026-11-20' }), { queue: 'pstn-days', deliveryCount: 3 }),
    ];
    const listed = await listDeadLetters(['pstn-days', 'pstn-windows'], await services(letters));
    expect(listed.map(({ messageId, reason, deliveries }) => ({ messageId, reason, deliveries }))).toEqual([
      { messageId: 'day', reason: 'MaxDeliveryCountExceeded', deliveries: 3 },
      { messageId: 'job', reason: 'Graph said 403', deliveries: 10 },
      { messageId: 'bad', reason: 'not JSON', deliveries: 10 },
    ]);
  });

  it('shows nothing that a terminal would act on', async () => {
    const odd = letter('\u001b[2Jid\n', 'x', { description: 'two\nlines\u0007' });
    const listed = await listDeadLetters(['pstn-windows'], await services([odd]));
    expect(describeLetters(listed)).toEqual([
      'pstn-windows  [2Jid  sent 2026-11-24T06:00:10.000Z, 10 deliveries',
      '  two lines',
    ]);
    expect(describeLetters([])).toEqual(['No message was given up.']);
  });

  it('names a letter without an id by its number', async () => {
    const listed = await listDeadLetters(['pstn-windows'], await services([letter('', 'x')]));
    expect(describeLetters(listed)[0]).toContain('number 7');
  });
});
