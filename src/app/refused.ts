import type { BadMessageError } from '../queues/messages.ts';
import type { QueueName } from '../queues/names.ts';
import { keepRefusal, type MessageIdentity } from '../queues/refusals.ts';
import type { Log } from '../runtime/log.ts';
import type { Services } from './services.ts';

export interface RefusedMessage {
  queue: QueueName;
  body: unknown;
  /** What the trigger says about the message. */
  metadata: Readonly<Record<string, unknown>> | undefined;
}

/**
 * Keeps why a message was refused, where `pstn status` finds it when the queue has given the message up. Never
 * rejects: that the message is refused is what matters, and the log has the reason as well.
 */
export async function keepReason(
  { message: reason }: BadMessageError,
  refused: RefusedMessage,
  services: () => Promise<Pick<Services, 'control' | 'clock'>>,
  log: Log,
): Promise<void> {
  const { queue } = refused;
  log.error('messageRefused', { queue, reason });
  try {
    const { control, clock } = await services();
    const refusedAt = new Date(clock.nowMs()).toISOString();
    await keepRefusal(control, identityOf(refused), { queue, reason, refusedAt });
  } catch (error) {
    log.warn('reasonNotKept', { queue, cause: error instanceof Error ? error.message : String(error) });
  }
}

/** The host writes what stands on the top level of a body over metadata of the same name: that is no id. */
function identityOf({ queue, body, metadata }: RefusedMessage): MessageIdentity {
  const names = typeof body === 'object' && body !== null ? Object.keys(body) : [];
  const overwritten = new Set(names.map((name) => name.toLowerCase()));
  const own = (name: string): unknown => (overwritten.has(name.toLowerCase()) ? undefined : metadata?.[name]);
  return { queue, messageId: own('messageId'), sequenceNumber: own('sequenceNumber') };
}
