/** What is put into a queue. `content` is opaque here: the queue decides by numbers and times alone. */
export interface NewMessage<C> {
  content: C;
  /** The message becomes available at this instant, ms since the epoch. */
  scheduledAtMs?: number | undefined;
  /** The message is dropped when it waited this long; counted from when it became available. */
  timeToLiveMs?: number | undefined;
}

/** A message as it stands in the queue. */
export interface QueuedMessage<C> {
  readonly sequenceNumber: number;
  readonly content: C;
  readonly enqueuedAtMs: number;
  /** Deliveries that failed before: 0 when it is delivered for the first time. */
  readonly deliveryCount: number;
  readonly state: 'active' | 'deferred' | 'scheduled';
  readonly deadLetter: DeadLetter | undefined;
}

export interface DeadLetter {
  reason?: string | undefined;
  description?: string | undefined;
}

export interface Lock {
  readonly token: string;
  readonly untilMs: number;
}

/** A message handed to a receiver. Without a lock it has left the queue already (receive and delete). */
export interface Delivery<C> {
  message: QueuedMessage<C>;
  lock: Lock | undefined;
}

export type ReceiveMode = 'peekLock' | 'receiveAndDelete';

/**
 * What a receiver says of a message that it holds. `abandon` counts as a failed delivery, `release` does
 * not. `modify` changes the content of a message that stays.
 */
export type Settlement<C> =
  | { kind: 'complete' | 'release' }
  | { kind: 'abandon' | 'defer'; modify?: (content: C) => C }
  | ({ kind: 'deadLetter'; modify?: (content: C) => C } & DeadLetter);

export interface QueueOptions {
  /** Failed deliveries after which a message is moved to the dead-letter queue. */
  maxDeliveryCount: number;
  lockDurationMs: number;
  /** Makes an unguessable lock token. */
  newToken: () => string;
}

export interface QueueCounts {
  active: number;
  scheduled: number;
  locked: number;
  deferred: number;
}
