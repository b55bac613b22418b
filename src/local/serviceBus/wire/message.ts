import rhea from 'rhea';
import type { DeadLetter, NewMessage, QueuedMessage } from '../queueTypes.ts';
import type { Typed, TypedEntries } from './codec.ts';
import {
  decodeValue,
  encodeValue,
  entriesOf,
  itemsOf,
  plain,
  plainInteger,
  plainKey,
  typedMap,
} from './codec.ts';
import { binaryOf, DecodeError, SECTION, splitSections } from './sections.ts';

/** Largest message or batch, bytes on the wire, as on the Basic and Standard tiers. */
export const MAX_MESSAGE_BYTES = 262_144;
/** The format of a transfer that carries a batch: data sections, each a whole encoded message. */
export const BATCH_FORMAT = 0x80013700;

/** A message as it was sent, split where the broker adds its own; all the rest stays as the bytes that came. */
export interface WireMessage {
  /** durable, priority, ttl, first-acquirer; the delivery count is the broker's. */
  header: TypedEntries;
  annotations: TypedEntries;
  /** The encoded section, with a message-id. */
  properties: Buffer;
  /** The encoded section; empty when there is none. */
  applicationProperties: Buffer;
  /** Application properties that receivers added when they settled the message. */
  added: TypedEntries;
  /** Body and footer. */
  rest: Buffer;
}

const SCHEDULED_ENQUEUE_TIME = 'x-opt-scheduled-enqueue-time';
/** Annotations that are the broker's to set; what a sender put there is dropped. */
const BROKER_ANNOTATIONS = new Set([
  'x-opt-sequence-number',
  'x-opt-enqueued-time',
  'x-opt-locked-until',
  'x-opt-message-state',
]);
const MESSAGE_STATE = { active: 0, deferred: 1, scheduled: 2 } as const;
const EMPTY = Buffer.alloc(0);

/**
 * The messages of one transfer: several from a batch.
 * @param newId makes a message-id for a message that has none.
 * @throws DecodeError when the bytes are no message, or no batch.
 */
export function decodeTransfer(
  bytes: Buffer,
  format: number,
  newId: () => string,
): NewMessage<WireMessage>[] {
  if (format !== BATCH_FORMAT) return [decodeMessage(bytes, newId)];
  return splitSections(bytes)
    .filter((section) => section.code === SECTION.data)
    .map((section) => decodeMessage(binaryOf(section), newId));
}

/** @throws DecodeError */
export function decodeMessage(bytes: Buffer, newId: () => string): NewMessage<WireMessage> {
  const sections = splitSections(bytes);
  const section = (code: number) => sections.find((candidate) => candidate.code === code);
  const valueOf = (code: number) => {
    const found = section(code);
    return found === undefined ? undefined : decode(found.value);
  };
  const header = itemsOf(valueOf(SECTION.header));
  const annotations = entriesOf(valueOf(SECTION.messageAnnotations));
  const body = sections.filter(({ code }) => code >= SECTION.data && code <= SECTION.footer);
  if (body.length === 0) throw new DecodeError('the message has no body');
  return {
    content: {
      header,
      annotations: withoutKeys(annotations, BROKER_ANNOTATIONS),
      properties: withMessageId(section(SECTION.properties)?.bytes, valueOf(SECTION.properties), newId),
      applicationProperties: section(SECTION.applicationProperties)?.bytes ?? EMPTY,
      added: [],
      rest:
        body.length === 1 && body[0] !== undefined
          ? body[0].bytes
          : Buffer.concat(body.map((part) => part.bytes)),
    },
    scheduledAtMs: plainInteger(plain(valueUnder(annotations, SCHEDULED_ENQUEUE_TIME))),
    timeToLiveMs: plainInteger(plain(header[2])),
  };
}

