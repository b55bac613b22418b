import { describe, expect, it } from 'vitest';
import { confirmDelayMs, doubtedOf, isTooMuch, witnessOf } from '../../src/landing/decideShrink.ts';
import type { Claim } from '../../src/windows/ledger.ts';

const HOUR = 3_600_000;
const AT = Date.parse('2026-11-24T10:00:00Z');
const claimAt = (atMs: number, number = 7): Claim => ({ number, atMs, alone: new Map() });
const shrunk = (atMs: number, shrunkClaim = 5) => ({ shrunkAt: new Date(atMs).toISOString(), shrunkClaim });

describe('too much to be believed at once', () => {
  it.each([
    { rows: 10, doubtful: 10, tooMuch: false },
    { rows: 11, doubtful: 11, tooMuch: true },
    { rows: 200, doubtful: 10, tooMuch: false },
    { rows: 200, doubtful: 11, tooMuch: true },
    { rows: 220, doubtful: 11, tooMuch: false },
    { rows: 219, doubtful: 11, tooMuch: true },
    { rows: 20_000, doubtful: 1_000, tooMuch: false },
    { rows: 20_000, doubtful: 1_001, tooMuch: true },
    { rows: 0, doubtful: 0, tooMuch: false },
  ])('is more than max(10, 5 %): $doubtful of $rows', ({ tooMuch, ...loss }) => {
    expect(isTooMuch(loss)).toBe(tooMuch);
  });
});

describe('what is kept aside', () => {
  const full = { rows: 1_000, doubtful: 0 };

  it('is nothing as long as neither a window nor all together lack too much', () => {
    expect(doubtedOf([{ rows: 5, doubtful: 5 }, { rows: 5, doubtful: 5 }, full])).toEqual([]);
    expect(doubtedOf([])).toEqual([]);
  });

  it('is every window that lacks, if one of them lacks too much', () => {
    const [much, little] = [
      { rows: 100, doubtful: 100 },
      { rows: 100_000, doubtful: 1 },
    ];
    expect(doubtedOf([full, much, little])).toEqual([much, little]);
  });

  it('is every window that lacks, if all together lack too much', () => {
    const small = Array.from({ length: 11 }, () => ({ rows: 2, doubtful: 1 }));
    expect(doubtedOf([...small, { rows: 9, doubtful: 0 }])).toEqual(small);
    expect(doubtedOf(small.slice(1))).toEqual([]);
  });
});

describe('the read that confirms', () => {
  it('claims at least the time to wait after the one that first lost rows', () => {
    expect(witnessOf(shrunk(AT), claimAt(AT + HOUR), HOUR)).toBe('old');
    expect(witnessOf(shrunk(AT), claimAt(AT + HOUR - 1), HOUR)).toBe('young');
  });

  it('is any later one where no time is to be waited, whatever the clocks say', () => {
    expect(witnessOf(shrunk(AT), claimAt(AT), 0)).toBe('old');
    expect(witnessOf(shrunk(AT), claimAt(AT - HOUR), 0)).toBe('old');
    expect(witnessOf(shrunk(AT, 7), claimAt(AT, 7), 0)).toBe('none');
    expect(witnessOf(shrunk(AT, 8), claimAt(AT + HOUR, 7), HOUR)).toBe('none');
  });

  it('needs one that went before', () => {
    expect(witnessOf(undefined, claimAt(AT), 0)).toBe('none');
    expect(witnessOf({}, claimAt(AT), 0)).toBe('none');
  });

  it('is not kept waiting for good by a clock that ran years ahead once', () => {
    expect(witnessOf(shrunk(AT + 10_000 * HOUR), claimAt(AT), HOUR)).toBe('old');
  });
});

describe('a confirming job', () => {
  const delay = (witness: 'none' | 'young' | 'old', claimedMs: number) =>
    confirmDelayMs(witness, shrunk(AT), claimAt(claimedMs), HOUR);

  it('is sent by the first read that lost rows', () => {
    expect(confirmDelayMs('none', undefined, claimAt(AT), HOUR)).toBe(HOUR);
  });

  it('is on its way when another read loses rows soon afterwards', () => {
    expect(delay('young', AT)).toBeUndefined();
    expect(delay('young', AT + HOUR / 2 - 1)).toBeUndefined();
  });

  it('is sent once more for the time that is left, if it came early by the clock of its worker', () => {
    expect(delay('young', AT + HOUR - 60_000)).toBe(60_000);
  });

  it('is sent anew when the second read lacks other rows than the first', () => {
    expect(delay('old', AT + HOUR)).toBe(HOUR);
  });
});
