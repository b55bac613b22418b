import { Heap } from './heap.ts';
import type {
  DeadLetter,
  Delivery,
  Lock,
  NewMessage,
  QueueCounts,
  QueuedMessage,
  QueueOptions,
  ReceiveMode,
  Settlement,
} from './queueTypes.ts';

interface Entry<C> {
  sequenceNumber: number;
  content: C;
  enqueuedAtMs: number;
  deliveryCount: number;
  state: 'active' | 'deferred' | 'scheduled';
  gone: boolean;
  deadLetter: DeadLetter | undefined;
  lock: Lock | undefined;
  scheduledAtMs: number;
  timeToLiveMs: number;
  expiresAtMs: number;
}

const blank = {
  deliveryCount: 0,
  state: 'active',
  gone: false,
  deadLetter: undefined,
  lock: undefined,
  scheduledAtMs: 0,
  timeToLiveMs: Infinity,
  expiresAtMs: Infinity,
} as const;

/**
 * The state of one queue, without sockets or timers: every time is passed in, ms since the epoch. Every call first does what was due by then: scheduled messages become available,
 * expired locks are given up (a failed delivery), expired messages are dropped.
 */
export class MessageQueue<C> {
  readonly #options: QueueOptions;
  /** Undefined on a dead-letter queue itself: nothing leaves it but by a receiver. */
  readonly #deadLetters: MessageQueue<C> | undefined;
  /** By sequence number, in ascending order, because numbers only grow. */
  readonly #entries = new Map<number, Entry<C>>();
  /** By token, in the order of expiry: every lock is granted or renewed for the same time. */
  readonly #locks = new Map<string, Entry<C>>();
  readonly #ready = new Heap<Entry<C>>((a, b) => a.sequenceNumber < b.sequenceNumber);
  readonly #scheduled = new Heap<Entry<C>>(
    (a, b) =>
      a.scheduledAtMs < b.scheduledAtMs ||
      (a.scheduledAtMs === b.scheduledAtMs && a.sequenceNumber < b.sequenceNumber),
  );
  readonly #expiring = new Heap<Entry<C>>((a, b) => a.expiresAtMs < b.expiresAtMs);
  #lastSequenceNumber = 0;
  #scheduledCount = 0;
  #deferredCount = 0;

  constructor(options: QueueOptions, deadLetters?: MessageQueue<C>) {
    this.#options = options;
    this.#deadLetters = deadLetters;
  }

  /** @returns the sequence number; that of a scheduled message is good until it becomes available. */
  enqueue(message: NewMessage<C>, nowMs: number): number {
    this.advance(nowMs);
    const entry: Entry<C> = {
      ...blank,
      sequenceNumber: this.#nextSequenceNumber(),
      content: message.content,
      enqueuedAtMs: nowMs,
      scheduledAtMs: message.scheduledAtMs ?? nowMs,
      timeToLiveMs: message.timeToLiveMs ?? Infinity,
    };
    if (entry.scheduledAtMs > nowMs) {
      entry.state = 'scheduled';
      this.#entries.set(entry.sequenceNumber, entry);
      this.#scheduled.push(entry);
      this.#scheduledCount += 1;
    } else {
      this.#append(entry, nowMs);
    }
    return entry.sequenceNumber;
  }

  /** @returns false when there is no scheduled message of that number (any more). */
  cancelScheduled(sequenceNumber: number, nowMs: number): boolean {
    this.advance(nowMs);
    const entry = this.#entries.get(sequenceNumber);
    if (entry?.state !== 'scheduled') return false;
    this.#scheduledCount -= 1;
    this.#remove(entry);
    return true;
  }

  /** The available message with the lowest sequence number. */
  take(mode: ReceiveMode, nowMs: number): Delivery<C> | undefined {
    this.advance(nowMs);
    for (let entry = this.#ready.pop(); entry !== undefined; entry = this.#ready.pop()) {
      if (!entry.gone) return this.#hand(entry, mode, nowMs);
    }
    return undefined;
  }

  /** A deferred message, which nothing else delivers. Undefined when there is none or it is locked. */
  takeDeferred(sequenceNumber: number, mode: ReceiveMode, nowMs: number): Delivery<C> | undefined {
    this.advance(nowMs);
    const entry = this.#entries.get(sequenceNumber);
    if (entry?.state !== 'deferred' || entry.lock !== undefined) return undefined;
    this.#deferredCount -= 1;
    return this.#hand(entry, mode, nowMs);
  }

  /** `lockLost`: the lock has expired or the message was settled. `notAllowed`: a dead letter cannot be dead-lettered. */
  settle(token: string, settlement: Settlement<C>, nowMs: number): 'settled' | 'lockLost' | 'notAllowed' {
    this.advance(nowMs);
    const entry = this.#locks.get(token);
    if (entry === undefined) return 'lockLost';
    if (settlement.kind === 'deadLetter' && this.#deadLetters === undefined) return 'notAllowed';
    this.#locks.delete(token);
    entry.lock = undefined;
    if ('modify' in settlement) entry.content = settlement.modify(entry.content);
    switch (settlement.kind) {
      case 'complete':
        this.#remove(entry);
        break;
      case 'release':
        this.#putBack(entry, nowMs);
        break;
      case 'abandon':
        this.#fail(entry, nowMs);
        break;
      case 'defer':
        entry.state = 'deferred';
        this.#putBack(entry, nowMs);
        break;
      case 'deadLetter':
        this.#bury(entry, { reason: settlement.reason, description: settlement.description });
        break;
    }
    return 'settled';
  }

  /** @returns until when the lock is held now; undefined when it is lost. */
  renew(token: string, nowMs: number): number | undefined {
    this.advance(nowMs);
    const entry = this.#locks.get(token);
    if (entry === undefined) return undefined;
    this.#locks.delete(token);
    return this.#lock(entry, token, nowMs).untilMs;
  }

  /** Up to `max` messages from that sequence number on, in whatever state, without touching them. */
  peek(fromSequenceNumber: number, max: number, nowMs: number): QueuedMessage<C>[] {
    this.advance(nowMs);
    const found: QueuedMessage<C>[] = [];
    for (const entry of this.#entries.values()) {
      if (found.length >= max) break;
      if (entry.sequenceNumber >= fromSequenceNumber) found.push(entry);
    }
    return found;
  }

  counts(nowMs: number): QueueCounts {
    this.advance(nowMs);
    const waiting = this.#entries.size - this.#locks.size;
    return {
      active: waiting - this.#scheduledCount - this.#deferredCount,
      scheduled: this.#scheduledCount,
      locked: this.#locks.size,
      deferred: this.#deferredCount,
    };
  }

  /** Does all that was due by `nowMs`. */
  advance(nowMs: number): void {
    for (let due = this.#dueOf(this.#scheduled); due !== undefined; due = this.#dueOf(this.#scheduled)) {
      if (due.scheduledAtMs > nowMs) break;
      this.#scheduled.pop();
      this.#scheduledCount -= 1;
      this.#entries.delete(due.sequenceNumber);
      due.sequenceNumber = this.#nextSequenceNumber();
      due.state = 'active';
      this.#append(due, nowMs);
    }
    for (const [token, entry] of this.#locks) {
      if (entry.lock !== undefined && entry.lock.untilMs > nowMs) break;
      this.#locks.delete(token);
      entry.lock = undefined;
      this.#fail(entry, nowMs);
    }
    for (let next = this.#dueOf(this.#expiring); next !== undefined; next = this.#dueOf(this.#expiring)) {
      if (next.expiresAtMs > nowMs) break;
      this.#expiring.pop();
      // A locked message may still be completed; if it comes back, `#putBack` drops it.
      if (next.lock === undefined) this.#drop(next);
    }
  }

  /** When `advance` has something to do next; undefined when nothing is due ever. */
  nextDueMs(): number | undefined {
    const lock = this.#locks.values().next().value?.lock;
    const due = Math.min(
      lock?.untilMs ?? Infinity,
      this.#dueOf(this.#scheduled)?.scheduledAtMs ?? Infinity,
      this.#dueOf(this.#expiring)?.expiresAtMs ?? Infinity,
    );
    return due === Infinity ? undefined : due;
  }

  #nextSequenceNumber(): number {
    this.#lastSequenceNumber += 1;
    return this.#lastSequenceNumber;
  }

  /** The next entry of a heap that is still in the queue. */
  #dueOf(heap: Heap<Entry<C>>): Entry<C> | undefined {
    let top = heap.peek();
    while (top?.gone === true) {
      heap.pop();
      top = heap.peek();
    }
    return top;
  }

  #append(entry: Entry<C>, nowMs: number): void {
    entry.enqueuedAtMs = nowMs;
    this.#entries.set(entry.sequenceNumber, entry);
    if (entry.timeToLiveMs !== Infinity) {
      entry.expiresAtMs = nowMs + entry.timeToLiveMs;
      this.#expiring.push(entry);
    }
    this.#ready.push(entry);
  }

  #hand(entry: Entry<C>, mode: ReceiveMode, nowMs: number): Delivery<C> {
    if (mode === 'receiveAndDelete') {
      this.#remove(entry);
      return { message: entry, lock: undefined };
    }
    return { message: entry, lock: this.#lock(entry, this.#options.newToken(), nowMs) };
  }

  #lock(entry: Entry<C>, token: string, nowMs: number): Lock {
    const lock = { token, untilMs: nowMs + this.#options.lockDurationMs };
    entry.lock = lock;
    this.#locks.set(token, entry);
    return lock;
  }

  #fail(entry: Entry<C>, nowMs: number): void {
    entry.deliveryCount += 1;
    if (this.#deadLetters !== undefined && entry.deliveryCount >= this.#options.maxDeliveryCount) {
      this.#bury(entry, {
        reason: 'MaxDeliveryCountExceeded',
        description: `Message could not be consumed after ${this.#options.maxDeliveryCount} delivery attempts.`,
      });
    } else {
      this.#putBack(entry, nowMs);
    }
  }

  /** Makes a message that was handed out wait again, in its old place. */
  #putBack(entry: Entry<C>, nowMs: number): void {
    if (entry.state === 'deferred') this.#deferredCount += 1;
    if (entry.expiresAtMs <= nowMs) this.#drop(entry);
    else if (entry.state === 'active') this.#ready.push(entry);
  }

  #bury(entry: Entry<C>, deadLetter: DeadLetter): void {
    this.#remove(entry);
    if (this.#deadLetters !== undefined) this.#deadLetters.#admit(entry, deadLetter);
  }

  /** Takes over a dead letter: it keeps its content and count, gets a new number, and no longer expires. */
  #admit(message: QueuedMessage<C>, deadLetter: DeadLetter): void {
    const { content, enqueuedAtMs, deliveryCount } = message;
    const sequenceNumber = this.#nextSequenceNumber();
    const entry: Entry<C> = { ...blank, sequenceNumber, content, enqueuedAtMs, deliveryCount, deadLetter };
    this.#entries.set(entry.sequenceNumber, entry);
    this.#ready.push(entry);
  }

  #drop(entry: Entry<C>): void {
    if (entry.state === 'deferred') this.#deferredCount -= 1;
    this.#remove(entry);
  }

  #remove(entry: Entry<C>): void {
    entry.gone = true;
    this.#entries.delete(entry.sequenceNumber);
  }
}
