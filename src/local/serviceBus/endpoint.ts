import { once } from 'node:events';
import type { AddressInfo, Server, Socket } from 'node:net';
import rhea from 'rhea';
import type { Connection, Container, EventContext, Receiver, Sender, Session } from 'rhea';
import { randomId } from '../../runtime/ids.ts';
import { type Log, silentLog } from '../../runtime/log.ts';
import { attachReceiver, attachSender, type LinkContext } from './links.ts';
import { MessageQueue } from './queue.ts';
import { createQueueNode, type QueueNode } from './queueNode.ts';
import { createReplyLinks, type ReplyLinks } from './replies.ts';
import { type ClientConnection, takeConnection } from './wire/clientConnection.ts';
import type { WireMessage } from './wire/message.ts';
import { ServerSession } from './wire/serverSession.ts';

export interface ServiceBusEndpointOptions {
  /** Names of the queues that exist; matched case-insensitively. */
  queues: readonly string[];
  /** Failed deliveries after which a message is moved to the dead-letter queue. */
  maxDeliveryCount: number;
  /** TCP port on 127.0.0.1; 0 or none takes a free one. */
  port?: number;
  /** How long a received message is locked; the cloud allows up to 5 minutes. */
  lockDurationMs?: number;
  /** The endpoint's clock, ms since the epoch: locks, schedules, times to live. Real time by default. */
  nowMs?: () => number;
  /** Told of connections that broke off because of what a client sent. */
  log?: Log;
}

export interface ServiceBusEndpoint {
  readonly port: number;
  /** For `@azure/service-bus`, in the form that Microsoft's own emulator has. */
  readonly connectionString: string;
  /** Ends all connections in the way that makes clients reconnect, and forgets all messages. */
  close(): Promise<void>;
  /** For display and for waiting on this machine: AMQP itself has no counts. @throws when there is no such queue. */
  counts(queue: string): { active: number; scheduled: number; locked: number; deadLettered: number };
}

const HOST = '127.0.0.1';
const LOCK_DURATION_MS = 60_000;
/** As in the cloud. */
const MAX_FRAME_BYTES = 65_536;
/** Unsettled deliveries of a session; Microsoft's client stops at half of it. */
const SESSION_BUFFER = 4096;
/** Time that clients get to answer the close of their connection. */
const CLOSE_TIMEOUT_MS = 1000;

/**
 * Starts a Service Bus namespace of queues on this machine, for development and tests: AMQP 1.0 on loopback,
 * in memory, any token accepted. Serves `@azure/service-bus` and other AMQP 1.0 clients.
 * @throws when the port is taken.
 */
export async function startServiceBusEndpoint(
  options: ServiceBusEndpointOptions,
): Promise<ServiceBusEndpoint> {
  const nowMs = options.nowMs ?? Date.now;
  const queues = createQueues(options, nowMs);
  const container = rhea.create_container({
    id: 'local-service-bus',
    tcp_no_delay: true,
    max_frame_size: MAX_FRAME_BYTES,
    sender_options: { treat_modified_as_released: false },
    receiver_options: { autoaccept: false, credit_window: 1000 },
  });
  const connections = serve(container, queues, nowMs, options.log ?? silentLog);
  const server = container.listen({
    host: HOST,
    port: options.port ?? 0,
    max_frame_size: MAX_FRAME_BYTES,
    session_buffer_size: SESSION_BUFFER,
  });
  const sockets = watchSockets(server);
  const port = await listening(server, options.port);

  return {
    port,
    connectionString:
      `Endpoint=sb://${HOST}:${port};SharedAccessKeyName=RootManageSharedAccessKey;` +
      'SharedAccessKey=SAS_KEY_VALUE;UseDevelopmentEmulator=true;',
    counts: (name) => {
      const node = queues.get(name.toLowerCase());
      if (node === undefined) throw new Error(`the local Service Bus has no queue '${name}'`);
      const now = nowMs();
      const { active, scheduled, locked } = node.main.queue.counts(now);
      const dead = node.deadLetters.queue.counts(now);
      return { active, scheduled, locked, deadLettered: dead.active + dead.locked + dead.deferred };
    },
    close: async () => {
      for (const { main, deadLetters } of queues.values()) {
        main.stop();
        deadLetters.stop();
      }
      await stopServer(server, connections, sockets);
    },
  };
}

