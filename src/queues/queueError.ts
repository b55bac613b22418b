import type { QueueName } from './names.ts';

/** `missing`: there is no such queue. `unauthorized`: the key or identity may not. `unreachable`: no answer. */
export type QueueErrorKind = 'missing' | 'unauthorized' | 'unreachable';

/** What Service Bus refused, or that it could not be asked: which queue, where, and why. */
export class QueueError extends Error {
  override readonly name = 'QueueError';
  readonly kind: QueueErrorKind;
  readonly queue: QueueName;

  constructor(kind: QueueErrorKind, queue: QueueName, message: string, options?: ErrorOptions) {
    super(message, options);
    this.kind = kind;
    this.queue = queue;
  }
}

const NETWORK =
  /\b(E(?:CONN(?:REFUSED|RESET|ABORTED)|NOTFOUND|AI_AGAIN|TIMEDOUT|HOSTUNREACH|NETUNREACH|PIPE|PROTO))\b/;

/** An error of the SDK as a {@link QueueError}, where it is one of these kinds; anything else as it is. */
export function toQueueError(error: unknown, queue: QueueName, host: string): unknown {
  // What was tried several times comes with all its failures; the last one says how it stands now.
  if (error instanceof AggregateError && error.errors.length > 0) {
    return toQueueError(error.errors.at(-1), queue, host);
  }
  if (!(error instanceof Error)) return error;
  const place = `queue ${queue} at ${host}`;
  const { code } = error as { code?: unknown };
  const made = (kind: QueueErrorKind, message: string) =>
    new QueueError(kind, queue, message, { cause: error });
  if (code === 'MessagingEntityNotFound') return made('missing', `${place} does not exist`);
  if (code === 'UnauthorizedAccess') return made('unauthorized', `${place} refuses this key or identity`);
  const network = NETWORK.exec(error.message)?.[1];
  if (network !== undefined) return made('unreachable', `${place} cannot be reached (${network})`);
  if (
    code === 'ServiceTimeout' ||
    code === 'ServiceCommunicationProblem' ||
    error.name === 'OperationTimeoutError'
  ) {
    return made('unreachable', `${place} did not answer in time`);
  }
  return error;
}

/** Runs a call of the SDK and gives its errors as {@link toQueueError} does. */
export async function onQueue<T>(queue: QueueName, host: string, call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    throw toQueueError(error, queue, host);
  }
}
