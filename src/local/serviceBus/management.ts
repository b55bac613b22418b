import rhea from 'rhea';
import type { QueueNode } from './queueNode.ts';
import type { DeadLetter, NewMessage, Settlement } from './queueTypes.ts';
import type { Request, Response } from './replies.ts';
import { plainInteger } from './wire/codec.ts';
import type { WireError } from './wire/errors.ts';
import {
  cannotDecode,
  failureOf,
  MESSAGE_LOCK_LOST,
  notAllowed,
  NOT_ALLOWED_ON_DEAD_LETTERS,
  tooLarge,
} from './wire/errors.ts';
import { tokenFromBytes, tokenToBytes } from './wire/lockToken.ts';
import type { WireMessage } from './wire/message.ts';
import { decodeMessage, encodeMessage, MAX_MESSAGE_BYTES, withAdded } from './wire/message.ts';

/** Type codes of the elements of arrays. */
const LONG = 0x81;
const TIMESTAMP = 0x83;

/** The most that one peek returns, as in the cloud: whoever wants more asks again, from the last number on. */
const MAX_PEEKED = 250;
const MAX_PEEKED_BYTES = 1024 * 1024;

interface Context {
  node: QueueNode;
  body: Readonly<Record<string, unknown>>;
  nowMs: number;
  newId: () => string;
}

/** Carries out one request to `<queue>/$management`. */
export function manage(node: QueueNode, request: Request, nowMs: number, newId: () => string): Response {
  const name = String(request.properties['operation']).replace('com.microsoft:', '');
  const operation = OPERATIONS[name];
  if (operation === undefined) {
    return refuse(501, {
      condition: 'amqp:not-implemented',
      description: `This endpoint does not know the operation '${name}'.`,
    });
  }
  const body = isRecord(request.body) ? request.body : {};
  const response = operation({ node, body, nowMs, newId });
  node.wake();
  return response;
}

const OPERATIONS: Readonly<Record<string, ((context: Context) => Response) | undefined>> = {
  'peek-message': peek,
  'schedule-message': schedule,
  'cancel-scheduled-message': cancelScheduled,
  'renew-lock': renewLocks,
  'receive-by-sequence-number': receiveDeferred,
  'update-disposition': updateDisposition,
};

function peek({ node, body, nowMs }: Context): Response {
  const from = plainInteger(body['from-sequence-number']) ?? 0;
  const wanted = plainInteger(body['message-count']) ?? 1;
  const messages: { message: Buffer }[] = [];
  let bytes = 0;
  for (const peeked of node.queue.peek(from, Math.min(wanted, MAX_PEEKED), nowMs)) {
    const message = encodeMessage(peeked, undefined);
    bytes += message.length;
    if (messages.length > 0 && bytes > MAX_PEEKED_BYTES) break;
    messages.push({ message });
  }
  if (messages.length === 0) return { status: 204, description: 'There are no more messages.' };
  return ok({ messages });
}

function schedule({ node, body, nowMs, newId }: Context): Response {
  const messages: NewMessage<WireMessage>[] = [];
  for (const entry of listOf(body['messages'])) {
    const bytes: unknown = isRecord(entry) ? entry['message'] : undefined;
    if (!Buffer.isBuffer(bytes)) return refuse(400, cannotDecode('a message is not binary'));
    if (bytes.length > MAX_MESSAGE_BYTES) return refuse(403, tooLarge(bytes.length, MAX_MESSAGE_BYTES));
    try {
      messages.push(decodeMessage(bytes, newId));
    } catch (error) {
      return refuse(400, failureOf(error));
    }
  }
  const numbers = messages.map((message) => node.queue.enqueue(message, nowMs));
  return ok({ 'sequence-numbers': rhea.types.wrap_array(numbers, LONG, undefined) });
}

function cancelScheduled({ node, body, nowMs }: Context): Response {
  const numbers = listOf(body['sequence-numbers']).map(plainInteger);
  const missing = numbers.filter((number) => !node.queue.cancelScheduled(number ?? -1, nowMs));
  return missing.length === 0 ? ok() : refuse(404, messageNotFound(missing));
}

function renewLocks({ node, body, nowMs }: Context): Response {
  const expirations = listOf(body['lock-tokens']).map((bytes) =>
    node.queue.renew(tokenFromBytes(bytes) ?? '', nowMs),
  );
  if (expirations.includes(undefined)) return refuse(410, MESSAGE_LOCK_LOST);
  return ok({ expirations: rhea.types.wrap_array(expirations, TIMESTAMP, undefined) });
}

function receiveDeferred({ node, body, nowMs }: Context): Response {
  const mode = body['receiver-settle-mode'] === 0 ? 'receiveAndDelete' : 'peekLock';
  const numbers = listOf(body['sequence-numbers']).map((value) => plainInteger(value) ?? -1);
  const deferred = new Set(
    numbers.filter((number) => node.queue.peek(number, 1, nowMs)[0]?.state === 'deferred'),
  );
  const messages = [...deferred].flatMap((number) => {
    const delivery = node.queue.takeDeferred(number, mode, nowMs);
    if (delivery === undefined) return [];
    const token = delivery.lock === undefined ? Buffer.alloc(16) : tokenToBytes(delivery.lock.token);
    return [
      {
        message: encodeMessage(delivery.message, delivery.lock?.untilMs),
        'lock-token': rhea.types.wrap_uuid(token),
      },
    ];
  });
  return messages.length === 0 ? refuse(404, messageNotFound(numbers)) : ok({ messages });
}

function updateDisposition({ node, body, nowMs }: Context): Response {
  const settlement = settlementFrom(body);
  if (settlement === undefined) {
    return refuse(
      400,
      notAllowed(`The disposition status '${String(body['disposition-status'])}' is unknown.`),
    );
  }
  for (const bytes of listOf(body['lock-tokens'])) {
    const result = node.queue.settle(tokenFromBytes(bytes) ?? '', settlement, nowMs);
    if (result === 'lockLost') return refuse(410, MESSAGE_LOCK_LOST);
    if (result === 'notAllowed') return refuse(400, NOT_ALLOWED_ON_DEAD_LETTERS);
  }
  return ok();
}

function settlementFrom(body: Readonly<Record<string, unknown>>): Settlement<WireMessage> | undefined {
  const properties = isRecord(body['properties-to-modify']) ? body['properties-to-modify'] : {};
  const modify = withAdded(
    Object.entries(properties).flatMap(([key, value]) => [
      rhea.types.wrap_string(key),
      rhea.types.wrap(value),
    ]),
  );
  switch (body['disposition-status']) {
    case 'completed':
      return { kind: 'complete' };
    case 'abandoned':
      return { kind: 'abandon', modify };
    case 'defered':
      return { kind: 'defer', modify };
    case 'suspended': {
      const deadLetter: DeadLetter = {
        reason: textOf(body['deadletter-reason']),
        description: textOf(body['deadletter-description']),
      };
      return { kind: 'deadLetter', ...deadLetter, modify };
    }
    default:
      return undefined;
  }
}

const ok = (body?: unknown): Response => ({ status: 200, description: 'OK', body });

const refuse = (status: number, { condition, description }: WireError): Response => ({
  status,
  description,
  condition,
});

const messageNotFound = (numbers: readonly (number | undefined)[]): WireError => ({
  condition: 'com.microsoft:message-not-found',
  description: `There is no such message (any more): sequence numbers ${numbers.join(', ')}.`,
});

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);

const textOf = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined);
