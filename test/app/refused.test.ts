import { describe, expect, it } from 'vitest';
import { keepReason } from '../../src/app/refused.ts';
import { BadMessageError } from '../../src/queues/messages.ts';
import { frozenClock } from '../../src/runtime/clock.ts';
import type { Log } from '../../src/runtime/log.ts';
import { memoryContainer } from '../support/memoryBlobs.ts';

const NOW = '2026-11-24T06:00:00.000Z';
const error = new BadMessageError('window job: from must be before to');

function setUp() {
  const control = memoryContainer('pstn-control');
  const said: [string, unknown][] = [];
  const log: Log = {
    info: () => undefined,
    warn: (event, fields) => void said.push([event, fields]),
    error: (event, fields) => void said.push([event, fields]),
  };
  const services = () => Promise.resolve({ control, clock: frozenClock(Date.parse(NOW)) });
  const refuse = (body: unknown, metadata: Record<string, unknown> | undefined) =>
    keepReason(error, { queue: 'pstn-windows', body, metadata }, services, log);
  const names = async (): Promise<string[]> => {
    const found: string[] = [];
    for await (const { name } of control.list('')) found.push(name);
    return found;
  };
  return { control, said, log, refuse, names };
}

describe('a refused message', () => {
  it('leaves its reason in the log and in a blob, and nothing of its body', async () => {
    const { control, said, refuse } = setUp();
    await refuse({ v: 1, data: { callerNumber: '+4930123456' } }, { messageId: 'm-1', sequenceNumber: 3 });
    const blob = await control.read('refused/v1/m-1.json');
    const text: string[] = [];
    for await (const chunk of blob?.chunks ?? []) text.push(Buffer.from(chunk).toString('utf8'));
    expect(JSON.parse(text.join(''))).toEqual({
      v: 1,
      queue: 'pstn-windows',
      reason: 'window job: from must be before to',
      refusedAt: NOW,
    });
    expect(said).toEqual([
      ['messageRefused', { queue: 'pstn-windows', reason: 'window job: from must be before to' }],
    ]);
  });

  it('is not named after its own body, which the host writes over what it knows', async () => {
    const { refuse, names } = setUp();
    await refuse({ MESSAGEID: '+4930123456' }, { messageId: '+4930123456', sequenceNumber: 3 });
    expect(await names()).toEqual(['refused/v1/pstn-windows.3.json']);
    await refuse({ messageId: 'x', SequenceNumber: 7 }, { messageId: 'x', sequenceNumber: 7 });
    expect(await names()).toHaveLength(1);
  });

  it.each([undefined, null, 'text', Buffer.from([0xff]), 5])('may have the body %j', async (body) => {
    const { refuse, names } = setUp();
    await refuse(body, { messageId: 'm' });
    expect(await names()).toEqual(['refused/v1/m.json']);
  });

  it('is refused all the same when its reason cannot be kept: the log has it', async () => {
    const { said, log, refuse, names } = setUp();
    await keepReason(
      error,
      { queue: 'pstn-days', body: 'x', metadata: { messageId: 'm' } },
      () => Promise.reject(new Error('the storage is away')),
      log,
    );
    expect(said.map(([event]) => event)).toEqual(['messageRefused', 'reasonNotKept']);
    await refuse('x', undefined);
    expect(await names()).toEqual([]);
  });
});
