import { describe, expect, it } from 'vitest';
import { BLOCK_BYTES, BufferPool } from '../../src/landing/bufferPool.ts';
import { sha256 } from '../../src/landing/digest.ts';
import { LineSpool, relieve } from '../../src/landing/lineSpool.ts';
import { digestOf } from '../support/landingWorld.ts';
import { memoryContainer } from '../support/memoryBlobs.ts';

const MIB = 1024 * 1024;

function setUp(limitBytes = 8 * MIB) {
  const container = memoryContainer('pstn-raw');
  const pool = new BufferPool(limitBytes);
  const spool = (nonce = '0123456789abcdef', blobName = 'blob') =>
    new LineSpool({ container, blobName, claim: 7, nonce }, pool);
  return { container, pool, spool };
}

function append(spool: LineSpool, ...lines: string[]): void {
  for (const line of lines) spool.accept(spool.write(line).length, sha256(line));
}

describe('the lines of one blob', () => {
  it('become the blob when they are committed, in one block or in several', async () => {
    const { container, spool } = setUp();
    const lines = spool();
    append(lines, 'one', 'zwei \u00e4');
    await lines.stage();
    append(lines, 'three');
    expect(container.blobs.size).toBe(0);
    await lines.commit({});
    expect(container.text('blob')).toBe('one\nzwei \u00e4\nthree\n');
    expect(lines.rows).toBe(3);
    expect(lines.digest).toBe(digestOf(['one', 'zwei \u00e4', 'three']));
  });

  it('without any make an empty blob', async () => {
    const { container, spool } = setUp();
    await spool().commit({});
    expect(container.text('blob')).toBe('');
  });

  it('that all wait are put with one call', async () => {
    const { container, spool } = setUp();
    const lines = spool();
    append(lines, 'one');
    await lines.commit({ condition: 'absent' });
    expect(container.text('blob')).toBe('one\n');
    expect(container.staged.size).toBe(0);
  });

  it('get over blocks that a dead read has left where no blob is, in a store that takes these for one', async () => {
    const container = memoryContainer('pstn-raw', { semantics: 'azurite' });
    const spool = (nonce: string) =>
      new LineSpool({ container, blobName: 'blob', claim: 7, nonce }, new BufferPool(MIB));
    const dead = spool('dddddddddddddddd');
    append(dead, 'dead');
    await dead.stage();
    const lines = spool('aaaaaaaaaaaaaaaa');
    append(lines, 'alive');
    await expect(lines.commit({ condition: 'absent' })).rejects.toMatchObject({ status: 409 });
    expect(await container.properties('blob')).toBeUndefined();
    await lines.commit({ condition: 'absent' });
    expect(container.text('blob')).toBe('alive\n');
  });

  it('never mix with those of another read, even under the same claim', async () => {
    const { container, spool } = setUp();
    const mine = spool('aaaaaaaaaaaaaaaa');
    const other = spool('bbbbbbbbbbbbbbbb');
    append(mine, 'mine');
    await mine.stage();
    append(other, 'other');
    await other.stage();
    await mine.commit({});
    expect(container.text('blob')).toBe('mine\n');
  });

  it('have block ids of one length, whatever the claim', async () => {
    const { container, spool } = setUp();
    append(spool(), 'a');
    const large = new LineSpool(
      { container, blobName: 'blob', claim: 2 ** 31 - 1, nonce: 'f'.repeat(16) },
      new BufferPool(MIB),
    );
    append(large, 'b');
    const small = spool();
    append(small, 'a');
    await small.stage();
    await large.stage();
    expect([...(container.staged.get('blob')?.keys() ?? [])].map((id) => id.length)).toEqual([32, 32]);
  });

  it('can be committed again after a refusal', async () => {
    const { container, spool } = setUp();
    const lines = spool();
    append(lines, 'one');
    await container.put('blob', Buffer.from('other'));
    await expect(lines.commit({ condition: 'absent' })).rejects.toThrow('exists');
    container.staged.clear();
    await lines.commit({});
    expect(container.text('blob')).toBe('one\n');
  });

  it('are taken out again while they wait', async () => {
    const { container, spool } = setUp();
    const lines = spool();
    append(lines, 'one', 'two', 'three');
    expect(lines.remove((hashed) => hashed === sha256('two'))).toBe(true);
    expect(lines.remove((hashed) => hashed === sha256('two'))).toBe(false);
    await lines.commit({});
    expect(container.text('blob')).toBe('one\nthree\n');
    expect(lines.digest).toBe(digestOf(['one', 'three']));
    expect(lines.rows).toBe(2);
  });

  it('may be longer than a block', async () => {
    const { container, spool } = setUp();
    const lines = spool();
    const long = 'x'.repeat(3 * BLOCK_BYTES);
    append(lines, 'one', long, 'three');
    await lines.commit({});
    expect(container.text('blob')).toBe(`one\n${long}\nthree\n`);
  });
});

describe('the memory that waiting lines hold', () => {
  it('is given back by full blocks', async () => {
    const { pool, spool, container } = setUp();
    const lines = spool();
    const lineBytes = 1001;
    const count = Math.ceil((3 * BLOCK_BYTES) / lineBytes);
    for (let added = 0; added < count; added++) {
      append(lines, 'x'.repeat(lineBytes - 1));
      if (lines.isFull) await relieve([lines], pool);
    }
    expect(pool.lentBytes).toBeLessThan(1.1 * BLOCK_BYTES);
    await lines.commit({});
    expect(container.blobs.get('blob')?.content.length).toBe(count * lineBytes);
  });

  it('stays within the limit over many blobs, the largest being staged first', async () => {
    const limit = 100_000;
    const { pool, spool, container } = setUp(limit);
    const spools = Array.from({ length: 20 }, (_, index) => spool(undefined, `blob${index}`));
    let most = 0;
    for (let count = 0; count < 2_000; count++) {
      const chosen = spools[(count * count) % spools.length];
      if (chosen === undefined) throw new Error('no such spool');
      append(chosen, `${count} ${'x'.repeat(500)}`);
      if (pool.isOverdrawn()) await relieve(spools, pool);
      most = Math.max(most, pool.lentBytes);
    }
    expect(most).toBeLessThanOrEqual(limit);
    for (const each of spools) await each.commit({});
    const lines = [...container.blobs.values()].flatMap(({ content }) =>
      Buffer.from(content).toString().trimEnd().split('\n'),
    );
    expect(lines.filter((line) => line !== '')).toHaveLength(2_000);
    for (const each of spools) each.release();
    expect(pool.lentBytes).toBe(0);
  });
});
