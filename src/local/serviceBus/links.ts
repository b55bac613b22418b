import type { Delivery, Receiver, Sender } from 'rhea';
import { parseAddress } from './addresses.ts';
import { manage } from './management.ts';
import type { QueueNode } from './queueNode.ts';
import type { ReplyLinks, Request, Response } from './replies.ts';
import { decodeRequest, encodeResponse } from './replies.ts';
import type { WireError } from './wire/errors.ts';
import { cannotDecode, entityNotFound, failureOf, notAllowed, tooLarge } from './wire/errors.ts';
import { BATCH_FORMAT, decodeTransfer, MAX_MESSAGE_BYTES } from './wire/message.ts';
import { openOutgoingLink } from './wire/outgoingLink.ts';
import type { ServerSession } from './wire/serverSession.ts';
import { RAW_FORMAT } from './wire/serverSession.ts';

/** What the links of a connection work on. */
export interface LinkContext {
  session: ServerSession;
  replies: ReplyLinks;
  /** By name in lower case. Undefined: there is no such queue. */
  findQueue: (queue: string, deadLetters: boolean) => QueueNode | undefined;
  nowMs: () => number;
  newId: () => string;
}

interface Attach {
  snd_settle_mode?: number;
  rcv_settle_mode?: number;
  max_message_size?: number;
}

interface ReceiverInternals {
  /** Counted from 0 by the library, whatever the client says that it counts from. */
  delivery_count: number;
  remote: { attach: { initial_delivery_count: number | null | undefined } };
}

const SETTLED = 1;

/** A client wants to receive: messages of a queue, or answers to its requests. */
export function attachSender(sender: Sender, context: LinkContext): void {
  const { source, target } = remoteTermini(sender);
  const address = parseAddress(source?.address);
  if (address === undefined) {
    refuse(sender, entityNotFound(source?.address ?? ''));
    return;
  }
  if (address.kind === 'cbs' || address.kind === 'management') {
    accept(sender);
    context.replies.add(sender, context.session, [sender.name, target?.address ?? undefined]);
    return;
  }
  const node = context.findQueue(address.queue, address.deadLetters);
  if (node === undefined) {
    refuse(sender, entityNotFound(source?.address ?? ''));
    return;
  }
  if (source?.filter?.['com.microsoft:session-filter'] !== undefined) {
    refuse(sender, notAllowed(`The queue '${node.name}' has no sessions.`));
    return;
  }
  accept(sender);
  const link = openOutgoingLink(sender, context.session, () => node.wake());
  node.addConsumer(link, sender.snd_settle_mode === SETTLED ? 'receiveAndDelete' : 'peekLock');
}

/** A client wants to send: messages to a queue, or requests. */
export function attachReceiver(receiver: Receiver, context: LinkContext): void {
  const { target } = remoteTermini(receiver);
  const address = parseAddress(target?.address);
  if (address?.kind === 'cbs') {
    // Development only, and on loopback: any token will do.
    onRequests(receiver, context, () => ({ status: 200, description: 'OK' }));
    return;
  }
  const node = address === undefined ? undefined : context.findQueue(address.queue, address.deadLetters);
  if (address === undefined || node === undefined) {
    refuse(receiver, entityNotFound(target?.address ?? ''));
  } else if (address.kind === 'management') {
    onRequests(receiver, context, (request) => manage(node, request, context.nowMs(), context.newId));
  } else if (address.deadLetters) {
    refuse(receiver, notAllowed('Messages cannot be sent to a dead-letter queue.'));
  } else {
    onMessages(receiver, context, (bytes, format) => {
      const messages = decodeTransfer(bytes, format, context.newId);
      for (const message of messages) node.queue.enqueue(message, context.nowMs());
      node.wake();
    });
  }
}

function onRequests(receiver: Receiver, context: LinkContext, answer: (request: Request) => Response): void {
  onMessages(receiver, context, (bytes) => {
    const request = decodeRequest(bytes);
    context.replies.reply(request.replyTo, encodeResponse(answer(request), request));
  });
}

/** Takes messages in, and accepts them unless they are too large or `take` throws. */
function onMessages(
  receiver: Receiver,
  context: LinkContext,
  take: (bytes: Buffer, format: number) => void,
): void {
  const { session } = context;
  accept(receiver);
  const internals = receiver as unknown as ReceiverInternals;
  internals.delivery_count = internals.remote.attach.initial_delivery_count ?? 0;
  receiver.on('message', ({ message, delivery }: { message: unknown; delivery: Delivery }) => {
    session.client.batchWrites();
    session.answerTransfer(delivery, attempt(message, delivery.format, take));
  });
}

/** @returns why the message was refused. */
function attempt(
  message: unknown,
  format: number,
  take: (bytes: Buffer, format: number) => void,
): WireError | undefined {
  if (!Buffer.isBuffer(message)) return cannotDecode('it is empty');
  if (message.length > MAX_MESSAGE_BYTES) return tooLarge(message.length, MAX_MESSAGE_BYTES);
  if (format !== RAW_FORMAT && format !== BATCH_FORMAT)
    return cannotDecode(`its format ${format} is unknown`);
  try {
    take(message, format);
    return undefined;
  } catch (error) {
    return failureOf(error);
  }
}

/** Answers the attach with what the client asked for. */
function accept(link: Sender | Receiver): void {
  const { source, target } = remoteTermini(link);
  const attach = localAttach(link);
  attach.snd_settle_mode = link.snd_settle_mode;
  attach.rcv_settle_mode = link.rcv_settle_mode;
  attach.max_message_size = MAX_MESSAGE_BYTES;
  if (typeof source?.address === 'string') link.set_source({ address: source.address });
  if (typeof target?.address === 'string') link.set_target({ address: target.address });
}

/** Answers the attach without a terminus, then detaches with the reason. */
function refuse(link: Sender | Receiver, error: WireError): void {
  link.close(error);
}

interface RemoteTerminus {
  address?: string | null;
  filter?: Readonly<Record<string, unknown>> | null;
}

const remoteTermini = (link: Sender | Receiver) =>
  link as unknown as { source: RemoteTerminus | null; target: RemoteTerminus | null };

const localAttach = (link: Sender | Receiver) =>
  (link as unknown as { local: { attach: Attach } }).local.attach;
