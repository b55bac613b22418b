import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Heap } from '../../../src/local/serviceBus/heap.ts';

describe('Heap', () => {
  it('gives back in order whatever was pushed in whatever order', () => {
    fc.assert(
      fc.property(fc.array(fc.integer()), (numbers) => {
        const heap = new Heap<number>((a, b) => a < b);
        for (const number of numbers) heap.push(number);
        const popped = numbers.map(() => heap.pop());
        expect(popped).toEqual(numbers.toSorted((a, b) => a - b));
        expect(heap.pop()).toBeUndefined();
      }),
    );
  });

  it('shows the smallest that is left while pushes and pops alternate', () => {
    fc.assert(
      fc.property(fc.array(fc.option(fc.integer())), (steps) => {
        const heap = new Heap<number>((a, b) => a < b);
        let left: number[] = [];
        for (const step of steps) {
          if (step === null) {
            const smallest = left.toSorted((a, b) => a - b)[0];
            expect(heap.pop()).toBe(smallest);
            left = left.toSorted((a, b) => a - b).slice(1);
          } else {
            heap.push(step);
            left.push(step);
          }
          expect(heap.peek()).toBe(left.length === 0 ? undefined : Math.min(...left));
        }
      }),
    );
  });
});
