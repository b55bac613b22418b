import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { GraphErrorKind } from '../../src/graph/errors.ts';
import {
  backoffMs,
  decideRetry,
  MAX_TRIES,
  TRIES_WITHIN_MS,
  type FailedTry,
} from '../../src/graph/retryStrategy.ts';

const failed = (kind: GraphErrorKind, more: Partial<FailedTry> & { retryAfterMs?: number } = {}) =>
  decideRetry({
    tries: 1,
    elapsedMs: 0,
    tokenWasRenewed: false,
    random: 0,
    ...more,
    error: { kind, retryAfterMs: more.retryAfterMs },
  });

describe('decideRetry', () => {
  it.each<[GraphErrorKind]>([
    ['throttled'],
    ['server'],
    ['network'],
    ['timeout'],
    ['badPage'],
    ['badLink'],
    ['redirect'],
  ])('tries again after %s, four times in all', (kind) => {
    expect(failed(kind, { tries: MAX_TRIES - 1 }).again).toBe(true);
    expect(failed(kind, { tries: MAX_TRIES })).toEqual({ again: false });
  });

  it.each<[GraphErrorKind]>([
    ['credential'],
    ['forbidden'],
    ['notFound'],
    ['rangeTooWide'],
    ['refused'],
    ['budget'],
  ])('does not repeat what ended in %s', (kind) => {
    expect(failed(kind)).toEqual({ again: false });
  });

  it('tries again at once with a fresh token, and only once', () => {
    expect(failed('unauthorized')).toEqual({ again: true, delayMs: 0 });
    expect(failed('unauthorized', { tokenWasRenewed: true })).toEqual({ again: false });
  });

  it('waits as long as the server says', () => {
    expect(failed('throttled', { retryAfterMs: 17_000 })).toEqual({ again: true, delayMs: 17_000 });
    expect(failed('server', { retryAfterMs: 100 })).toEqual({ again: true, delayMs: 100 });
  });

  it('ends where the server asks for more than is left of the minute', () => {
    const elapsedMs = 20_000;
    expect(failed('throttled', { elapsedMs, retryAfterMs: TRIES_WITHIN_MS - elapsedMs }).again).toBe(true);
    expect(failed('throttled', { elapsedMs, retryAfterMs: TRIES_WITHIN_MS - elapsedMs + 1 }).again).toBe(
      false,
    );
  });

  it('ends when the minute is over', () => {
    expect(failed('network', { elapsedMs: TRIES_WITHIN_MS })).toEqual({ again: false });
  });

  it('never decides for a delay below what the server said, nor beyond the minute', () => {
    fc.assert(
      fc.property(
        fc.record({
          tries: fc.integer({ min: 1, max: 6 }),
          elapsedMs: fc.integer({ min: 0, max: 90_000 }),
          retryAfterMs: fc.option(fc.integer({ min: 0, max: 90_000 }), { nil: undefined }),
          random: fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
        }),
        ({ retryAfterMs, ...rest }) => {
          const error = { kind: 'server' as const, retryAfterMs };
          const decision = decideRetry({ ...rest, tokenWasRenewed: false, error });
          if (!decision.again) return;
          expect(rest.tries).toBeLessThan(MAX_TRIES);
          expect(decision.delayMs).toBeGreaterThanOrEqual(retryAfterMs ?? 1);
          expect(rest.elapsedMs + decision.delayMs).toBeLessThanOrEqual(TRIES_WITHIN_MS);
        },
      ),
    );
  });
});

describe('backoffMs', () => {
  it('grows threefold, and takes off at most a half at random', () => {
    expect([1, 2, 3].map((n) => backoffMs(n, 0))).toEqual([1_000, 3_000, 9_000]);
    expect([1, 2, 3].map((n) => backoffMs(n, 0.999999))).toEqual([501, 1_501, 4_501]);
  });
});
