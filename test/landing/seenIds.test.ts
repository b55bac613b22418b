import { randomUUID } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { sha256 } from '../../src/landing/digest.ts';
import { SeenIds } from '../../src/landing/seenIds.ts';

const GUID = '3f2504e0-4f89-41d3-9a0c-0305e82c3301';

describe('the ids that a job has seen', () => {
  it('tells a new row, the same one again, and a different one of the same id', () => {
    const seen = new SeenIds();
    expect(seen.add(GUID, sha256('row'))).toBe('new');
    expect(seen.add(GUID, sha256('row'))).toBe('same');
    expect(seen.add(GUID, sha256('other row'))).toBe('different');
    expect(seen.add(GUID, sha256('row'))).toBe('same');
    expect(seen.size).toBe(1);
  });

  it('remembers which row had the id first', () => {
    const seen = new SeenIds();
    seen.add(GUID, sha256('row'));
    expect(seen.has(GUID, sha256('row'))).toBe(true);
    expect(seen.has(GUID, sha256('other row'))).toBe(false);
    expect(seen.has('another id', sha256('row'))).toBe(false);
  });

  it('answers as a plain map does', () => {
    const key = fc.oneof(
      fc.uuid(),
      fc.uuid().map((id) => id.toUpperCase()),
      fc.constantFrom('', 'a', 'b', GUID, GUID.toUpperCase()),
      fc
        .integer({ min: 0, max: 20 })
        .map((digit) => `3f2504e0-4f89-41d3-9a0c-${String(digit).padStart(12, '0')}`),
    );
    const sightings = fc.array(fc.tuple(key, fc.constantFrom('x', 'y')), { maxLength: 200 });
    fc.assert(
      fc.property(sightings, (rows) => {
        const seen = new SeenIds();
        const oracle = new Map<string, string>();
        for (const [id, row] of rows) {
          const before = oracle.get(id);
          if (before === undefined) oracle.set(id, row);
          const expected = before === undefined ? 'new' : before === row ? 'same' : 'different';
          expect(seen.add(id, sha256(row))).toBe(expected);
        }
        expect(seen.size).toBe(oracle.size);
      }),
    );
  });

  it('knows a key by its bytes as by its text, wherever they stand, however near it is to a GUID', () => {
    const near = fc
      .tuple(fc.nat(35), fc.constantFrom(...Array.from('0fgAF-_ "'), '', '00', '\u00e9', '\u0130'))
      .map(([at, other]) => GUID.slice(0, at) + other + GUID.slice(at + 1));
    const key = fc.oneof(
      near,
      fc.uuid(),
      fc.string({ unit: 'grapheme' }),
      fc.constantFrom(GUID, `${GUID}0`, GUID.slice(0, 35), '0'.repeat(36)),
    );
    const place = fc.record({
      key,
      row: fc.constantFrom('x', 'y'),
      before: fc.constantFrom('', '"', GUID),
      after: fc.constantFrom('"', '1'),
    });
    fc.assert(
      fc.property(fc.array(place, { maxLength: 50 }), (rows) => {
        const [byText, byBytes] = [new SeenIds(), new SeenIds()];
        const keys = new Set<string>();
        for (const { key, row, before, after } of rows) {
          const [from, length] = [Buffer.byteLength(before), Buffer.byteLength(key)];
          const bytes = Buffer.from(`${before}${key}${after}`);
          const sighting = byText.add(key, sha256(row));
          expect(byBytes.addFrom(bytes, from, from + length, sha256(row))).toBe(sighting);
          expect(sighting === 'new').toBe(!keys.has(key));
          keys.add(key);
          expect([byText.hasKey(key), byBytes.hasKey(key)]).toEqual([true, true]);
        }
        expect(byBytes.size).toBe(keys.size);
      }),
    );
  });

  it('forgets none of 100,000, in at most 40 bytes each', () => {
    const seen = new SeenIds();
    const ids = Array.from({ length: 100_000 }, (_, index) =>
      index % 2 === 0 ? randomUUID() : `3f2504e0-4f89-41d3-9a0c-${String(index).padStart(12, '0')}`,
    );
    const hash = sha256('row');
    let most = 0;
    ids.forEach((id, index) => {
      if (seen.add(id, hash) !== 'new') throw new Error(`${id} taken for another`);
      if (index > 20_000) most = Math.max(most, seen.bytes / (index + 1));
    });
    expect(ids.every((id) => seen.add(id, hash) === 'same')).toBe(true);
    expect(most).toBeLessThanOrEqual(40);
  });
});
