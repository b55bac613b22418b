import { TableClient } from '@azure/data-tables';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startAzurite } from '../../src/local/storage/azurite.ts';
import { azureTable } from '../../src/storage/azureTables.ts';
import type { Table } from '../../src/storage/tables.ts';
import { readDay } from '../../src/totals/totalsReader.ts';
import { aCall } from './support/calls.ts';
import { DATE, dayWorld } from './support/dayWorld.ts';

let azurite: Awaited<ReturnType<typeof startAzurite>>;
let dailyTotals: Table;

beforeAll(async () => {
  azurite = await startAzurite({});
  const client = TableClient.fromConnectionString(azurite.connectionString, 'dailyTotals', {
    allowInsecureConnection: true,
  });
  await client.createTable();
  dailyTotals = azureTable(client);
});
afterAll(async () => {
  await azurite.stop();
});

const entities = async (): Promise<Record<string, string>> => {
  const found: Record<string, string> = {};
  for await (const { rowKey, etag } of dailyTotals.query(DATE)) found[rowKey] = etag;
  return found;
};

describe('totals in a table over the Azure SDK', () => {
  const names = [
    ...[
      'a/b',
      'a\\b',
      'a#b',
      'a?b',
      'a%b',
      'a|b',
      "a'b",
      'a"b',
      'a&b=c+d',
      ' a',
      'a ',
      '!day',
      '-',
      '---',
      '.',
      '..',
    ],
    ...[
      '\u0000',
      'a\r\nb',
      'a\u0085b',
      'a\u2028b',
      '😀',
      'a\ud83d',
      '\ufeffa',
      '\uffff',
      '--changeset_x',
      'HTTP/1.1 204',
    ],
    ...['x'.repeat(40_000), '😀'.repeat(20_000), '二'.repeat(40_000), '\u0001'.repeat(40_000)],
  ];
  const named = names.map((name) =>
    aCall({ userId: name, userPrincipalName: name, userDisplayName: name, currency: name, chargeMicros: 1 }),
  );
  const many = Array.from({ length: 250 }, (_, i) => aCall({ userId: `user-${i}` }));

  it('are exact for every kind of name, and a second run moves no ETag', async () => {
    const world = dayWorld();
    await world.land({
      hour: 8,
      claim: 1,
      calls: [...named, aCall({ userId: null, currency: null }), ...many],
    });
    const run = () => world.run({ date: DATE }, { dailyTotals });
    expect(await run()).toMatchObject({ outcome: 'completed', upserts: names.length + 251 });
    const { totals, consistent } = await readDay(dailyTotals, DATE);
    expect(consistent).toBe(true);
    expect(totals).toHaveLength(names.length + 251);
    for (const name of names.slice(0, -4).filter((text) => !/[\u2028\ud83d]/.test(text) || text === '😀')) {
      const found = totals.filter(({ userId }) => userId === name.toLowerCase());
      expect(found).toMatchObject([{ currency: name, userDisplayName: name, calls: 1, chargeMicros: 1n }]);
    }

    const before = await entities();
    expect(await run()).toMatchObject({ outcome: 'unchanged' });
    await world.land({
      hour: 8,
      claim: 2,
      calls: [...named, aCall({ userId: null, currency: null }), ...many],
    });
    // The call of nobody is another one; all else is as it was.
    expect(await run()).toMatchObject({ outcome: 'completed', upserts: 1, deletes: 0 });
    const moved = Object.entries(await entities()).filter(([key, etag]) => before[key] !== etag);
    expect(moved.map(([key]) => key)).toEqual(['!day', '-|---']);

    await world.land({ hour: 8, claim: 3, calls: [] });
    expect(await run()).toMatchObject({ deletes: names.length + 251 });
    expect(Object.keys(await entities())).toEqual(['!day']);
  });
});
