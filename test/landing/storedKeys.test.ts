import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { storedKeys } from '../../src/landing/storedKeys.ts';
import { toLine } from '../../src/landing/toLine.ts';

async function* cutInto(text: string, sizes: readonly number[]): AsyncGenerator<Uint8Array> {
  await Promise.resolve();
  const bytes = Buffer.from(text, 'utf8');
  for (let at = 0, turn = 0; at < bytes.length; turn++) {
    const size = sizes[turn % sizes.length] ?? bytes.length;
    yield bytes.subarray(at, at + size);
    at += size;
  }
}

async function keysOf(text: string, sizes: readonly number[] = [1_000_000]): Promise<string[]> {
  const keys: string[] = [];
  for await (const run of storedKeys(cutInto(text, sizes))) keys.push(...run);
  return keys;
}

describe('the keys of a landed blob', () => {
  it('are those that the rows had when they came, whatever their ids, however the bytes come', async () => {
    const id = fc.oneof(
      fc.uuid(),
      fc.string({ unit: 'binary' }),
      fc.constantFrom(null, '', '"', '\\', 'a"b\\'),
    );
    await fc.assert(
      fc.asyncProperty(
        fc.array(id, { maxLength: 8 }),
        fc.array(fc.integer({ min: 1, max: 200 }), { minLength: 1, maxLength: 4 }),
        async (ids, sizes) => {
          const rows = ids.map((one) => {
            const row = { id: one, startDateTime: '2026-11-23T10:00:00Z' };
            return toLine(row, () => JSON.stringify(row));
          });
          const lines = rows.flatMap((row) => (row.kind === 'line' ? [row] : []));
          const text = lines.map(({ line }) => `${line}\n`).join('');
          expect(await keysOf(text, sizes)).toEqual(lines.map(({ key }) => key));
        },
      ),
    );
  });

  it('are the lines themselves where nothing else is known of them', async () => {
    expect(await keysOf('{}\nby hand\n[1]\n{"id":7}\n{"userId":"u","id":"late"}')).toEqual([
      '{}',
      'by hand',
      '[1]',
      '{"id":7}',
      'late',
    ]);
  });

  it('are none of an empty blob', async () => {
    expect(await keysOf('')).toEqual([]);
    expect(await keysOf('\n\n')).toEqual([]);
  });
});
