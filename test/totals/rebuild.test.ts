import { describe, expect, it } from 'vitest';
import { readMonth } from '../../src/totals/monthReader.ts';
import { planRebuild, rebuildDays, type RebuildDeps } from '../../src/totals/rebuild.ts';
import { foldPrefix } from '../../src/totals/windowRows.ts';
import { memoryTable } from '../support/memoryTables.ts';
import { aCall, type TestBlob } from './support/calls.ts';
import { DATE, type DayWorld, dayWorld, etags, expectExact, rawBlob } from './support/dayWorld.ts';

const blobs: TestBlob[] = [
  {
    hour: 9,
    claim: 1,
    calls: [aCall({ userId: 'u1', chargeMicros: 100 }), aCall({ userId: 'u2', chargeMicros: 7 })],
  },
  { hour: 10, claim: 1, calls: [aCall({ userId: 'u1', chargeMicros: 23 })] },
];

async function setUp() {
  const world = dayWorld(blobs);
  await world.landAll();
  const monthlyTotals = memoryTable('monthlyTotals');
  const waited: number[] = [];
  const ledger: RebuildDeps['ledger'] = {
    readDay: (date) => (date === DATE ? world.deps.ledger.readDay(date) : Promise.resolve([])),
  };
  const deps: RebuildDeps = { ...world.deps, ledger, monthlyTotals, billingDay: 1 };
  const wait = async (ms: number) => {
    await Promise.resolve();
    waited.push(ms);
  };
  const rebuild = async (dates = [DATE]) => rebuildDays(await planRebuild(dates, deps), deps, wait);
  return { world, monthlyTotals, deps, rebuild, waited };
}

/** Takes everything out of a table, as somebody would who has to start over. */
async function empty(table: DayWorld['dailyTotals']): Promise<void> {
  for (const { partitionKey, rowKey } of table.all()) {
    await table.transact(partitionKey, [{ kind: 'delete', rowKey }]);
  }
}

const monthCharge = async (table: DayWorld['dailyTotals']): Promise<bigint> =>
  (await readMonth(table, '2026-11')).totals.reduce((sum, one) => sum + one.chargeMicros, 0n);

describe('a rebuild', () => {
  it('makes the totals of days and months anew from the raw blobs, and sends nothing', async () => {
    const { world, monthlyTotals, rebuild } = await setUp();
    const report = await rebuild();
    expect(report).toMatchObject({ dates: [DATE], expired: [], months: ['2026-11'], failed: [] });
    await expectExact(world);
    expect(await monthCharge(monthlyTotals)).toBe(130n);
    expect(world.sender.sent).toEqual([]);
  });

  it('restores tables that were emptied', async () => {
    const { world, monthlyTotals, rebuild } = await setUp();
    await rebuild();
    await empty(world.dailyTotals);
    await empty(monthlyTotals);
    const { entitiesWritten } = await rebuild();
    expect(entitiesWritten).toBe(2 + 2);
    await expectExact(world);
    expect(await monthCharge(monthlyTotals)).toBe(130n);
  });

  it('a second time writes no entry but the heads', async () => {
    const { world, rebuild } = await setUp();
    await rebuild();
    const { '!day': before, ...totals } = etags(world);
    expect((await rebuild()).entitiesWritten).toBe(0);
    const { '!day': after, ...same } = etags(world);
    expect(same).toEqual(totals);
    expect(after).not.toBe(before);
  });

  it('mends an entry that somebody changed, though the head says that all is well', async () => {
    const { world, rebuild } = await setUp();
    await rebuild();
    const [entity] = world.dailyTotals.all().filter(({ rowKey }) => rowKey.startsWith('u1'));
    if (entity === undefined) throw new Error('no total');
    const wrong = { ...entity.properties, chargeMicros: 1n };
    await world.dailyTotals.transact(DATE, [{ kind: 'replace', rowKey: entity.rowKey, properties: wrong }]);
    expect((await rebuild()).entitiesWritten).toBe(1);
    await expectExact(world);
  });

  it('trusts nothing that was remembered', async () => {
    const { world, rebuild } = await setUp();
    await rebuild();
    const remembered = [...world.control.blobs.keys()].filter((name) => name.startsWith(foldPrefix(DATE)));
    expect(remembered.length).toBeGreaterThan(0);
    for (const name of remembered) await world.control.put(name, Buffer.from('{"v":1,"windows":[]}'));
    await rebuild();
    await expectExact(world);
  });

  it('leaves a day whose raw blobs have expired as it is, and lists it', async () => {
    const { world, rebuild } = await setUp();
    await rebuild();
    const before = etags(world);
    for (const hour of [9, 10]) world.raw.blobs.delete(rawBlob(hour).name);
    expect(await rebuild()).toMatchObject({ dates: [], expired: [DATE] });
    expect(etags(world)).toEqual(before);
  });

  it('passes over days of which nothing is known', async () => {
    const { rebuild } = await setUp();
    expect(await rebuild(['2026-10-01'])).toMatchObject({ dates: [], expired: [], months: [] });
  });

  it('takes a day over from a run that died, after a while', async () => {
    const { world, rebuild, waited } = await setUp();
    const head = { generation: 3, writer: 'dead', open: true, step: 0, complete: false };
    await world.dailyTotals.transact(DATE, [{ kind: 'insert', rowKey: '!day', properties: head }]);
    expect(await rebuild()).toMatchObject({ failed: [] });
    expect(waited).toEqual([30_000]);
    await expectExact(world);
  });

  it('names a day that cannot be derived, and goes on with the others', async () => {
    const { world, rebuild } = await setUp();
    world.raw.blobs.delete(rawBlob(10).name);
    const { failed } = await rebuild();
    expect(failed).toEqual([{ subject: DATE, reason: expect.stringContaining('2026-11-23T10Z') as string }]);
  });
});

describe('a rebuild of a part of a month whose days are lost', () => {
  it('derives the month whole: the other days that have raw blobs come along', async () => {
    const { world, monthlyTotals, rebuild } = await setUp();
    const other = '2026-11-02';
    const line = Buffer.from(
      (world.raw.text(rawBlob(10).name) ?? '').replaceAll('2026-11-23', other),
      'utf8',
    );
    await world.raw.put(`ndjson/v1/callDate=${other}/pstn-calls-1000-PT60M.jsonl`, line, {
      metadata: { claim: '1' },
    });
    const report = await rebuild([DATE]);
    expect(report).toMatchObject({ dates: [other, DATE], failed: [] });
    expect(await monthCharge(monthlyTotals)).toBe(153n);
  });
});
