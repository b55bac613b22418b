import type { Delivery, Sender } from 'rhea';
import type { ServerSession } from './serverSession.ts';

interface SenderInternals {
  credit: number;
  delivery_count: number;
  _draining: boolean | null | undefined;
  _drained: boolean;
  _get_drain(): boolean;
}

/** A link on which this side sends: to a receiver of messages, or answers to requests. */
export interface OutgoingLink {
  readonly sender: Sender;
  readonly session: ServerSession;
  /** False once the link, its session or its connection has ended. */
  isOpen(): boolean;
  /** Messages that may be sent now. */
  room(): number;
  /** Sends one message; `session.flush()` writes it. */
  send(bytes: Buffer, tag?: Buffer): Delivery;
  /** Tells a client that asked to drain the link that nothing more will come for its credit. */
  finishDrain(): void;
}

/** @param onFlow called when there may be room that was not there before. */
export function openOutgoingLink(sender: Sender, session: ServerSession, onFlow: () => void): OutgoingLink {
  const internals = sender as unknown as SenderInternals;
  // The library answers a drain only while credit is left, and again and again.
  internals._get_drain = () => {
    if (internals._draining !== true || !internals._drained) return false;
    internals.delivery_count += internals.credit;
    internals.credit = 0;
    internals._draining = false;
    return true;
  };
  // Deliveries are written before attaches: the first one has to wait until the answer to the attach has left.
  let attached = false;
  setImmediate(() => {
    attached = true;
    onFlow();
  });
  const close = () => {
    session.flowListeners.delete(onFlow);
    onFlow();
  };
  session.flowListeners.add(onFlow);
  sender.on('sender_close', close);

  return {
    sender,
    session,
    isOpen: () => sender.is_open(),
    room: () => (attached ? session.room(sender) : 0),
    send: (bytes, tag) => sender.send(bytes, tag, 0),
    finishDrain: () => {
      if (!attached || !sender.is_open() || internals._draining !== true || session.hasPending()) return;
      sender.set_drained(true);
      session.register();
    },
  };
}
