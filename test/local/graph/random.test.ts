import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { STREAM, randomOf } from '../../../src/local/graph/random.ts';

describe('randomOf', () => {
  const first = (...numbers: Parameters<typeof randomOf>): string => randomOf(...numbers).hex(32);

  it('gives the same numbers for the same seed, stream and place', () => {
    fc.assert(
      fc.property(fc.integer(), fc.integer(), fc.integer(), (seed, a, b) => {
        expect(first(seed, STREAM.row, a, b)).toBe(first(seed, STREAM.row, a, b));
      }),
    );
  });

  it('gives other numbers as soon as one of them differs', () => {
    const made = [
      first(1, STREAM.row, 1, 1),
      first(2, STREAM.row, 1, 1),
      first(1, STREAM.day, 1, 1),
      first(1, STREAM.row, 2, 1),
      first(1, STREAM.row, 1, 2),
    ];
    expect(new Set(made).size).toBe(made.length);
  });

  it('makes version 4 UUIDs', () => {
    const random = randomOf(7, STREAM.row);
    for (let made = 0; made < 100; made += 1) {
      expect(random.guid()).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    }
  });

  it.each([0, 0.3, 4, 29, 31, 5_000])('counts %d events on average where so many are expected', (mean) => {
    const random = randomOf(3, STREAM.day);
    const draws = 2_000;
    let total = 0;
    for (let draw = 0; draw < draws; draw += 1) total += random.count(mean);
    expect(Math.abs(total / draws - mean)).toBeLessThanOrEqual(5 * Math.sqrt(mean / draws));
  });

  it('chooses by weight, and never what weighs nothing', () => {
    const random = randomOf(5, STREAM.row);
    const items = [
      { name: 'never', weight: 0 },
      { name: 'seldom', weight: 1 },
      { name: 'often', weight: 9 },
    ];
    const chosen = Array.from({ length: 5_000 }, () => random.weighted(items).name);
    expect(chosen).not.toContain('never');
    expect(chosen.filter((name) => name === 'seldom').length).toBeGreaterThan(400);
    expect(chosen.filter((name) => name === 'seldom').length).toBeLessThan(600);
  });

  it('says so when there is nothing to choose from', () => {
    expect(() => randomOf(1, STREAM.row).pick([])).toThrow(/list is empty/);
  });
});
