import { describe, expect, it } from 'vitest';
import { inParallel } from '../../src/runtime/inParallel.ts';

const items = [1, 2, 3, 4, 5, 6, 7];

describe('inParallel', () => {
  it('does everything, at most so many at a time', async () => {
    const done: number[] = [];
    let running = 0;
    let most = 0;
    await inParallel(items, 3, async (item) => {
      most = Math.max(most, ++running);
      await Promise.resolve();
      done.push(item);
      running -= 1;
    });
    expect(done.sort()).toEqual(items);
    expect(most).toBe(3);
  });

  it('begins nothing after a failure, and leaves nothing running when it throws', async () => {
    const begun: number[] = [];
    let running = 0;
    const work = async (item: number): Promise<void> => {
      begun.push(item);
      running += 1;
      for (let turns = 0; turns < item; turns++) await Promise.resolve();
      running -= 1;
      if (item === 2) throw new Error('two');
    };
    await expect(inParallel(items, 3, work)).rejects.toThrow('two');
    expect(running).toBe(0);
    expect(begun).toEqual([1, 2, 3, 4]);
  });
});
