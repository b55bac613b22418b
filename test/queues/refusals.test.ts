import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { keepRefusal, readRefusal, refusalBlob } from '../../src/queues/refusals.ts';
import { memoryContainer } from '../support/memoryBlobs.ts';

const queue = 'pstn-windows' as const;
const refusal = { queue, reason: 'window job: the body is not JSON', refusedAt: '2026-11-24T06:00:00.000Z' };
const contents = async (control: ReturnType<typeof memoryContainer>): Promise<string[]> => {
  const names: string[] = [];
  for await (const { name } of control.list('')) names.push(name);
  return names;
};

describe('the blob of a refusal', () => {
  it('is named after the message', () => {
    const messageId = '3f2504e0-4f89-11d3-9a0c-0305e82c3301';
    expect(refusalBlob({ queue, messageId, sequenceNumber: 5 })).toBe(`refused/v1/${messageId}.json`);
  });

  it('is named after its number in the queue, if the sender chose no id', () => {
    expect(refusalBlob({ queue, messageId: '', sequenceNumber: 17 })).toBe('refused/v1/pstn-windows.17.json');
    expect(refusalBlob({ queue, sequenceNumber: '17' })).toBe('refused/v1/pstn-windows.17.json');
    expect(refusalBlob({ queue })).toBeUndefined();
  });

  it('has a harmless name, the same for the trigger and for whoever peeks, whatever the id is', () => {
    fc.assert(
      fc.property(
        fc.oneof(fc.string({ minLength: 1 }), fc.constantFrom('../x', '..', '+49 30 1', '1e5')),
        (id) => {
          const name = refusalBlob({ queue, messageId: id });
          expect(name).toMatch(/^refused\/v1\/[A-Za-z0-9_-][A-Za-z0-9._-]*\.json$/);
          // The trigger's metadata are values, where the text reads as JSON.
          let seen: unknown = id;
          try {
            seen = JSON.parse(id);
          } catch {
            expect(typeof seen).toBe('string');
          }
          if (seen !== '' && seen !== null) expect(refusalBlob({ queue, messageId: seen })).toBe(name);
        },
      ),
    );
  });

  it('shows nothing of an id that may be anything', () => {
    expect(refusalBlob({ queue, messageId: 'call of +4930123456' })).toMatch(
      /^refused\/v1\/sha256-[0-9a-f]{64}\.json$/,
    );
  });
});

describe('a refusal', () => {
  it('is kept once: the first reason stays', async () => {
    const control = memoryContainer('pstn-control');
    await keepRefusal(control, { queue, messageId: 'm' }, refusal);
    await keepRefusal(control, { queue, messageId: 'm' }, { ...refusal, reason: 'another' });
    expect(await contents(control)).toEqual(['refused/v1/m.json']);
    expect(await readRefusal(control, { queue, messageId: 'm' })).toMatchObject(refusal);
  });

  it('is not kept for a message that cannot be told from others', async () => {
    const control = memoryContainer('pstn-control');
    await keepRefusal(control, { queue }, refusal);
    expect(await contents(control)).toEqual([]);
    expect(await readRefusal(control, { queue })).toBeUndefined();
  });

  it('of another queue, or one that somebody wrote over, is none', async () => {
    const control = memoryContainer('pstn-control');
    await keepRefusal(control, { queue, messageId: 'm' }, refusal);
    expect(await readRefusal(control, { queue: 'pstn-days', messageId: 'm' })).toBeUndefined();
    for (const text of ['', '{', '{"v":2}', 'null']) {
      await control.put('refused/v1/m.json', Buffer.from(text));
      expect(await readRefusal(control, { queue, messageId: 'm' })).toBeUndefined();
    }
  });

  it('has a reason of a length that a person reads', async () => {
    const control = memoryContainer('pstn-control');
    await keepRefusal(control, { queue, messageId: 'm' }, { ...refusal, reason: 'x'.repeat(10_000) });
    expect((await readRefusal(control, { queue, messageId: 'm' }))?.reason).toHaveLength(1000);
  });
});
