import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

/** A way to the queues that belongs to one host, and can break. */
export interface Relay {
  port: number;
  /** Breaks all connections once so many pieces of what the host sends have passed: their answers are lost. */
  cutAfter(pieces: number): void;
  /** Lets a break that has not come yet not come at all. */
  disarm(): void;
  close(): Promise<void>;
}

/** @param onCut told when the connections were broken. */
export async function startRelay(port: number, onCut: () => void): Promise<Relay> {
  const sockets = new Set<Socket>();
  let left = Infinity;

  const cut = (): void => {
    left = Infinity;
    for (const socket of sockets) socket.destroy();
    onCut();
  };
  const add = (socket: Socket): void => {
    sockets.add(socket);
    // Whatever breaks one side breaks the other.
    socket.on('error', () => socket.destroy());
    socket.on('close', () => sockets.delete(socket));
  };
  const server = createServer({ noDelay: true }, (host) => {
    const bus = connect({ host: '127.0.0.1', port, noDelay: true });
    add(host);
    add(bus);
    host.on('close', () => bus.destroy());
    bus.on('close', () => host.destroy());
    bus.pipe(host);
    host.on('data', (piece) => {
      left -= 1;
      const isLast = left < 0;
      // Broken only after it was passed on: the queue has done what it asks for.
      bus.write(piece, () => {
        if (isLast) cut();
      });
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    cutAfter: (pieces) => (left = pieces),
    disarm: () => (left = Infinity),
    close: async () => {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}
