import rhea from 'rhea';
import type { Delivery, Sender } from 'rhea';
import { OUTCOMES } from './wire/outcome.ts';
import type { OutgoingLink } from './wire/outgoingLink.ts';
import { openOutgoingLink } from './wire/outgoingLink.ts';
import { splitSections } from './wire/sections.ts';
import type { ServerSession } from './wire/serverSession.ts';

/** A request to `$cbs` or `$management`, decoded. */
export interface Request {
  messageId: unknown;
  replyTo: string | undefined;
  properties: Readonly<Record<string, unknown>>;
  body: unknown;
}

export interface Response {
  /** As in HTTP. */
  status: number;
  description: string;
  /** An AMQP condition, when the request failed. */
  condition?: string;
  body?: unknown;
}

/** @throws DecodeError when the bytes are no message. */
export function decodeRequest(bytes: Buffer): Request {
  splitSections(bytes);
  const message = rhea.message.decode(bytes);
  const replyTo: unknown = message['reply_to'];
  const messageId: unknown = message['message_id'];
  const properties: unknown = message['application_properties'];
  return {
    messageId,
    replyTo: typeof replyTo === 'string' ? replyTo : undefined,
    properties: typeof properties === 'object' && properties !== null ? { ...properties } : {},
    body: message['body'],
  };
}

/** Both spellings of each property: clients differ in which one they read. */
export function encodeResponse(response: Response, request: Request): Buffer {
  const { types } = rhea;
  const properties = {
    statusCode: types.wrap_int(response.status),
    'status-code': types.wrap_int(response.status),
    statusDescription: response.description,
    'status-description': response.description,
    ...(response.condition === undefined
      ? {}
      : { errorCondition: response.condition, 'error-condition': response.condition }),
  };
  return rhea.message.encode({
    to: request.replyTo,
    correlation_id: request.messageId,
    application_properties: properties,
    body: response.body,
  });
}

/** Where the answers of one connection go. Answers wait here for the credit of their link. */
export interface ReplyLinks {
  /** @param names what a request may call the link in its reply-to: the link's name and its target. */
  add(sender: Sender, session: ServerSession, names: readonly (string | undefined)[]): void;
  /** @returns false when no link goes by that name. */
  reply(replyTo: string | undefined, bytes: Buffer): boolean;
}

interface ReplyLink {
  link: OutgoingLink;
  waiting: Buffer[];
}

export function createReplyLinks(): ReplyLinks {
  const byName = new Map<string, ReplyLink>();

  const flush = ({ link, waiting }: ReplyLink) => {
    let room = link.room();
    if (waiting.length > 0 && room > 0) {
      for (; room > 0 && waiting.length > 0; room -= 1) {
        const next = waiting.shift();
        if (next !== undefined) link.send(next);
      }
      link.session.flush();
    }
    link.finishDrain();
  };

  return {
    add: (sender, session, names) => {
      const link = openOutgoingLink(sender, session, () => flush(replyLink));
      const replyLink: ReplyLink = { link, waiting: [] };
      for (const name of names) if (name !== undefined) byName.set(name, replyLink);
      for (const outcome of OUTCOMES) {
        sender.on(outcome, ({ delivery }: { delivery: Delivery }) => {
          if (!delivery.remote_settled) session.answerSettlement(delivery);
        });
      }
    },
    reply: (replyTo, bytes) => {
      const replyLink = replyTo === undefined ? undefined : byName.get(replyTo);
      if (replyLink?.link.isOpen() !== true) return false;
      replyLink.waiting.push(bytes);
      flush(replyLink);
      return true;
    },
  };
}
