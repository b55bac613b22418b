import { describe, expect, it } from 'vitest';
import { atMost } from '../../src/runtime/atMost.ts';

describe('work that is limited', () => {
  it('runs so much at once and no more, in the order it came, and gives its results', async () => {
    const limited = atMost(2);
    const begun: number[] = [];
    const ends: (() => void)[] = [];
    const results = [0, 1, 2, 3].map((i) =>
      limited(async () => {
        begun.push(i);
        await new Promise<void>((resolve) => ends.push(resolve));
        return i * 10;
      }),
    );
    await Promise.resolve();
    expect(begun).toEqual([0, 1]);
    ends[1]?.();
    expect(await results[1]).toBe(10);
    expect(begun).toEqual([0, 1, 2]);
    ends[0]?.();
    ends[2]?.();
    expect(await results[0]).toBe(0);
    expect(begun).toEqual([0, 1, 2, 3]);
    ends[3]?.();
    expect(await Promise.all(results)).toEqual([0, 10, 20, 30]);
  });

  it('goes on after a failure', async () => {
    const limited = atMost(1);
    const failure = limited(() => Promise.reject(new Error('no')));
    const next = limited(() => Promise.resolve('yes'));
    await expect(failure).rejects.toThrow('no');
    expect(await next).toBe('yes');
    expect(await limited(() => Promise.resolve('again'))).toBe('again');
  });
});
