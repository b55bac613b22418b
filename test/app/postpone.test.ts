import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decideStopped, MAX_POSTPONED } from '../../src/app/postpone.ts';
import { GraphError, type GraphErrorKind } from '../../src/graph/errors.ts';
import { StorageUnreachableError } from '../../src/storage/blobs.ts';

const MINUTE_MS = 60_000;
const failed = (kind: GraphErrorKind, retryAfterMs?: number) => new GraphError(kind, 'x', { retryAfterMs });

describe('a job that was stopped', () => {
  it('by an outage is sent anew soon, then after 1, 2, 4 ... minutes, half an hour at most', () => {
    const minutes: number[] = [];
    for (let tries = 0; tries < MAX_POSTPONED; tries += 1) {
      const decision = decideStopped(failed('network'), tries);
      expect(decision).toMatchObject({ kind: 'postpone', tries: tries + 1 });
      if (decision.kind === 'postpone') minutes.push(decision.delayMs / MINUTE_MS);
    }
    expect(minutes.slice(0, 9)).toEqual([0.25, 0.5, 1, 2, 4, 8, 16, 30, 30]);
    expect(minutes.reduce((sum, one) => sum + one, 0) / 60).toBeCloseTo(7, 0);
  });

  it('with the time when to come back comes then, and later if it is told so again', () => {
    const throttled = failed('throttled', 5_000);
    expect(decideStopped(throttled, 0)).toEqual({ kind: 'postpone', delayMs: 5_000, tries: 1 });
    expect(decideStopped(throttled, 5)).toEqual({ kind: 'postpone', delayMs: 4 * MINUTE_MS, tries: 6 });
    expect(decideStopped(failed('throttled', 90 * MINUTE_MS), 3)).toMatchObject({ delayMs: 90 * MINUTE_MS });
  });

  it('by our own pace comes as soon as there is room, and later each time that there is none', () => {
    expect(decideStopped(failed('budget', 70_000), 0)).toEqual({
      kind: 'postpone',
      delayMs: 70_000,
      tries: 1,
    });
    expect(decideStopped(failed('budget', 70_000), 9)).toEqual({
      kind: 'postpone',
      delayMs: 1_800_000,
      tries: 10,
    });
  });

  it('for the twentieth time fails for good', () => {
    for (const error of [failed('server'), failed('throttled', 1_000), failed('budget', 1_000)]) {
      expect(decideStopped(error, MAX_POSTPONED)).toEqual({ kind: 'fail' });
    }
  });

  it('by what only a person can mend fails for good at once', () => {
    for (const kind of ['forbidden', 'rangeTooWide', 'credential'] as const) {
      expect(decideStopped(failed(kind), 0)).toEqual({ kind: 'fail' });
    }
  });

  it('by anything else, such as a storage that cannot be reached, is left to the queue', () => {
    for (const error of [new StorageUnreachableError('x'), new Error('x'), AbortSignal.abort().reason]) {
      expect(decideStopped(error, 5)).toEqual({ kind: 'giveBack' });
    }
  });

  it('always ends: each message that is sent anew counts, and none comes before it may', () => {
    fc.assert(
      fc.property(fc.nat({ max: 25 }), fc.option(fc.nat(), { nil: undefined }), (tries, askedMs) => {
        const decision = decideStopped(failed('throttled', askedMs), tries);
        expect(decision.kind === 'fail').toBe(tries >= MAX_POSTPONED);
        if (decision.kind === 'postpone') {
          expect(decision.tries).toBe(tries + 1);
          expect(decision.delayMs).toBeGreaterThanOrEqual(askedMs ?? 1);
        }
      }),
    );
  });
});
