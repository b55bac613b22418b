import { TableClient } from '@azure/data-tables';
import { BlobServiceClient } from '@azure/storage-blob';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startAzurite } from '../../src/local/storage/azurite.ts';
import { azureContainer } from '../../src/storage/azureBlobs.ts';
import { azureTable } from '../../src/storage/azureTables.ts';
import type { BlobContainer } from '../../src/storage/blobs.ts';
import type { Table } from '../../src/storage/tables.ts';
import { groupOperations } from '../../src/totals/batches.ts';
import { readMonth, readMonthBreakdowns } from '../../src/totals/monthReader.ts';
import { aMonthCall, type MonthCall } from './support/monthOracle.ts';
import { MONTH, monthWorld } from './support/monthWorld.ts';

let azurite: Awaited<ReturnType<typeof startAzurite>>;
let dailyTotals: Table;
let monthlyTotals: Table;
let control: BlobContainer;

beforeAll(async () => {
  azurite = await startAzurite({});
  const { connectionString } = azurite;
  const table = async (name: string): Promise<Table> => {
    const client = TableClient.fromConnectionString(connectionString, name, {
      allowInsecureConnection: true,
    });
    await client.createTable();
    return azureTable(client);
  };
  dailyTotals = await table('dailyTotals');
  monthlyTotals = await table('monthlyTotals');
  const blobs = BlobServiceClient.fromConnectionString(connectionString);
  const client = blobs.getContainerClient('pstn-control');
  await client.create();
  control = azureContainer(client);
});
afterAll(async () => {
  await azurite.stop();
});

const etags = async (): Promise<Record<string, string>> => {
  const found: Record<string, string> = {};
  for await (const { rowKey, etag } of monthlyTotals.query(MONTH)) found[rowKey] = etag;
  return found;
};

/** Copies what the days have left in memory. */
async function upload({ control: blobs, dailyTotals: heads }: ReturnType<typeof monthWorld>): Promise<void> {
  for (const [name, { content }] of blobs.blobs) await control.put(name, content);
  for (const { partitionKey, rowKey, properties } of heads.all()) {
    await dailyTotals.transact(partitionKey, [{ kind: 'replace', rowKey, properties }]);
  }
}

describe('months in a table over the Azure SDKs', () => {
  const names = [
    ...['a/b', 'a\\b', 'a#b', 'a?b', 'a%b', 'a|b', "a'b", 'a"b', ' a', 'a ', '!month', '!by|x', '-', '---'],
    ...['.', '..', '\u0000', 'a\r\nb', 'a\u2028b', '😀', 'a\ud83d', '\uffff', 'HTTP/1.1 204'],
    ...['x'.repeat(40_000), '😀'.repeat(20_000), '\u0001'.repeat(40_000)],
  ];
  const named = names.map((name): MonthCall =>
    aMonthCall({
      ...{ userId: name, userPrincipalName: name, userDisplayName: name, currency: name, chargeMicros: 1n },
      values: { destinationName: name, operator: name },
    }),
  );
  const many = Array.from({ length: 150 }, (_, i) => aMonthCall({ userId: `user-${i}` }));

  it('are exact for every kind of name, move no ETag when run again, and come back when emptied', async () => {
    const world = monthWorld();
    const run = () => world.run({ month: MONTH }, { dailyTotals, monthlyTotals, control });
    await world.fold('2026-11-01', [...named, ...many], { state: 'settled' });
    await world.fold('2026-11-02', named);
    await upload(world);
    expect(await run()).toMatchObject({ outcome: 'completed', upserts: names.length + 150, deletes: 0 });

    const check = async (): Promise<void> => {
      const { totals, consistent } = await readMonth(monthlyTotals, MONTH);
      expect(consistent).toBe(true);
      expect(totals).toHaveLength(names.length + 150);
      const { breakdowns } = await readMonthBreakdowns(monthlyTotals, MONTH);
      // What stands in a column is cut and escaped; the short and plain ones can be looked up by it.
      for (const name of names.filter((text) => text.length < 20 && !/[\u2028]|\ud83d$/.test(text))) {
        const found = totals.filter(({ userId }) => userId === name);
        expect(found).toMatchObject([{ currency: name, calls: 2, chargeMicros: 2n }]);
        const values = breakdowns.filter(({ value, currency }) => value === name && currency === name);
        expect(values.map(({ dimension, calls }) => [dimension, calls])).toEqual([
          ['destinationName', 2],
          ['operator', 2],
        ]);
      }
    };
    await check();
    const before = await etags();
    expect(await run()).toMatchObject({ outcome: 'unchanged' });
    expect(await etags()).toEqual(before);

    const deletes = Object.keys(before).map((rowKey) => ({ kind: 'delete' as const, rowKey }));
    for (const group of groupOperations(deletes)) await monthlyTotals.transact(MONTH, group);
    expect(await run()).toMatchObject({ outcome: 'completed', generation: 1 });
    await check();
    expect(Object.keys(await etags())).toEqual(Object.keys(before));

    await world.fold('2026-11-01', []);
    await world.fold('2026-11-02', []);
    await upload(world);
    expect(await run()).toMatchObject({ outcome: 'completed', deletes: names.length + 150 });
    expect(Object.keys(await etags())).toEqual(['!month']);
  });
});
