import { expect, it, vi } from 'vitest';
import { collectYoung } from '../../src/runtime/collectYoung.ts';

const MIB = 1024 * 1024;

it('frees buffers that nobody holds any more, though the heap is nearly empty', async () => {
  collectYoung();
  const before = process.memoryUsage().arrayBuffers;
  for (let made = 0; made < 8; made++) Buffer.allocUnsafeSlow(MIB);
  expect(process.memoryUsage().arrayBuffers - before).toBeGreaterThan(4 * MIB);
  collectYoung();
  // They are given back by another thread.
  await vi.waitFor(() => expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(2 * MIB));
});

it('leaves what is in use, and no function behind', () => {
  const held = Buffer.allocUnsafeSlow(MIB).fill(7);
  collectYoung();
  expect(held.every((byte) => byte === 7)).toBe(true);
  expect('gc' in globalThis).toBe(false);
});
