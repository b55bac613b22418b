import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { EMPTY_DIGEST, LineDigest, sha256 } from '../../src/landing/digest.ts';
import { digestOf } from '../support/landingWorld.ts';

const digest = (lines: readonly string[]): string => {
  const sum = new LineDigest();
  for (const line of lines) sum.add(sha256(line));
  return sum.hex();
};

describe('the digest of lines', () => {
  it('is the sum modulo 2^256 of the SHA-256 of each line', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: 'grapheme' })), (lines) => {
        expect(digest(lines)).toBe(digestOf(lines));
      }),
    );
  });

  it('is the hash itself for one line, and zeros for none', () => {
    expect(digest(['abc'])).toBe(createHash('sha256').update('abc').digest('hex'));
    expect(digest([])).toBe(EMPTY_DIGEST);
  });

  it('does not depend on the order', () => {
    const shuffled = fc
      .array(fc.string())
      .chain((lines) =>
        fc.tuple(fc.constant(lines), fc.shuffledSubarray(lines, { minLength: lines.length })),
      );
    fc.assert(
      fc.property(shuffled, ([lines, other]) => {
        expect(digest(other)).toBe(digest(lines));
      }),
    );
  });

  it('tells two equal lines from none', () => {
    expect(digest(['a', 'a'])).not.toBe(EMPTY_DIGEST);
  });

  it('forgets a line that is taken out again, also below zero in between', () => {
    const sum = new LineDigest();
    sum.remove(sha256('b'));
    sum.add(sha256('a'));
    sum.add(sha256('b'));
    expect(sum.hex()).toBe(digest(['a']));
  });

  it('stays exact over more lines than one carry holds', () => {
    const sum = new LineDigest();
    const ones = '\xff'.repeat(32);
    const count = 2 ** 20 + 3;
    for (let index = 0; index < count; index++) sum.add(ones);
    const expected = (BigInt(count) * (2n ** 256n - 1n)) % 2n ** 256n;
    expect(sum.hex()).toBe(expected.toString(16).padStart(64, '0'));
  });
});
