import rhea from 'rhea';
import { describe, expect, it } from 'vitest';
import type { DeadLetter, QueuedMessage } from '../../../../src/local/serviceBus/queueTypes.ts';
import { decodeValue, entriesOf } from '../../../../src/local/serviceBus/wire/codec.ts';
import {
  BATCH_FORMAT,
  decodeMessage,
  decodeTransfer,
  encodeMessage,
  withAdded,
  type WireMessage,
} from '../../../../src/local/serviceBus/wire/message.ts';
import { DecodeError, SECTION, splitSections } from '../../../../src/local/serviceBus/wire/sections.ts';

const newId = () => 'made-id';
const { types } = rhea;

const queued = (content: WireMessage, deadLetter?: DeadLetter): QueuedMessage<WireMessage> => ({
  sequenceNumber: 300,
  content,
  enqueuedAtMs: 1_700_000_000_000,
  deliveryCount: 2,
  state: 'active',
  deadLetter,
});

/** What a client reads of a delivered message. */
const read = (content: WireMessage, deadLetter?: DeadLetter) =>
  rhea.message.decode(encodeMessage(queued(content, deadLetter), 1_700_000_060_000)) as Record<
    string,
    unknown
  >;

const sectionBytes = (message: Buffer, code: number) =>
  splitSections(message).find((section) => section.code === code)?.bytes;

describe('a message on the wire', () => {
  const sent = rhea.message.encode({
    message_id: 'id-1',
    subject: 'subject',
    ttl: 5000,
    durable: true,
    priority: 7,
    application_properties: {
      short: types.wrap_short(5),
      when: new Date(1_600_000_000_000),
      half: 0.5,
      yes: true,
    },
    message_annotations: {
      'x-opt-partition-key': 'p',
      'x-opt-sequence-number': 99,
      'x-opt-scheduled-enqueue-time': new Date(1_650_000_000_000),
    },
    body: rhea.message.data_section(Buffer.from('body')) as unknown,
  });

  it('tells the queue when it is due and how long it lives', () => {
    const { scheduledAtMs, timeToLiveMs } = decodeMessage(sent, newId);
    expect(scheduledAtMs).toBe(1_650_000_000_000);
    expect(timeToLiveMs).toBe(5000);
  });

  it('keeps body, properties and application properties byte for byte', () => {
    const delivered = encodeMessage(queued(decodeMessage(sent, newId).content), undefined);
    for (const code of [SECTION.properties, SECTION.applicationProperties, SECTION.data]) {
      expect(sectionBytes(delivered, code)).toEqual(sectionBytes(sent, code));
    }
  });

  it('gets the annotations of the broker in place of forged ones, and keeps the others', () => {
    const delivered = read(decodeMessage(sent, newId).content);
    expect(delivered['message_annotations']).toEqual({
      'x-opt-partition-key': 'p',
      'x-opt-scheduled-enqueue-time': new Date(1_650_000_000_000),
      'x-opt-sequence-number': 300,
      'x-opt-enqueued-time': new Date(1_700_000_000_000),
      'x-opt-locked-until': new Date(1_700_000_060_000),
    });
  });

  it('carries the annotations in the types that clients expect', () => {
    const delivered = encodeMessage(queued(decodeMessage(sent, newId).content), 1_700_000_060_000);
    const annotations = splitSections(delivered).find(({ code }) => code === SECTION.messageAnnotations);
    const entries = entriesOf(decodeValue(annotations?.value ?? Buffer.alloc(0)));
    const names = Object.fromEntries(
      entries.flatMap((key, index) =>
        index % 2 === 0 ? [[String(key.value), entries[index + 1]?.type.name]] : [],
      ),
    );
    expect(Object.keys(names)).toHaveLength(entries.length / 2);
    expect(names).toMatchObject({
      'x-opt-sequence-number': 'Long',
      'x-opt-enqueued-time': 'Timestamp',
      'x-opt-locked-until': 'Timestamp',
    });
  });

  it('keeps the fields of its header, with the delivery count of the queue', () => {
    const delivered = read(decodeMessage(sent, newId).content);
    expect(delivered).toMatchObject({ durable: true, priority: 7, ttl: 5000, delivery_count: 2 });
  });

  it('gets a message-id when it has none, and keeps its other properties', () => {
    const bare = rhea.message.encode({ subject: 'subject', body: 'x' });
    expect(read(decodeMessage(bare, newId).content)).toMatchObject({
      message_id: 'made-id',
      subject: 'subject',
      body: 'x',
    });
    const bodyOnly = rhea.message.encode({ body: 'x' });
    expect(read(decodeMessage(bodyOnly, newId).content)).toMatchObject({ message_id: 'made-id' });
  });

  it('shows why it was dead-lettered among the application properties, which keep their types', () => {
    const { content } = decodeMessage(sent, newId);
    const added = withAdded([types.wrap_string('half'), types.wrap_string('whole')])(content);
    const delivered = read(added, { reason: 'Bad', description: 'Very bad' });
    expect(delivered['application_properties']).toEqual({
      short: 5,
      when: new Date(1_600_000_000_000),
      yes: true,
      half: 'whole',
      DeadLetterReason: 'Bad',
      DeadLetterErrorDescription: 'Very bad',
    });
  });

  it('is cut out of a batch together with the others', () => {
    const one = rhea.message.encode({ message_id: '1', body: 'one' });
    const two = rhea.message.encode({ message_id: '2', body: 'two'.repeat(200) });
    const batch = rhea.message.encode({ body: rhea.message.data_sections([one, two]) as unknown });
    const bodies = decodeTransfer(batch, BATCH_FORMAT, newId).map(({ content }) => read(content)['body']);
    expect(bodies).toEqual(['one', 'two'.repeat(200)]);
  });

  it.each([
    ['nothing', Buffer.alloc(0)],
    ['something else', Buffer.from('{"v":1}')],
    ['a message that is cut off', sent.subarray(0, sent.length - 1)],
    ['a message without a body', sectionBytes(sent, SECTION.properties) ?? Buffer.alloc(0)],
    ['an unknown type', Buffer.from([0x00, 0x53, 0x77, 0x10])],
  ])('is refused when it is %s', (_, bytes) => {
    expect(() => decodeMessage(bytes, newId)).toThrow(DecodeError);
  });
});
