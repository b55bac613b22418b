import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { snapshotPrefix } from '../../src/totals/snapshot.ts';
import { readDay, readDayHead, readRestatements } from '../../src/totals/totalsReader.ts';
import { foldPrefix } from '../../src/totals/windowRows.ts';
import { aCall, anyDay, type TestCall } from './support/calls.ts';
import { DATE, dayWorld, type DayWorld, drain, expectExact, totalsEtags } from './support/dayWorld.ts';
import { emptyTable, expectChain, settle, sumsOf } from './support/finality.ts';
import { countedLines } from './support/oracle.ts';

const users = (count: number, change: Partial<TestCall> = {}): TestCall[] =>
  Array.from({ length: count }, (_, i) => aCall({ userId: `user-${i}`, ...change }));

const headOf = (world: DayWorld) => readDayHead(world.dailyTotals, DATE);
const restatementsOf = (world: DayWorld) => readRestatements(world.dailyTotals, DATE);

const kept = aCall({ id: 'kept', currency: 'EUR', ticks: 1 });
const other = aCall({ id: 'other', ticks: 2 });

/** A settled day of three hours. */
async function settledDay(): Promise<DayWorld> {
  const world = dayWorld([
    { hour: 8, claim: 1, calls: users(3) },
    { hour: 9, claim: 1, calls: users(2, { id: null }) },
    { hour: 10, claim: 1, calls: [kept, other] },
  ]);
  await world.landAll();
  settle(world);
  await world.run();
  return world;
}

const changeOne = (world: DayWorld, claim = 2, chargeMicros = 990_000) =>
  world.land({ hour: 10, claim, calls: [{ ...kept, chargeMicros }, other] });

describe('a day', () => {
  it('is provisional while an hour may still change', async () => {
    const world = dayWorld([{ hour: 8, claim: 1, calls: users(3) }]);
    await world.landAll();
    settle(world, '2026-11-26T23:59:59.999Z');
    await world.run();
    await expectExact(world, 'provisional');
    await world.land({ hour: 8, claim: 2, calls: users(2) });
    await world.run();
    await expectExact(world, 'provisional');
    expect(await restatementsOf(world)).toEqual([]);
  });

  it('becomes settled by the ledger alone: no total is touched, and no raw call is read', async () => {
    const world = dayWorld([{ hour: 8, claim: 1, calls: users(3) }]);
    await world.landAll();
    await world.run();
    const before = totalsEtags(world);
    settle(world);
    const none = { ...world.raw, read: () => Promise.reject(new Error('read')) };
    expect(await world.run({ date: DATE }, { raw: none })).toMatchObject({
      outcome: 'completed',
      state: 'settled',
      upserts: 0,
      breakdownUpserts: 0,
    });
    expect(totalsEtags(world)).toEqual(before);
    await expectExact(world, 'settled');
    const head = await headOf(world);
    expect(head?.settledSnapshot).toBe(head?.snapshot);
    expect(await expectChain(world)).toBe(0);
    expect(await world.run()).toMatchObject({ outcome: 'unchanged' });
  });

  it('without any call is settled as well', async () => {
    const world = dayWorld();
    await world.run();
    settle(world);
    await world.run();
    await expectExact(world, 'settled');
  });

  it('stays settled when an hour is read again, or lost rows and waits', async () => {
    const world = await settledDay();
    const entry = world.ledger.get(8);
    if (entry !== undefined) world.ledger.set(8, { ...entry, state: 'shrunk' });
    expect(await world.run()).toMatchObject({ outcome: 'unchanged' });
    await world.land({ hour: 11, claim: 2, calls: [] });
    await world.run();
    await expectExact(world, 'settled');
    expect(await expectChain(world)).toBe(0);
  });
});

