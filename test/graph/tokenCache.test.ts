import type { TokenCredential } from '@azure/core-auth';
import { describe, expect, it } from 'vitest';
import { createTokenCache } from '../../src/graph/tokenCache.ts';

function cacheOf(getToken: TokenCredential['getToken']) {
  let nowMs = 0;
  let credentials = 0;
  const cache = createTokenCache({
    scope: 'https://graph.microsoft.com/.default',
    nowMs: () => nowMs,
    createCredential: () => {
      credentials++;
      return Promise.resolve({ getToken });
    },
  });
  return { cache, credentials: () => credentials, at: (ms: number) => void (nowMs = ms) };
}
const numbered = (expiresOnTimestamp: number) => {
  const scopes: unknown[] = [];
  const getToken: TokenCredential['getToken'] = (scope) => {
    scopes.push(scope);
    return Promise.resolve({ token: `t${scopes.length}`, expiresOnTimestamp });
  };
  return { scopes, getToken };
};

describe('createTokenCache', () => {
  it('asks once for all who need a token at a time', async () => {
    const { scopes, getToken } = numbered(3_600_000);
    const { cache } = cacheOf(getToken);
    expect(await Promise.all([cache.get(), cache.get(), cache.get()])).toEqual(['t1', 't1', 't1']);
    expect(await cache.get()).toBe('t1');
    expect(scopes).toEqual(['https://graph.microsoft.com/.default']);
  });

  it('renews a token two minutes before its end', async () => {
    const { cache, at } = cacheOf(numbered(3_600_000).getToken);
    await cache.get();
    at(3_479_999);
    expect(await cache.get()).toBe('t1');
    at(3_480_000);
    expect(await cache.get()).toBe('t2');
  });

  it('asks a new credential after a refused token, whose own cache would return it', async () => {
    const { cache, credentials } = cacheOf(numbered(3_600_000).getToken);
    const token = await cache.get();
    cache.drop(token);
    expect(await cache.get()).toBe('t2');
    expect(credentials()).toBe(2);
  });

  it('keeps a fresh token when an old one is dropped late', async () => {
    const { cache } = cacheOf(numbered(3_600_000).getToken);
    const old = await cache.get();
    cache.drop(old);
    await cache.get();
    cache.drop(old);
    expect(await cache.get()).toBe('t2');
  });

  it('asks again after a failure', async () => {
    let calls = 0;
    const { cache } = cacheOf(() =>
      ++calls === 1
        ? Promise.reject(new Error('down'))
        : Promise.resolve({ token: 't', expiresOnTimestamp: 9e9 }),
    );
    await expect(cache.get()).rejects.toMatchObject({ kind: 'credential' });
    expect(await cache.get()).toBe('t');
  });

  it('lets one waiter go without ending the request for the others', async () => {
    let give: () => void = () => undefined;
    const { cache } = cacheOf(
      () => new Promise((resolve) => (give = () => resolve({ token: 't', expiresOnTimestamp: 9e9 }))),
    );
    const stop = new AbortController();
    const gone = expect(cache.get(stop.signal)).rejects.toMatchObject({ name: 'AbortError' });
    const stays = cache.get();
    stop.abort();
    await gone;
    give();
    expect(await stays).toBe('t');
  });

  it.each([
    ['no identity', named('CredentialUnavailableError'), false],
    ['a refused secret', Object.assign(named('AuthenticationError'), { statusCode: 401 }), false],
    ['a failing Entra', Object.assign(named('AuthenticationError'), { statusCode: 503 }), true],
    ['a failing network', named('RestError'), true],
  ])('says what to do about %s, and names nobody', async (_name, cause, transient) => {
    const failure = cacheOf(() => Promise.reject(cause)).cache.get();
    await expect(failure).rejects.toMatchObject({ kind: 'credential', transient });
    await expect(failure).rejects.toThrow(/AZURE_CLIENT_ID/);
    await expect(failure).rejects.not.toThrow(/jane/);
  });

  it('tells the code of Microsoft Entra', async () => {
    const cause = new Error('AADSTS7000215: Invalid client secret provided for jane@example.com');
    await expect(cacheOf(() => Promise.reject(cause)).cache.get()).rejects.toMatchObject({
      code: 'AADSTS7000215',
      transient: false,
    });
  });
});

function named(name: string): Error {
  const error = new Error('user jane@example.com failed');
  error.name = name;
  return error;
}
