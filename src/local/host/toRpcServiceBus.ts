import type { ServiceBusReceivedMessage } from '@azure/service-bus';
import type { RpcTypedData } from './coreTypes.ts';
import { dotNetInstant } from './dotNetInstant.ts';
import type { TriggerInput } from './invoke.ts';

/**
 * The value and metadata of a queue trigger, as the cloud's host gives them for one message. The message
 * must have been received with `skipParsingBodyAsJson`, so that its body is still what was sent.
 */
export function toRpcServiceBus(message: ServiceBusReceivedMessage, binary: boolean): TriggerInput {
  const body = bodyBytes(message.body);
  if (binary) return { value: { bytes: body }, metadata: toMetadata(message) };
  const text = body.toString('utf8');
  return { value: { string: text }, metadata: overwrittenBy(text, toMetadata(message)) };
}

function bodyBytes(body: unknown): Buffer {
  if (Buffer.isBuffer(body)) return body;
  if (typeof body === 'string') return Buffer.from(body);
  // A body that is neither bytes nor text was sent as an AMQP value.
  return Buffer.from(JSON.stringify(body ?? null));
}

function toMetadata(message: ServiceBusReceivedMessage): Record<string, RpcTypedData> {
  const properties = message.applicationProperties ?? {};
  const values: Record<string, unknown> = {
    // The JavaScript client counts failed deliveries, .NET counts this one, too.
    DeliveryCount: (message.deliveryCount ?? 0) + 1,
    DeadLetterSource: message.deadLetterSource,
    LockToken: message.lockToken,
    ExpiresAtUtc: written(message.expiresAtUtc, ''),
    ExpiresAt: written(message.expiresAtUtc, '+00:00'),
    EnqueuedTimeUtc: written(message.enqueuedTimeUtc, ''),
    EnqueuedTime: written(message.enqueuedTimeUtc, '+00:00'),
    MessageId: message.messageId,
    ContentType: message.contentType,
    ReplyTo: message.replyTo,
    SequenceNumber: message.sequenceNumber === undefined ? undefined : Number(message.sequenceNumber),
    To: message.to,
    Subject: message.subject,
    Label: message.subject,
    CorrelationId: message.correlationId,
    ApplicationProperties: properties,
    UserProperties: properties,
    SessionId: message.sessionId,
    ReplyToSessionId: message.replyToSessionId,
    PartitionKey: message.partitionKey,
  };
  const metadata: Record<string, RpcTypedData> = {};
  for (const [key, value] of Object.entries(values)) {
    if (typeof value === 'string') metadata[key] = { string: value };
    else if (value !== undefined && value !== null) metadata[key] = { json: JSON.stringify(value) };
  }
  return metadata;
}

/**
 * A trap of the cloud's host: what stands on the top level of a JSON body overwrites the metadata of the same
 * name, whatever the case of its letters.
 */
function overwrittenBy(text: string, metadata: Record<string, RpcTypedData>): Record<string, RpcTypedData> {
  if (!/^\s*\{[^]*\}\s*$/.test(text)) return metadata;
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch {
    // A body that only looks like JSON is a text, and overwrites nothing.
    return metadata;
  }
  const names = new Map(Object.keys(metadata).map((key) => [key.toLowerCase(), key]));
  const result = { ...metadata };
  for (const [key, value] of Object.entries(body as Record<string, unknown>)) {
    if (value === null || Array.isArray(value)) continue;
    const name = names.get(key.toLowerCase()) ?? key;
    result[name] =
      typeof value === 'object' ? { json: JSON.stringify(value) } : { string: dotNetText(value) };
  }
  return result;
}

const dotNetText = (value: unknown): string =>
  typeof value === 'boolean' ? (value ? 'True' : 'False') : String(value);

const written = (instant: Date | undefined, offset: '' | '+00:00'): string | undefined =>
  instant === undefined ? undefined : dotNetInstant(instant, offset);
