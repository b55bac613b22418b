import { connect } from 'node:net';
import type { Environment } from '../../config/config.ts';
import { CLOUDS, defaultScope } from '../../graph/clouds.ts';
import { createCredential } from '../../graph/credential.ts';
import { createTokenCache } from '../../graph/tokenCache.ts';
import { systemClock } from '../../runtime/clock.ts';
import type { GraphChoice } from './startPipeline.ts';

/** Nobody answers where the calls should come from. */
export class GraphUnreachableError extends Error {
  override readonly name = 'GraphUnreachableError';
}

const CONNECT_MS = 5_000;

/**
 * Finds out at once what the functions would find out after many tries: that no simulator runs at the address, or
 * that nobody may sign in to the cloud. Asks Graph for nothing.
 * @throws GraphUnreachableError, or GraphError `credential`.
 */
export async function checkGraph(graph: GraphChoice, environment: Environment): Promise<void> {
  if (graph.kind === 'loopback') await reach(graph.url);
  if (graph.kind !== 'cloud') return;
  const { authorityHost, graphOrigin } = CLOUDS[graph.cloud];
  const tokens = createTokenCache({
    createCredential: () => createCredential(environment, authorityHost),
    scope: defaultScope(graphOrigin),
    nowMs: () => systemClock.nowMs(),
  });
  await tokens.get();
}

/** A connection only: a simulator that counts requests sees none. */
function reach(origin: string): Promise<void> {
  const { hostname, port, protocol } = new URL(origin);
  return new Promise((resolve, reject) => {
    const socket = connect({
      host: hostname.replace(/^\[|\]$/g, ''),
      port: port === '' ? (protocol === 'https:' ? 443 : 80) : Number(port),
      timeout: CONNECT_MS,
    });
    const fail = (why: string): void => {
      socket.destroy();
      reject(
        new GraphUnreachableError(
          `nobody answers at ${origin} (${why}): start the simulator, or look at --graph and GRAPH_ENDPOINT`,
        ),
      );
    };
    socket.once('connect', () => {
      socket.destroy();
      resolve();
    });
    socket.once('timeout', () => fail(`no answer within ${CONNECT_MS / 1000} s`));
    socket.once('error', (error: NodeJS.ErrnoException) => fail(error.code ?? error.message));
  });
}
