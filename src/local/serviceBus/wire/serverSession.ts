import rhea from 'rhea';
import type { AmqpError, Delivery, Sender, Session } from 'rhea';
import type { ClientConnection } from './clientConnection.ts';
import { plain, type Typed } from './codec.ts';

/** What is needed of the library's session and is not in its published types. */
interface SessionInternals {
  on_transfer(frame: { performative: TransferFields }): void;
  on_flow(frame: { performative: FlowFields }): void;
  on_disposition(frame: { performative: { value: unknown[] } }): void;
  _write_flow(): void;
  incoming: { process(session: unknown): void };
  outgoing: {
    next_delivery_id: number;
    next_pending_delivery: number;
    available(): number;
    /** Frames that the client's session takes now; not a number before its first flow. */
    transfer_window(): number;
    process(): void;
  };
  on_attach(frame: { performative: { name: string } }): void;
  remove_link(link: LinkInternals): void;
  links: Record<string, LinkInternals | undefined>;
  local: { handles: Record<number, LinkInternals | undefined> };
  remote: { handles: Record<number, LinkInternals | undefined> };
  connection: { _register(): void };
}

interface LinkInternals {
  name: string;
  local: { handle: number };
  remote: { handle: number };
  credit: number;
  delivery_count: number;
  issue_flow: boolean;
  _drained?: boolean;
  _incomplete?: { settled: boolean } | undefined;
}

interface TransferFields {
  handle: number;
  message_format: number | null | undefined;
  aborted: boolean | null | undefined;
}

interface FlowFields {
  handle: number | null | undefined;
  echo: boolean | null | undefined;
}

/** Position of the state among the fields of a disposition. */
const DISPOSITION_STATE = 4;

interface Described {
  described(): unknown;
}

/** Stands for format 0 on transfers that came in: the library decodes format 0 and loses the AMQP types. */
export const RAW_FORMAT = 1;

const outcomes = rhea.message as unknown as {
  accepted(): Described;
  rejected(fields: { error: AmqpError }): Described;
};
const accepted = outcomes.accepted().described();
const rejected = (error: AmqpError) => outcomes.rejected({ error }).described();

/** The server's end of one AMQP session: transfers kept raw, flows reported, settlements answered one by one. */
export class ServerSession {
  readonly client: ClientConnection;
  /** Called after every flow of the client: there may be credit, or room in the session, that was not there before. */
  readonly flowListeners = new Set<() => void>();
  readonly #session: SessionInternals;
  #answers: { delivery: Delivery; refusal: AmqpError | undefined }[] = [];

  constructor(session: Session, client: ClientConnection) {
    this.client = client;
    this.#session = session as unknown as SessionInternals;
    this.#separateLinks();
    this.#watchTransfers();
    this.#watchFlows();
    this.#watchDispositions();
  }

  /** Messages that can be sent on this link now and will be written at once. */
  room(sender: Sender): number {
    const { outgoing } = this.#session;
    if (!sender.is_open() || this.hasPending()) return 0;
    const { credit } = sender as unknown as LinkInternals;
    const room = Math.min(credit, outgoing.available(), outgoing.transfer_window());
    return Number.isNaN(room) ? 0 : Math.max(0, room);
  }

  /** Deliveries wait for room in the client's session. */
  hasPending(): boolean {
    const { outgoing } = this.#session;
    return outgoing.next_pending_delivery < outgoing.next_delivery_id;
  }

  /** Writes the deliveries handed to `send`, so that the credit of their links is counted down. */
  flush(): void {
    this.client.batchWrites();
    this.#session.outgoing.process();
  }

  /** Makes the library write what it was told since. */
  register(): void {
    this.#session.connection._register();
  }

  /** Answers a message that came in. */
  answerTransfer(delivery: Delivery, refusal?: AmqpError): void {
    if (refusal === undefined) {
      delivery.update(true, accepted);
      return;
    }
    // The library merges the first two dispositions of a turn without comparing their outcomes.
    this.#session.incoming.process(this.#session);
    delivery.update(true, rejected(refusal));
    this.#session.incoming.process(this.#session);
  }

  /** Answers the client's settlement of a message that went out: `accepted` says that the wish was done. */
  answerSettlement(delivery: Delivery, refusal?: AmqpError): void {
    if (this.#answers.length === 0) process.nextTick(() => this.#writeAnswers());
    this.#answers.push({ delivery, refusal });
  }

  #writeAnswers(): void {
    const { outgoing } = this.#session;
    this.client.batchWrites();
    const answers = this.#answers;
    this.#answers = [];
    for (const { delivery, refusal } of answers) {
      if (refusal !== undefined) outgoing.process();
      delivery.update(true, refusal === undefined ? accepted : rejected(refusal));
      // Nothing more is to come for it, so it can leave the library's buffer.
      (delivery as { remote_settled: boolean }).remote_settled = true;
      if (refusal !== undefined) outgoing.process();
    }
  }

  /** The library finds links by name alone, but a client may give the same name to a sender and a receiver. */
  #separateLinks(): void {
    const session = this.#session;
    const { links, local, remote } = session;
    const keyOf = (link: LinkInternals) => `${link.name}#${link.local.handle}`;
    const onAttach = session.on_attach.bind(session);
    session.on_attach = (frame) => {
      onAttach(frame);
      const { name } = frame.performative;
      const link = links[name];
      if (link === undefined) return;
      Reflect.deleteProperty(links, name);
      links[keyOf(link)] = link;
    };
    session.remove_link = (link) => {
      Reflect.deleteProperty(remote.handles, link.remote.handle);
      Reflect.deleteProperty(local.handles, link.local.handle);
      Reflect.deleteProperty(links, keyOf(link));
    };
  }

  #watchTransfers(): void {
    const session = this.#session;
    const onTransfer = session.on_transfer.bind(session);
    session.on_transfer = (frame) => {
      const { performative } = frame;
      const link = session.remote.handles[performative.handle];
      if (performative.aborted === true && link?._incomplete !== undefined) {
        link._incomplete.settled = true;
        link._incomplete = undefined;
        link.credit -= 1;
        link.delivery_count += 1;
        return;
      }
      performative.message_format = performative.message_format ? performative.message_format : RAW_FORMAT;
      onTransfer(frame);
    };
  }

  #watchFlows(): void {
    const session = this.#session;
    const onFlow = session.on_flow.bind(session);
    session.on_flow = (frame) => {
      onFlow(frame);
      const { handle, echo } = frame.performative;
      const link = handle === null || handle === undefined ? undefined : session.remote.handles[handle];
      // Set by the library as soon as a drain is asked for; it is for the sending side to say when it is done.
      if (link?._drained !== undefined) link._drained = false;
      if (echo === true && link !== undefined) link.issue_flow = true;
      if (echo === true && link === undefined) session._write_flow();
      for (const listener of this.flowListeners) listener();
    };
  }

  /** A settlement without an outcome has an AMQP null there, which the library takes for an outcome unknown to it. */
  #watchDispositions(): void {
    const session = this.#session;
    const onDisposition = session.on_disposition.bind(session);
    session.on_disposition = (frame) => {
      const { value } = frame.performative;
      if (plain(value[DISPOSITION_STATE] as Typed | undefined) === null) value[DISPOSITION_STATE] = undefined;
      onDisposition(frame);
    };
  }
}