describe('a settled day', () => {
  it.each<[string, (world: DayWorld) => Promise<void>, object]>([
    [
      'came',
      (world) => world.land({ hour: 12, claim: 2, calls: users(2) }),
      { rowsCame: 2, rowsWent: 0, rowsChanged: 0 },
    ],
    [
      'went',
      (world) => world.land({ hour: 8, claim: 2, calls: [] }),
      { rowsCame: 0, rowsWent: 3, rowsChanged: 0 },
    ],
    ['changed', changeOne, { rowsCame: 0, rowsWent: 0, rowsChanged: 1 }],
    [
      'moved to another hour',
      async (world) => {
        await world.land({ hour: 10, claim: 2, calls: [other] });
        await world.land({ hour: 12, claim: 2, calls: [kept] });
      },
      { rowsCame: 0, rowsWent: 0, rowsChanged: 1 },
    ],
    [
      'without id changed',
      async (world) => {
        const [first] = world.landed.get(9)?.calls ?? [];
        await world.land({ hour: 9, claim: 2, calls: [first ?? aCall(), aCall({ id: null, ticks: 7 })] });
      },
      { rowsCame: 1, rowsWent: 1, rowsChanged: 0 },
    ],
    [
      'stands in a newer hour too',
      (world) => world.land({ hour: 7, claim: 2, calls: [{ ...kept, ticks: 9 }] }),
      { rowsCame: 0, rowsWent: 0, rowsChanged: 1 },
    ],
  ])('of which a row %s is restated once', async (_, change, counts) => {
    const world = await settledDay();
    const before = sumsOf([...world.landed.values()]);
    await change(world);
    const report = await world.run();
    expect(report).toMatchObject({ outcome: 'completed', state: 'restated', restatement: 1 });
    await expectExact(world, 'restated');
    expect(await expectChain(world)).toBe(1);
    const [restatement] = await restatementsOf(world);
    expect(restatement).toMatchObject({ n: 1, ...counts });
    expect(JSON.parse(restatement?.before ?? '')).toEqual(expect.arrayContaining(before));
    world.sender.sent.splice(0);
    expect(await world.run()).toMatchObject({ outcome: 'unchanged' });
  });

  it('that changes back is restated again', async () => {
    const world = await settledDay();
    const original = world.landed.get(10);
    await changeOne(world);
    await world.run();
    await world.land({ hour: 10, claim: 3, calls: original?.calls ?? [] });
    await world.run();
    await expectExact(world, 'restated');
    expect(await expectChain(world)).toBe(2);
  });

  it.each<[string, (world: DayWorld) => Promise<unknown>]>([
    ['a blob was written again with the same rows', (world) => landAgain(world, (calls) => calls)],
    ['rows stand in another order', (world) => landAgain(world, (calls) => calls.toReversed())],
    ['an hour has an empty blob now', (world) => world.land({ hour: 3, claim: 2, calls: [] })],
    [
      'another version of the app folds it',
      (world) =>
        world.dailyTotals.transact(DATE, [
          { kind: 'merge', rowKey: '!day', properties: { foldVersion: 'older' } },
        ]),
    ],
    ['its snapshot was deleted', async (world) => world.control.delete((await world.inForce()) ?? '')],
    [
      'all that is remembered was deleted, but for the snapshot',
      async (world) => {
        for (const name of [...world.control.blobs.keys()]) {
          if (name.startsWith(foldPrefix(DATE))) await world.control.delete(name);
        }
        await world.dailyTotals.transact(DATE, [
          { kind: 'merge', rowKey: '!day', properties: { foldVersion: 'older' } },
        ]);
      },
    ],
  ])('is not restated because %s', async (_, change) => {
    const world = await settledDay();
    const before = totalsEtags(world);
    await change(world);
    expect(await world.run()).toMatchObject({ outcome: 'completed', upserts: 0, restatement: undefined });
    await expectExact(world, 'settled');
    expect(await restatementsOf(world)).toEqual([]);
    expect(totalsEtags(world)).toEqual(before);
  });

  it('is not restated by a run that was cut off before it was whole', async () => {
    const blob = { hour: 8, claim: 1, calls: users(110) };
    const world = dayWorld([blob]);
    await world.landAll();
    settle(world);
    await world.run();
    await world.land({
      ...{ hour: 8, claim: 2 },
      calls: blob.calls.map((call) => ({ ...call, chargeMicros: 7 })),
    });
    let transactions = 0;
    const transact: typeof world.dailyTotals.transact = async (key, operations) => {
      // The claim, and the first half of the totals.
      if (++transactions > 2) throw new Error('cut off');
      return world.dailyTotals.transact(key, operations);
    };
    await world.run({ date: DATE }, { dailyTotals: { ...world.dailyTotals, transact } });
    expect(await headOf(world)).toMatchObject({ complete: false, state: 'settled', restatements: 0 });
    expect(await restatementsOf(world)).toEqual([]);
    await world.land({ ...blob, claim: 3 });
    await world.run();
    await drain(world);
    await expectExact(world, 'settled');
    expect(await expectChain(world)).toBe(0);
  });

  it('is restated with its rows in a record: ids and amounts, and nobody’s name', async () => {
    const world = await settledDay();
    await changeOne(world);
    await world.land({ hour: 8, claim: 2, calls: [] });
    await world.land({ hour: 12, claim: 2, calls: [aCall({ id: 'new', chargeMicros: null })] });
    await world.run();
    const [restatement] = await restatementsOf(world);
    const head = await headOf(world);
    expect(restatement?.record).toMatch(new RegExp(`^restatements/v1/${DATE}/1-${head?.generation ?? 0}-`));
    const text = world.control.text(restatement?.record ?? '') ?? '';
    const record = JSON.parse(text) as { rows: { went: unknown[] } };
    expect(record).toMatchObject({
      ...{ v: 1, date: DATE, n: 1, from: head?.settledSnapshot, to: head?.snapshot },
      rows: {
        came: [{ id: 'new', currency: 'USD', charge: null, connectionCharge: '0.000000' }],
        changed: [{ id: 'kept', before: { charge: '0.120000' }, after: { charge: '0.990000' } }],
      },
    });
    expect(record.rows.went).toHaveLength(3);
    expect(text).not.toMatch(/user-|example\.test/);
  });

  it('is restated by its sums where the rows of then are not known any more', async () => {
    const world = await settledDay();
    for (const name of [...world.control.blobs.keys()]) {
      if (name.startsWith(foldPrefix(DATE))) await world.control.delete(name);
    }
    await changeOne(world);
    await world.run();
    await expectExact(world, 'restated');
    expect(await expectChain(world)).toBe(1);
    expect(await restatementsOf(world)).toMatchObject([
      { n: 1, rowsCame: undefined, rowsChanged: undefined },
    ]);
  });

  it.each([
    ['deleted', (world: DayWorld, name: string) => world.control.delete(name)],
    ['damaged', (world: DayWorld, name: string) => world.control.put(name, Buffer.from('{'))],
  ])('is restated from the table when its snapshot was %s', async (_, lose) => {
    const world = await settledDay();
    const before = sumsOf([...world.landed.values()]);
    await lose(world, (await world.inForce()) ?? '');
    await changeOne(world);
    await world.run();
    await expectExact(world, 'restated');
    const [restatement] = await restatementsOf(world);
    expect(restatement).toMatchObject({ n: 1, rowsCame: 0, rowsWent: 0, rowsChanged: 1 });
    expect(JSON.parse(restatement?.before ?? '')).toEqual(expect.arrayContaining(before));
  });

  it('of thousands of currencies has a record of all, and as many beside the totals as fit', async () => {
    const world = await settledDay();
    const calls = Array.from({ length: 600 }, (_, i) => aCall({ currency: `C${i}` }));
    await world.land({ hour: 12, claim: 2, calls: [...calls, aCall({ currency: 'x'.repeat(40_000) })] });
    await world.run();
    const [restatement] = await restatementsOf(world);
    const after = JSON.parse(restatement?.after ?? '') as unknown[];
    expect(after.length).toBeGreaterThan(100);
    expect(after.length).toBeLessThan(601);
    const record = JSON.parse(world.control.text(restatement?.record ?? '') ?? '') as { after: unknown[] };
    expect(record.after).toHaveLength(603);
  });

  it('is restated once for each change that a fold sees, through any history', async () => {
    const histories = fc.array(fc.record({ landings: anyDay, settles: fc.boolean() }), {
      minLength: 1,
      maxLength: 6,
    });
    await fc.assert(
      fc.asyncProperty(histories, fc.boolean(), async (steps, loses) => {
        const world = dayWorld();
        let isSettled = false;
        let lines: string[] = [];
        let expected = 0;
        for (const { landings, settles } of steps) {
          for (const blob of landings) await world.land(blob);
          if (settles) settle(world);
          const settlesNow = settles && !isSettled;
          await world.run();
          const now = countedLines(DATE, [...world.landed.values()]);
          if (isSettled && !settlesNow && JSON.stringify(now) !== JSON.stringify(lines)) expected += 1;
          isSettled ||= settles;
          lines = now;
          await expectExact(world);
          expect(await expectChain(world)).toBe(expected);
          if (loses && isSettled) {
            await emptyTable(world);
            await world.run();
            await expectExact(world);
            expect(await expectChain(world)).toBe(expected);
          }
        }
      }),
      { numRuns: 50 },
    );
  });
});

