import { describe, expect, it } from 'vitest';
import { BLOCK_BYTES, BufferPool } from '../../src/landing/bufferPool.ts';

const KIB = 1024;

describe('the memory of a job', () => {
  it('is lent in sizes that double up to a block with room for the line that fills it', () => {
    const pool = new BufferPool(BLOCK_BYTES);
    const sizes = [1, 4 * KIB, 4 * KIB + 1, 700 * KIB, BLOCK_BYTES, BLOCK_BYTES + 1].map(
      (bytes) => pool.lend(bytes).length,
    );
    expect(sizes).toEqual([
      ...[4, 4, 8, 1024].map((size) => size * KIB),
      BLOCK_BYTES,
      BLOCK_BYTES + 64 * KIB,
    ]);
    expect(pool.lend(5_000_000)).toHaveLength(5_000_000);
  });

  it('is lent again when it comes back, and counted while it is lent', () => {
    const pool = new BufferPool(10 * KIB);
    const first = pool.lend(8 * KIB);
    expect(pool.isOverdrawn()).toBe(false);
    const second = pool.lend(4 * KIB);
    expect(pool.lentBytes).toBe(12 * KIB);
    expect(pool.isOverdrawn()).toBe(true);
    pool.giveBack(first);
    expect(pool.lentBytes).toBe(4 * KIB);
    expect(pool.lend(7 * KIB)).toBe(first);
    expect(pool.lend(4 * KIB)).not.toBe(second);
  });

  it('keeps no more ready than may be lent', () => {
    const pool = new BufferPool(10 * KIB);
    const buffers = [pool.lend(8 * KIB), pool.lend(8 * KIB)];
    for (const buffer of buffers) pool.giveBack(buffer);
    expect(pool.lend(8 * KIB)).toBe(buffers[0]);
    expect(pool.lend(8 * KIB)).not.toBe(buffers[1]);
  });
});
