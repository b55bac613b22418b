import { once } from 'node:events';
import { createServer, type IncomingMessage, request } from 'node:http';
import type { AddressInfo } from 'node:net';

/** Stands before services on loopback. */
export interface LossyProxy {
  /** In the order of the services: host and port that stand before them, such as `127.0.0.1:1234`. */
  hosts: string[];
  /** The next request to any of them is handed on and carried out; instead of its answer the connection breaks. */
  loseNextAnswer: () => void;
  /** Answers that were lost so far. */
  lost: () => number;
  stop: () => Promise<void>;
}

/** @param services their hosts and ports, such as `127.0.0.1:1234` */
export async function startLossyProxy(services: readonly string[]): Promise<LossyProxy> {
  let losesNext = false;
  let lost = 0;
  const servers = services.map((service) =>
    createServer((incoming, outgoing) => {
      const losesThis = losesNext;
      losesNext = false;
      handOn(service, incoming, (answer) => {
        if (losesThis) {
          lost += 1;
          // To its end, so that the service is done.
          answer.resume().on('end', () => outgoing.destroy());
        } else {
          outgoing.writeHead(answer.statusCode ?? 500, answer.rawHeaders);
          answer.pipe(outgoing);
        }
      });
    }),
  );
  const hosts: string[] = [];
  for (const server of servers) {
    await once(server.listen(0, '127.0.0.1'), 'listening');
    hosts.push(`127.0.0.1:${(server.address() as AddressInfo).port}`);
  }
  return {
    hosts,
    loseNextAnswer: () => {
      losesNext = true;
    },
    lost: () => lost,
    stop: async () => {
      for (const server of servers) {
        server.closeAllConnections();
        server.close();
        await once(server, 'close');
      }
    },
  };
}

function handOn(host: string, incoming: IncomingMessage, onAnswer: (answer: IncomingMessage) => void): void {
  const { url = '/', method = 'GET', headers } = incoming;
  incoming.pipe(request(new URL(url, `http://${host}`), { method, headers }, onAnswer));
}
