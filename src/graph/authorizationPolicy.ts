import type { PipelinePolicy } from '@azure/core-rest-pipeline';
import { GraphError } from './errors.ts';
import { staysOn } from './readPage.ts';
import type { TokenCache } from './tokenCache.ts';

/**
 * Adds the bearer token to requests for `origin` and lets no other request out. A token that is refused (401)
 * is dropped, so that the next request brings a fresh one; that request is the caller's to send, because every
 * request needs its permit.
 */
export function authorizationPolicy(origin: string, tokens: TokenCache): PipelinePolicy {
  return {
    name: 'graphAuthorizationPolicy',
    async sendRequest(request, next) {
      if (!staysOn(origin, request.url)) {
        throw new GraphError(
          'badLink',
          `Only ${origin} is ever asked: a request to another address was not sent`,
          { transient: false },
        );
      }
      const signal = request.abortSignal instanceof AbortSignal ? request.abortSignal : undefined;
      const token = await tokens.get(signal);
      request.headers.set('Authorization', `Bearer ${token}`);
      const response = await next(request);
      if (response.status === 401) tokens.drop(token);
      return response;
    },
  };
}
