import { describe, expect, it } from 'vitest';
import { abortError, realWait } from '../../src/graph/wait.ts';

describe('realWait', () => {
  it('ends with an AbortError when it is stopped, also where a timer could not last so long', async () => {
    const stop = new AbortController();
    const waiting = expect(realWait(Number.MAX_SAFE_INTEGER, stop.signal)).rejects.toMatchObject({
      name: 'AbortError',
    });
    setImmediate(() => stop.abort());
    await waiting;
  });

  it('resolves when the time has passed', async () => {
    await expect(realWait(0.5)).resolves.toBeUndefined();
  });
});

describe('abortError', () => {
  it('passes on an AbortError and wraps any other reason', () => {
    const own = AbortSignal.abort();
    expect(abortError(own)).toBe(own.reason);
    expect(abortError(AbortSignal.abort('late'))).toMatchObject({ name: 'AbortError', cause: 'late' });
  });
});
