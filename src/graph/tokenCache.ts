import type { TokenCredential } from '@azure/core-auth';
import { GraphError } from './errors.ts';
import { abortError } from './wait.ts';

export interface TokenCacheOptions {
  /** Makes the credential; called again after a refused token, so that no credential's own cache returns it. */
  createCredential: () => Promise<TokenCredential>;
  scope: string;
  nowMs: () => number;
}

/** The bearer token for Graph, fetched once for all requests that need it at a time. */
export interface TokenCache {
  /** @throws GraphError `credential`, or `AbortError`. */
  get(signal?: AbortSignal): Promise<string>;
  /** Forgets this token, because Graph refused it. Another one that came meanwhile stays. */
  drop(token: string): void;
}

/** A token is renewed so long before its end: a request may be on its way for a while. */
const RENEW_BEFORE_MS = 120_000;
const TOKEN_TIMEOUT_MS = 30_000;

export function createTokenCache({ createCredential, scope, nowMs }: TokenCacheOptions): TokenCache {
  let credential: Promise<TokenCredential> | undefined;
  let current: { token: string; renewAtMs: number } | undefined;
  let pending: Promise<string> | undefined;

  async function fetchToken(): Promise<string> {
    try {
      credential ??= createCredential();
      const options = { requestOptions: { timeout: TOKEN_TIMEOUT_MS } };
      const answer = await (await credential).getToken(scope, options);
      if (answer === null) throw new Error('the credential gave no token');
      current = { token: answer.token, renewAtMs: answer.expiresOnTimestamp - RENEW_BEFORE_MS };
      return answer.token;
    } catch (error) {
      credential = undefined;
      throw credentialError(error);
    } finally {
      pending = undefined;
    }
  }

  return {
    async get(signal) {
      if (current !== undefined && nowMs() < current.renewAtMs) return current.token;
      pending ??= fetchToken();
      return signal === undefined ? pending : orAborted(pending, signal);
    },
    drop(token) {
      if (current?.token !== token) return;
      current = undefined;
      credential = undefined;
    },
  };
}

/** Others may wait for the same token, so it is the waiting that ends, not the request for it. */
function orAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const onAbort = (): void => reject(abortError(signal));
    if (signal.aborted) onAbort();
    signal.addEventListener('abort', onAbort, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort));
  });
}

/**
 * The identity library's messages may name a user, and its errors may carry requests: only their kind and
 * Microsoft Entra's code pass.
 */
function credentialError(error: unknown): GraphError {
  const name = error instanceof Error ? error.name : 'Error';
  const code = error instanceof Error ? /AADSTS\d+/.exec(error.message)?.[0] : undefined;
  const status = error instanceof Error && 'statusCode' in error ? error.statusCode : undefined;
  const refused = typeof status === 'number' && status >= 400 && status < 500 && status !== 429;
  return new GraphError(
    'credential',
    `No token for Microsoft Graph (${name}): in Azure, assign the app's managed identity and set AZURE_CLIENT_ID; elsewhere ` +
      'set AZURE_TENANT_ID, AZURE_CLIENT_ID and AZURE_CLIENT_SECRET or AZURE_CLIENT_CERTIFICATE_PATH of an app registration, ' +
      'or sign in with "az login --service-principal"',
    { code, transient: !refused && code === undefined && name !== 'CredentialUnavailableError' },
  );
}
