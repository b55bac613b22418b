import type { Socket } from 'node:net';
import type { Connection } from 'rhea';

interface ConnectionInternals {
  socket: Socket;
  /** Without arguments: an empty frame, which means "I am here" and carries the acknowledgement of TCP. */
  _write_frame(): void;
  /** Clears the timers of the connection and tells its sessions and links. */
  _disconnected(): void;
}

/** One client's connection: how its writes are put together. */
export interface ClientConnection {
  /** Frames written from now until the end of this turn of the event loop leave in one piece. */
  batchWrites(): void;
}

/**
 * Takes charge of the socket of an opened connection. Clients leave Nagle's algorithm on, so that their next
 * small write waits for the acknowledgement of the last one: whatever comes in is answered at once, by an
 * empty frame if by nothing else.
 */
export function takeConnection(connection: Connection): ClientConnection {
  const internals = connection as unknown as ConnectionInternals;
  const { socket } = internals;
  let batching = false;
  let answerDue = false;

  const endBatch = () => {
    batching = false;
    if (answerDue && socket.writableLength === 0 && connection.is_open()) internals._write_frame();
    answerDue = false;
    socket.uncork();
  };
  const batchWrites = () => {
    if (batching) return;
    batching = true;
    socket.cork();
    setImmediate(endBatch);
  };
  socket.prependListener('data', () => {
    answerDue = true;
    batchWrites();
  });
  // The library notices the end of a stream and errors, but not every way in which a socket closes.
  socket.once('close', () => internals._disconnected());
  return { batchWrites };
}
