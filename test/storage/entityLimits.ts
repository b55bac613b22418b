import { describe, expect, it } from 'vitest';
import type { EntityProperties, Table } from '../../src/storage/tables.ts';
import { type Differences, documented } from './differences.ts';

const numbered = (count: number, value: string): EntityProperties =>
  Object.fromEntries(Array.from({ length: count }, (_, i) => [`p${i}`, value]));

/** How large entities and their parts may be: part of the suite of tables. */
export function entityLimits(open: () => Promise<Table>, differences: Differences): void {
  const write = (table: Table, properties: EntityProperties, rowKey = 'r') =>
    table.transact('p', [{ kind: 'insert', rowKey, properties }]);
  const refused = (code: string) => (properties: EntityProperties) => (table: Table) =>
    expect(write(table, properties)).rejects.toMatchObject({ status: 400, code });
  const taken = (properties: EntityProperties) => async (table: Table) => {
    await write(table, properties);
    expect(Object.keys((await table.get('p', 'r'))?.properties ?? {})).toEqual(Object.keys(properties));
  };

  describe('an entity', () => {
    it('holds text of 32 Ki UTF-16 units in a property, not more', async () => {
      const table = await open();
      await refused('PropertyValueTooLarge')({ text: 'é'.repeat(32_769) })(table);
      const text = 'é'.repeat(32_768);
      await write(table, { text });
      expect((await table.get('p', 'r'))?.properties).toEqual({ text });
    });

    it('holds whatever text JSON can say', async () => {
      const table = await open();
      const text = 'a\u0000\u0001\u001f\u007f\u0085"\\\r\n\t\ud83d\ude00\ufffe</x>&amp;--batch';
      await write(table, { text });
      expect((await table.get('p', 'r'))?.properties).toEqual({ text });
    });

    it('holds the smallest and the largest of its numbers', async () => {
      const table = await open();
      const properties = {
        least: -(2 ** 31),
        most: 2 ** 31 - 1,
        leastLong: -(2n ** 63n),
        mostLong: 2n ** 63n - 1n,
        zero: 0n,
      };
      await write(table, properties);
      expect((await table.get('p', 'r'))?.properties).toEqual(properties);
    });

    it('has keys of 512 UTF-16 units at most', async () => {
      const table = await open();
      await expect(write(table, {}, 'k'.repeat(513))).rejects.toMatchObject({ status: 400 });
      const wide = table.transact('k'.repeat(513), [{ kind: 'insert', rowKey: 'r', properties: {} }]);
      await expect(wide).rejects.toMatchObject({ status: 400 });
      await write(table, { a: 1 }, 'k'.repeat(512));
      expect((await table.get('p', 'k'.repeat(512)))?.properties).toEqual({ a: 1 });
    });

    it('has 252 properties of its own, and names of 255 characters', async () => {
      const table = await open();
      await taken(numbered(252, 'x'))(table);
      await write(table, { [`n${'a'.repeat(254)}`]: 1 }, 'other');
    });

    documented(
      'is refused with 253 properties, also where a merge adds the last',
      open,
      differences.has('takesAnyNumberOfProperties'),
      async (table) => {
        await refused('TooManyProperties')(numbered(253, 'x'))(table);
        await write(table, numbered(252, 'x'));
        const merge = table.transact('p', [{ kind: 'merge', rowKey: 'r', properties: { more: 1 } }]);
        await expect(merge).rejects.toMatchObject({ status: 400, code: 'TooManyProperties' });
      },
      taken(numbered(253, 'x')),
    );

    documented(
      'is refused if it is larger than 1 MiB',
      open,
      differences.has('takesEntitiesOfAnySize'),
      refused('EntityTooLarge')(numbered(18, 'x'.repeat(30_000))),
      taken(numbered(18, 'x'.repeat(30_000))),
    );

    for (const name of ['a-b', '1a', 'a'.repeat(256)]) {
      documented(
        `is refused with a property named ${name.slice(0, 5)} (${name.length} characters)`,
        open,
        differences.has('takesAnyPropertyName'),
        (table) => expect(write(table, { [name]: 1 })).rejects.toMatchObject({ status: 400 }),
        taken({ [name]: 1 }),
      );
    }

    for (const [what, value] of [
      ['an Int32 of 2^31', 2 ** 31],
      ['an Int64 of 2^63', 2n ** 63n],
    ] as const) {
      documented(
        `is refused with ${what}`,
        open,
        differences.has('takesNumbersOfAnySize'),
        (table) => expect(write(table, { value })).rejects.toMatchObject({ status: 400 }),
        taken({ value }),
      );
    }
  });
}