/** Encodes a message for a receiver, with what the broker knows of it. `lockedUntilMs`: undefined without a lock. */
export function encodeMessage(
  message: QueuedMessage<WireMessage>,
  lockedUntilMs: number | undefined,
): Buffer {
  const { types } = rhea;
  const { content } = message;
  const [durable, priority, ttl, firstAcquirer] = content.header;
  const header = [durable, priority, ttl, firstAcquirer, types.wrap_uint(message.deliveryCount)];
  const annotations: Typed[] = [
    ...content.annotations,
    ...symbolEntry('x-opt-sequence-number', types.wrap_long(message.sequenceNumber)),
    ...symbolEntry('x-opt-enqueued-time', types.wrap_timestamp(message.enqueuedAtMs)),
  ];
  if (lockedUntilMs !== undefined) {
    annotations.push(...symbolEntry('x-opt-locked-until', types.wrap_timestamp(lockedUntilMs)));
  }
  if (message.state !== 'active') {
    annotations.push(...symbolEntry('x-opt-message-state', types.wrap_int(MESSAGE_STATE[message.state])));
  }
  return Buffer.concat([
    encodeSection(SECTION.header, types.wrap_list(header)),
    encodeSection(SECTION.messageAnnotations, typedMap(annotations)),
    content.properties,
    applicationProperties(content, message.deadLetter),
    content.rest,
  ]);
}

/** Adds application properties to a message, replacing those of the same name. */
export const withAdded =
  (entries: TypedEntries) =>
  (content: WireMessage): WireMessage => ({ ...content, added: merged(content.added, entries) });

/** The value of a key in the flat entries of a map. */
export function valueUnder(entries: TypedEntries, key: string): Typed | undefined {
  const index = entries.findIndex((entry, position) => position % 2 === 0 && plainKey(entry) === key);
  return index < 0 ? undefined : entries[index + 1];
}

export function withoutKeys(entries: TypedEntries, keys: ReadonlySet<string>): TypedEntries {
  if (entries.length === 0) return entries;
  return entries.filter((_, position) => !keys.has(plainKey(entries[position - (position % 2)])));
}

function applicationProperties(content: WireMessage, deadLetter: DeadLetter | undefined): Buffer {
  const reasons = [
    ...stringEntry('DeadLetterReason', deadLetter?.reason),
    ...stringEntry('DeadLetterErrorDescription', deadLetter?.description),
  ];
  if (content.added.length === 0 && reasons.length === 0) return content.applicationProperties;
  const sent =
    content.applicationProperties.length === 0 ? [] : entriesOf(decode(content.applicationProperties));
  return encodeSection(SECTION.applicationProperties, typedMap(merged(merged(sent, content.added), reasons)));
}

function withMessageId(bytes: Buffer | undefined, section: Typed | undefined, newId: () => string): Buffer {
  const items = itemsOf(section);
  const id = plain(items[0]);
  if (bytes !== undefined && id !== undefined && id !== null) return bytes;
  return encodeSection(
    SECTION.properties,
    rhea.types.wrap_list([rhea.types.wrap_string(newId()), ...items.slice(1)]),
  );
}

const merged = (entries: TypedEntries, over: TypedEntries): TypedEntries =>
  over.length === 0
    ? entries
    : [
        ...withoutKeys(entries, new Set(over.filter((_, position) => position % 2 === 0).map(plainKey))),
        ...over,
      ];

const symbolEntry = (key: string, value: Typed): Typed[] => [rhea.types.wrap_symbol(key), value];

const stringEntry = (key: string, value: string | undefined): Typed[] =>
  value === undefined ? [] : [rhea.types.wrap_string(key), rhea.types.wrap_string(value)];

function encodeSection(code: number, value: Typed): Buffer {
  const described: unknown = rhea.types.described(rhea.types.wrap_ulong(code), value);
  return encodeValue(described as Typed);
}

function decode(bytes: Buffer): Typed {
  try {
    return decodeValue(bytes);
  } catch (cause) {
    throw new DecodeError('a section cannot be decoded', { cause });
  }
}
