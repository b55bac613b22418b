import { createHash } from 'node:crypto';
import * as z from 'zod';
import { type BlobContainer, isConflict } from '../storage/blobs.ts';
import { QUEUE_NAMES, type QueueName } from './names.ts';

/**
 * Why a message that names no window was refused: a blob in `pstn-control`, for no ledger has a place for it. A
 * trigger cannot dead-letter with a reason of its own.
 */
const refusal = z.object({
  v: z.literal(1),
  queue: z.enum(QUEUE_NAMES),
  /** Says what is wrong, and quotes nothing of the message. */
  reason: z.string(),
  /** ISO instant of the first refusal. */
  refusedAt: z.iso.datetime(),
});
export type Refusal = Omit<z.infer<typeof refusal>, 'v'>;

/** What tells one message of a queue from another. Either may be missing. */
export interface MessageIdentity {
  queue: QueueName;
  messageId?: unknown;
  sequenceNumber?: unknown;
}

const REFUSED_ROOT = 'refused/v1/';
const MAX_REASON_UNITS = 1_000;

/**
 * The name of the blob: by the message's id, or by its number in the queue if the sender gave no id. Undefined if
 * there is neither. An id that is not plain text of a usual length stands there by its hash.
 */
export function refusalBlob({ queue, messageId, sequenceNumber }: MessageIdentity): string | undefined {
  const id = plainText(messageId);
  if (id !== '') return `${REFUSED_ROOT}${isPlain(id) ? id : `sha256-${sha256(id)}`}.json`;
  const number = plainText(sequenceNumber);
  return /^\d+$/.test(number) ? `${REFUSED_ROOT}${queue}.${number}.json` : undefined;
}

/** Keeps the reason; the first one stays. Does nothing for a message that cannot be told from others. */
export async function keepRefusal(
  control: BlobContainer,
  message: MessageIdentity,
  { reason, refusedAt, queue }: Refusal,
): Promise<void> {
  const name = refusalBlob(message);
  if (name === undefined) return;
  const content = { v: 1, queue, reason: reason.slice(0, MAX_REASON_UNITS), refusedAt };
  try {
    await control.put(name, Buffer.from(`${JSON.stringify(content)}\n`), {
      condition: 'absent',
      contentType: 'application/json',
    });
  } catch (error) {
    if (!isConflict(error)) throw error;
  }
}

/** Deletes the reason of a message that has left the dead letters; does nothing if none was kept. */
export async function deleteRefusal(control: BlobContainer, message: MessageIdentity): Promise<void> {
  const name = refusalBlob(message);
  // Ids are the senders' own: another queue may have a letter of the same one.
  if (name !== undefined && (await readRefusal(control, message)) !== undefined) await control.delete(name);
}

/** Undefined if no reason was kept for this message, or what lies there is none. */
export async function readRefusal(
  control: BlobContainer,
  message: MessageIdentity,
): Promise<Refusal | undefined> {
  const name = refusalBlob(message);
  const blob = name === undefined ? undefined : await control.read(name);
  if (blob === undefined) return undefined;
  const chunks: Uint8Array[] = [];
  for await (const chunk of blob.chunks) chunks.push(chunk);
  const found = parse(Buffer.concat(chunks).toString('utf8'));
  // Ids are the senders' own: another queue may have seen the same one.
  return found?.queue === message.queue ? found : undefined;
}

function parse(text: string): Refusal | undefined {
  try {
    return refusal.safeParse(JSON.parse(text)).data;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/** As the trigger's metadata give it: text that reads as JSON has become the value by then, `1e3` a number. */
function plainText(id: unknown): string {
  const value = typeof id === 'string' ? jsonOrText(id) : id;
  if (value === undefined || value === null) return '';
  if (value instanceof Uint8Array) return Buffer.from(value).toString('hex');
  return typeof value === 'string' ? value : JSON.stringify(value);
}

function jsonOrText(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

const isPlain = (id: string): boolean => /^[A-Za-z0-9_-][A-Za-z0-9._-]{0,127}$/.test(id);
const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');