describe('a settled day whose table was emptied', () => {
  const restatedDay = async () => {
    const world = await settledDay();
    await changeOne(world, 2, 1);
    await world.run();
    await changeOne(world, 3, 2);
    await world.run();
    return world;
  };

  it('is as it was: state, chain, and what it was settled with', async () => {
    const world = await restatedDay();
    const [head, restatements] = [await headOf(world), await restatementsOf(world)];
    await emptyTable(world);
    await world.run();
    await expectExact(world, 'restated');
    expect(await restatementsOf(world)).toEqual(restatements);
    expect(await headOf(world)).toMatchObject({ settledSnapshot: head?.settledSnapshot, restatements: 2 });
    expect(await expectChain(world)).toBe(2);
  });

  it('is restated from there on when rows changed meanwhile, and goes on with the chain', async () => {
    const world = await restatedDay();
    for (const n of [3, 4, 5]) {
      await emptyTable(world);
      await changeOne(world, n + 10, n * 100);
      await world.run();
      await expectExact(world, 'restated');
      expect(await expectChain(world)).toBe(n);
    }
  });

  it('is settled, not provisional, even where the ledger was lost as well', async () => {
    const world = await settledDay();
    await emptyTable(world);
    world.ledger.clear();
    await world.run();
    await expectExact(world, 'settled');
    await emptyTable(world);
    await changeOne(world);
    world.ledger.clear();
    await world.run();
    await expectExact(world, 'restated');
    expect(await expectChain(world)).toBe(1);
  });

  it('takes no record for true whose chain has a gap, or whose snapshot is gone', async () => {
    const world = await restatedDay();
    const [first, second] = await restatementsOf(world);
    await world.control.delete(second?.to ?? '');
    await emptyTable(world);
    await world.run();
    // From the first one's end to now is one change.
    await expectExact(world, 'restated');
    expect(await expectChain(world)).toBe(2);
    await world.control.delete(first?.record ?? '');
    await emptyTable(world);
    await world.run();
    await expectExact(world, 'restated');
    expect((await restatementsOf(world))[0]?.from).toBe((await headOf(world))?.settledSnapshot);
  });

  it('is never restated from a record of a run that was cut off, twice', async () => {
    const world = await settledDay();
    await changeOne(world);
    const dying = {
      ...world.dailyTotals,
      // The claim lands; what completes the day does not.
      query: () => {
        throw new Error('cut off');
      },
    };
    await world.run({ date: DATE }, { dailyTotals: dying });
    expect([...world.control.blobs.keys()].filter((name) => name.startsWith('restatements/'))).toHaveLength(
      2,
    );
    await emptyTable(world);
    await world.run();
    await drain(world);
    await expectExact(world, 'restated');
    expect(await expectChain(world)).toBe(1);
  });

  it('keeps its totals to itself until all is there: a reader sees them whole or not at all', async () => {
    const world = await restatedDay();
    await emptyTable(world);
    expect(await readDay(world.dailyTotals, DATE)).toMatchObject({ head: undefined, totals: [] });
    expect([...world.control.blobs.keys()].some((name) => name.startsWith(snapshotPrefix(DATE)))).toBe(true);
  });
});

async function landAgain(world: DayWorld, change: (calls: TestCall[]) => TestCall[]): Promise<void> {
  for (const blob of [...world.landed.values()]) {
    await world.land({ ...blob, claim: blob.claim + 1, calls: change(blob.calls) });
  }
}
