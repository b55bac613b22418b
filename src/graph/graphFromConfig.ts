import { isLoopback, type Config, type Environment } from '../config/config.ts';
import type { NewId } from '../runtime/ids.ts';
import { collectYoung } from '../runtime/collectYoung.ts';
import type { Log } from '../runtime/log.ts';
import { CLOUDS, defaultScope } from './clouds.ts';
import { createCredential, simulatorCredential } from './credential.ts';
import type { PstnCallsSource, RequestPacer } from './pstnCalls.ts';
import { createPstnCallsSource } from './pstnCallsClient.ts';
import { createTokenCache } from './tokenCache.ts';
import { createTransport } from './transport.ts';
import { realWait } from './wait.ts';

export interface GraphDeps {
  /** Shared by all that send to this Graph. */
  pacer: RequestPacer;
  newId: NewId;
  random?: () => number;
  /** Where the identity's settings stand. Default: `process.env`. */
  environment?: Environment;
}

/** The call log of the configured Graph. The log goes with the caller, an invocation or a command. */
export function graphFromConfig(config: Config, deps: GraphDeps): (log: Log) => PstnCallsSource {
  const { pacer, newId, random = Math.random, environment = process.env } = deps;
  const cloud = CLOUDS[config.GRAPH_CLOUD];
  const simulator = config.GRAPH_ENDPOINT;
  if (simulator !== undefined && !isLoopback(simulator)) {
    throw new Error(`GRAPH_ENDPOINT "${simulator}" is not on this machine`);
  }
  const origin = simulator === undefined ? cloud.graphOrigin : new URL(simulator).origin;
  const monotonicNowMs = (): number => performance.now();
  const nowMs = (): number => Date.now();
  const tokens = createTokenCache({
    // Nothing on this machine is ever shown a real token.
    createCredential: () =>
      simulator === undefined
        ? createCredential(environment, cloud.authorityHost)
        : Promise.resolve(simulatorCredential),
    scope: defaultScope(origin),
    nowMs,
  });
  const shared = {
    origin,
    version: config.GRAPH_API_VERSION,
    transport: createTransport({ origin, tokens, loopback: simulator !== undefined }),
    pacer,
    newId,
    random,
    wait: realWait,
    monotonicNowMs,
    nowMs,
    collectGarbage: collectYoung,
  };
  return (log) => createPstnCallsSource({ ...shared, log });
}
