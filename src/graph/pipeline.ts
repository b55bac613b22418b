import {
  createEmptyPipeline,
  proxyPolicy,
  setClientRequestIdPolicy,
  userAgentPolicy,
  type Pipeline,
} from '@azure/core-rest-pipeline';
import { authorizationPolicy } from './authorizationPolicy.ts';
import type { TokenCache } from './tokenCache.ts';

export interface GraphPipelineOptions {
  /** The only origin that is asked. */
  origin: string;
  tokens: TokenCache;
  /** A simulator on this machine: no proxy lies between. */
  loopback: boolean;
}

/**
 * The steps of a request, our own only: the library's default retries would send without a permit, and its
 * redirects would carry the token away.
 */
export function createGraphPipeline({ origin, tokens, loopback }: GraphPipelineOptions): Pipeline {
  const pipeline = createEmptyPipeline();
  pipeline.addPolicy(userAgentPolicy({ userAgentPrefix: 'teams-pstn-usage-pipeline' }));
  pipeline.addPolicy(setClientRequestIdPolicy('client-request-id'));
  if (!loopback) pipeline.addPolicy(proxyPolicy());
  pipeline.addPolicy(authorizationPolicy(origin, tokens));
  return pipeline;
}