interface QueuePair {
  main: QueueNode;
  deadLetters: QueueNode;
}

function createQueues(options: ServiceBusEndpointOptions, nowMs: () => number): Map<string, QueuePair> {
  const settings = {
    maxDeliveryCount: options.maxDeliveryCount,
    lockDurationMs: options.lockDurationMs ?? LOCK_DURATION_MS,
    newToken: randomId,
  };
  const pairs = options.queues.map((name): [string, QueuePair] => {
    const deadLetterQueue = new MessageQueue<WireMessage>(settings);
    const deadLetters = createQueueNode(`${name}/$DeadLetterQueue`, deadLetterQueue, nowMs);
    const queue = new MessageQueue<WireMessage>(settings, deadLetterQueue);
    const main = createQueueNode(name, queue, nowMs, deadLetters.wake);
    return [name.toLowerCase(), { main, deadLetters }];
  });
  return new Map(pairs);
}

/** Wires the events of connections, sessions and links. @returns the connections that are open. */
function serve(
  container: Container,
  queues: Map<string, QueuePair>,
  nowMs: () => number,
  log: Log,
): Set<Connection> {
  const open = new Set<Connection>();
  const clients = new WeakMap<Connection, { client: ClientConnection; replies: ReplyLinks }>();
  const contexts = new WeakMap<Session, LinkContext>();
  const findQueue = (queue: string, deadLetters: boolean) => {
    const pair = queues.get(queue);
    return deadLetters ? pair?.deadLetters : pair?.main;
  };

  container.on('connection_open', ({ connection }: EventContext) => {
    open.add(connection);
    clients.set(connection, { client: takeConnection(connection), replies: createReplyLinks() });
  });
  container.on('session_open', ({ connection, session }: EventContext) => {
    const known = clients.get(connection);
    if (session === undefined || known === undefined) return;
    contexts.set(session, {
      session: new ServerSession(session, known.client),
      replies: known.replies,
      findQueue,
      nowMs,
      newId: randomId,
    });
  });
  const onLink =
    <L extends Sender | Receiver>(attach: (link: L, context: LinkContext) => void) =>
    (link: L | undefined, session: Session | undefined) => {
      const context = session === undefined ? undefined : contexts.get(session);
      if (link !== undefined && context !== undefined) attach(link, context);
    };
  const onSender = onLink(attachSender);
  const onReceiver = onLink(attachReceiver);
  container.on('sender_open', ({ sender, session }: EventContext) => onSender(sender, session));
  container.on('receiver_open', ({ receiver, session }: EventContext) => onReceiver(receiver, session));

  const forget = ({ connection }: EventContext) => open.delete(connection);
  container.on('connection_close', forget);
  container.on('disconnected', forget);
  // A client may say that something of its own failed; the library throws what nobody listens to.
  for (const event of ['connection_error', 'session_error', 'sender_error', 'receiver_error']) {
    container.on(event, () => undefined);
  }
  for (const event of ['protocol_error', 'error']) {
    container.on(event, (error: Error) => {
      log.warn('serviceBusConnectionFailed', { error: error.message });
    });
  }
  return open;
}

function watchSockets(server: Server): Set<Socket> {
  const sockets = new Set<Socket>();
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  return sockets;
}

async function listening(server: Server, wanted: number | undefined): Promise<number> {
  try {
    await once(server, 'listening');
  } catch (cause) {
    throw new Error(
      `the local Service Bus cannot listen on ${HOST}:${wanted ?? 0}: choose another port, or end what holds it`,
      { cause },
    );
  }
  return (server.address() as AddressInfo).port;
}

async function stopServer(server: Server, connections: Set<Connection>, sockets: Set<Socket>): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  // Clients reconnect after this condition; after a plain close they never do, and hang when they are closed.
  for (const connection of connections) {
    connection.close({ condition: 'amqp:connection:forced', description: 'The endpoint is shutting down.' });
  }
  const destroy = () => {
    for (const socket of sockets) socket.destroy();
  };
  const timer = setTimeout(destroy, connections.size === 0 ? 0 : CLOSE_TIMEOUT_MS);
  await closed;
  clearTimeout(timer);
}
