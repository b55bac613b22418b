import { describe, expect, it } from 'vitest';
import { randomOf } from './random.ts';

describe('a stream of random choices', () => {
  it('is the same for the same seed, and another one for another', () => {
    const draw = (seed: number): number[] => {
      const random = randomOf(seed);
      return Array.from({ length: 8 }, () => random.unit());
    };
    expect(draw(7)).toEqual(draw(7));
    expect(draw(7)).not.toEqual(draw(8));
  });

  it('is not changed by what is drawn from a fork', () => {
    const alone = randomOf(3);
    const forked = randomOf(3);
    forked.fork('other').unit();
    expect(forked.unit()).toBe(alone.unit());
  });

  it('gives every number of a range, and none beside it', () => {
    const random = randomOf(1);
    const drawn = Array.from({ length: 500 }, () => random.between(3, 6));
    expect([...new Set(drawn)].sort()).toEqual([3, 4, 5, 6]);
    const small = Array.from({ length: 2_000 }, () => random.small(50));
    expect(Math.min(...small)).toBe(0);
    expect(Math.max(...small)).toBe(49);
  });
});
