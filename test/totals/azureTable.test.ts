import { TableClient } from '@azure/data-tables';
import { BlobServiceClient } from '@azure/storage-blob';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startAzurite } from '../../src/local/storage/azurite.ts';
import { azureContainer } from '../../src/storage/azureBlobs.ts';
import { azureTable } from '../../src/storage/azureTables.ts';
import type { BlobContainer } from '../../src/storage/blobs.ts';
import type { Table } from '../../src/storage/tables.ts';
import { sweepDay } from '../../src/totals/sweepDay.ts';
import { readBreakdowns, readDay, readRestatements } from '../../src/totals/totalsReader.ts';
import { aCall } from './support/calls.ts';
import { DATE, dayWorld } from './support/dayWorld.ts';
import { settle } from './support/finality.ts';

let azurite: Awaited<ReturnType<typeof startAzurite>>;
let dailyTotals: Table;
let control: BlobContainer;

beforeAll(async () => {
  azurite = await startAzurite({});
  const client = TableClient.fromConnectionString(azurite.connectionString, 'dailyTotals', {
    allowInsecureConnection: true,
  });
  await client.createTable();
  dailyTotals = azureTable(client);
  const container = BlobServiceClient.fromConnectionString(azurite.connectionString).getContainerClient(
    'pstn-control',
  );
  await container.createIfNotExists();
  control = azureContainer(container);
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
    const run = () => world.run({ date: DATE }, { dailyTotals, control });
    expect(await run()).toMatchObject({ outcome: 'completed', upserts: names.length + 251 });
    const { totals, consistent } = await readDay(dailyTotals, DATE);
    expect(consistent).toBe(true);
    expect(totals).toHaveLength(names.length + 251);
    for (const name of names.slice(0, -4).filter((text) => !/[\u2028\ud83d]/.test(text) || text === '😀')) {
      const found = totals.filter(({ userId }) => userId === name.toLowerCase());
      expect(found).toMatchObject([{ currency: name, userDisplayName: name, calls: 1, chargeMicros: 1n }]);
    }

    // One of each of six columns in each currency, and the currencies are names and more.
    const by = await readBreakdowns(dailyTotals, DATE);
    expect(by.consistent).toBe(true);
    expect(by.breakdowns).toHaveLength(6 * (names.length + 2));

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
    expect(await readRestatements(dailyTotals, DATE)).toEqual([]);

    await world.land({ hour: 8, claim: 3, calls: [] });
    expect(await run()).toMatchObject({ deletes: names.length + 251 });
    expect(Object.keys(await entities())).toEqual(['!day']);
  });

  it('are settled, restated, swept and restored', async () => {
    const world = dayWorld();
    const run = () => world.run({ date: DATE }, { dailyTotals, control });
    const call = aCall({ id: 'changed', userId: 'a/b', chargeMicros: 1 });
    await world.land({ hour: 8, claim: 4, calls: [call] });
    settle(world);
    expect(await run()).toMatchObject({ state: 'settled' });
    for (const [n, rows] of [1, 2].entries()) {
      const calls = [{ ...call, chargeMicros: n + 2 }, ...many.slice(0, rows)];
      await world.land({ hour: 8, claim: 5 + n, calls });
      expect(await run()).toMatchObject({ state: 'restated', restatement: n + 1 });
    }
    // The same rows once more: this fold's snapshot is in force, the one before it is what the second change led to.
    await world.land({ hour: 8, claim: 9, calls: [...(world.landed.get(8)?.calls ?? [])] });
    expect(await run()).toMatchObject({ state: 'restated', restatement: undefined, upserts: 0 });

    const clock = { nowMs: () => Date.parse('2027-01-01T00:00:00Z') };
    // All that the test before has left, which is named by nothing any more.
    expect((await sweepDay(DATE, { ...world.deps, dailyTotals, control, clock })).snapshots).toBeGreaterThan(
      0,
    );
    expect(await sweepDay(DATE, { ...world.deps, dailyTotals, control, clock })).toEqual({
      ...{ snapshots: 0, folds: 0, restatements: 0 },
    });
    const restatements = await readRestatements(dailyTotals, DATE);
    expect(restatements).toMatchObject([
      { n: 1, rowsCame: 1, rowsWent: 0, rowsChanged: 1 },
      { n: 2, rowsCame: 1, rowsWent: 0, rowsChanged: 1 },
    ]);

    const keys = Object.keys(await entities());
    await dailyTotals.transact(
      DATE,
      keys.map((rowKey) => ({ kind: 'delete', rowKey })),
    );
    expect(await run()).toMatchObject({ state: 'restated', restatement: undefined });
    expect(await readRestatements(dailyTotals, DATE)).toEqual(restatements);
    expect(Object.keys(await entities())).toEqual(keys);
    expect(await run()).toMatchObject({ outcome: 'unchanged' });
  });
});
