import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BREAKDOWN_DIMENSIONS } from '../../src/totals/breakdown.ts';
import {
  BREAKDOWN_KEY_END,
  BREAKDOWN_KEY_PREFIX,
  breakdownKey,
  keyPart,
  MAX_KEY_PART_LENGTH,
  totalsKey,
} from '../../src/totals/tableKey.ts';

/** Any UTF-16, unpaired surrogates included, with a liking for what is encoded. */
const anyText = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc
    .array(
      fc.oneof(
        fc.constantFrom('/', '\\', '#', '?', '%', '|', '!', '-', '---', '~', '%2F', '\ud83d\ude00', '\u2028'),
        fc.integer({ min: 0, max: 0xffff }).map((unit) => String.fromCharCode(unit)),
        fc.constant('x'.repeat(70)),
      ),
      { maxLength: 8 },
    )
    .map((parts) => parts.join('')),
);
const anyPart = fc.option(anyText, { nil: null });

describe('keys of totals', () => {
  it.each([
    ['user-1', 'USD', 'user-1|USD'],
    [null, null, '-|---'],
    ['-', '---', '%2D|%2D%2D%2D'],
    ['--', '--', '--|--'],
    ['---', '-', '%2D%2D%2D|%2D'],
    ['a/b\\c#d?e%f|g', 'E!UR', 'a%2Fb%5Cc%23d%3Fe%25f%7Cg|E!UR'],
    ['!day', '!', '%21day|%21'],
    ['\u0000\n\u007f\u0085', 'X', '%00%0A%7F%C2%85|X'],
    ['é😀', '€', 'é😀|€'],
    ['\ud83d', '\u2028', '%ED%A0%BD|%E2%80%A8'],
  ])('of user %j and currency %j is %s', (userId, currency, key) => {
    expect(totalsKey(userId, currency)).toBe(key);
  });

  it('cut what is too long, and end it in the SHA-256 of the value', () => {
    const long = 'u'.repeat(40_000);
    expect(keyPart(long, '-')).toMatch(/^u{135}~[0-9a-f]{64}$/);
    expect(keyPart(`${long}v`, '-')).not.toBe(keyPart(long, '-'));
    expect(keyPart('u'.repeat(200), '-')).toBe('u'.repeat(200));
  });

  it('never cut a character or an escape in two', () => {
    expect(keyPart(`x${'😀'.repeat(200)}`, '-')).toMatch(/^x(😀){67}~/u);
    expect(keyPart(`x${'/'.repeat(200)}`, '-')).toMatch(/^x(%2F){44}~/);
  });

  it('tell a long value from a short one that looks like its cut form', () => {
    const cut = keyPart('u'.repeat(300), '-');
    expect(keyPart(cut, '-')).not.toBe(cut);
  });

  it('differ for different users and currencies, whatever these are', () => {
    fc.assert(
      fc.property(anyPart, anyPart, anyPart, anyPart, (user1, currency1, user2, currency2) => {
        const same = user1 === user2 && currency1 === currency2;
        expect(totalsKey(user1, currency1) === totalsKey(user2, currency2)).toBe(same);
      }),
      { numRuns: 2_000 },
    );
  });

  it('are fit for the table, whatever users and currencies are', () => {
    fc.assert(
      fc.property(anyPart, anyPart, (user, currency) => {
        const key = totalsKey(user, currency);
        expect(key).not.toMatch(/[/\\#?\p{Cc}\p{Surrogate}]|^!/u);
        expect(key.length).toBeLessThanOrEqual(2 * MAX_KEY_PART_LENGTH + 1);
        expect(key.split('|')).toHaveLength(2);
        // The client percent-encodes keys into addresses: this must not throw.
        expect(decodeURIComponent(encodeURIComponent(key))).toBe(key);
      }),
      { numRuns: 2_000 },
    );
  });
});

describe('keys of breakdowns', () => {
  it.each([
    ['user_out', 'USD', '!by|callType|user_out|USD'],
    [null, null, '!by|callType|-|---'],
    ['-', '-', '!by|callType|%2D|%2D'],
    ['a|b/c', '!', '!by|callType|a%7Cb%2Fc|%21'],
  ])('of value %j and currency %j is %s', (value, currency, key) => {
    expect(breakdownKey('callType', value, currency)).toBe(key);
  });

  it('stand in one range of the table, which no other key is in', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...BREAKDOWN_DIMENSIONS),
        anyPart,
        anyPart,
        (dimension, value, currency) => {
          const key = breakdownKey(dimension, value, currency);
          expect(key >= BREAKDOWN_KEY_PREFIX && key < BREAKDOWN_KEY_END).toBe(true);
          expect(key.length).toBeLessThanOrEqual(512);
        },
      ),
    );
    for (const other of ['!day', '!restated|1', totalsKey('!by|x', null)]) {
      expect(other >= BREAKDOWN_KEY_PREFIX && other < BREAKDOWN_KEY_END).toBe(false);
    }
  });

  it('differ for different values, whatever these are', () => {
    fc.assert(
      fc.property(anyPart, anyPart, anyPart, anyPart, (value1, currency1, value2, currency2) => {
        const same = value1 === value2 && currency1 === currency2;
        const [a, b] = [
          breakdownKey('operator', value1, currency1),
          breakdownKey('operator', value2, currency2),
        ];
        expect(a === b).toBe(same);
      }),
      { numRuns: 2_000 },
    );
  });
});
