import { describe, expect, it } from 'vitest';
import { lazy } from '../../src/runtime/lazy.ts';

describe('lazy', () => {
  it('makes nothing until somebody asks, and then one thing for all who ask', async () => {
    let made = 0;
    const thing = lazy(() => Promise.resolve(++made));
    expect(thing.ifMade()).toBeUndefined();
    expect(made).toBe(0);
    expect(await Promise.all([thing.get(), thing.get()])).toEqual([1, 1]);
    expect(await thing.get()).toBe(1);
    expect(await thing.ifMade()).toBe(1);
  });

  it('forgets a failure: who waited gets it, who asks later gets another try', async () => {
    const answers = [Promise.reject(new Error('away')), Promise.resolve('there')];
    const thing = lazy(() => answers.shift() ?? Promise.reject(new Error('asked once too often')));
    await expect(Promise.all([thing.get(), thing.get()])).rejects.toThrow('away');
    expect(thing.ifMade()).toBeUndefined();
    expect(await thing.get()).toBe('there');
    expect(await thing.get()).toBe('there');
  });
});
