import { describe, expect, it } from 'vitest';
import { sweepDay } from '../../src/totals/sweepDay.ts';
import { readRestatements } from '../../src/totals/totalsReader.ts';
import { aCall, type TestCall } from './support/calls.ts';
import { DATE, dayWorld, type DayWorld, expectExact, takeDays } from './support/dayWorld.ts';
import { emptyTable, expectChain, settle } from './support/finality.ts';

const users = (count: number, change: Partial<TestCall> = {}): TestCall[] =>
  Array.from({ length: count }, (_, i) => aCall({ userId: `user-${i}`, ...change }));

const LATER = Date.parse('2026-12-24T00:00:00Z');
const sweep = (world: DayWorld, nowMs = LATER) =>
  sweepDay(DATE, { ...world.deps, clock: { nowMs: () => nowMs } });
const names = (world: DayWorld, root: string): string[] =>
  [...world.control.blobs.keys()].filter((name) => name.startsWith(root));

/** A run that is cut off after all it writes before the totals. */
async function cutOff(world: DayWorld): Promise<void> {
  const query = () => {
    throw new Error('cut off');
  };
  await world.run({ date: DATE }, { dailyTotals: { ...world.dailyTotals, query } });
  takeDays(world);
}

describe('sweeping a day', () => {
  it('deletes snapshots and folds that a newer fold has replaced, a day later', async () => {
    const world = dayWorld([
      { hour: 8, claim: 1, calls: users(2) },
      { hour: 9, claim: 1, calls: users(2) },
    ]);
    await world.landAll();
    await world.run();
    await world.land({ hour: 8, claim: 2, calls: users(3) });
    await world.run();
    expect(names(world, 'snapshots/')).toHaveLength(2);
    expect(names(world, 'folds/')).toHaveLength(4);
    expect(await sweep(world, Date.parse('2026-11-26T23:59:00Z'))).toEqual({
      ...{ snapshots: 0, folds: 0, restatements: 0 },
    });
    expect(await sweep(world)).toEqual({ snapshots: 1, folds: 1, restatements: 0 });
    expect(names(world, 'snapshots/')).toEqual([await world.inForce()]);
    await expectExact(world);
    expect(await sweep(world)).toEqual({ snapshots: 0, folds: 0, restatements: 0 });
  });

  it('deletes what runs have left that were cut off, records too', async () => {
    const world = dayWorld([{ hour: 8, claim: 1, calls: users(2) }]);
    await world.landAll();
    await world.run();
    settle(world);
    await cutOff(world);
    await world.run();
    await world.land({ hour: 8, claim: 2, calls: users(3) });
    await cutOff(world);
    await world.land({ hour: 8, claim: 3, calls: users(4) });
    await world.run();
    expect(names(world, 'restatements/')).toHaveLength(4);
    // The fold of the version between is named by nothing either.
    expect(await sweep(world)).toEqual({ snapshots: 3, folds: 1, restatements: 2 });
    await expectExact(world, 'restated');
    expect(await expectChain(world)).toBe(1);
  });

  it('keeps what the chain of restatements needs, with the rows to go on from', async () => {
    const world = dayWorld([{ hour: 8, claim: 1, calls: users(2) }]);
    await world.landAll();
    settle(world);
    await world.run();
    for (const claim of [2, 3]) {
      await world.land({ hour: 8, claim, calls: users(claim + 1) });
      await world.run();
    }
    await sweep(world);
    await emptyTable(world);
    await world.run();
    expect(await expectChain(world)).toBe(2);
    await sweep(world);
    await world.land({ hour: 8, claim: 4, calls: [] });
    await world.run();
    await expectExact(world, 'restated');
    expect(await expectChain(world)).toBe(3);
    expect((await readRestatements(world.dailyTotals, DATE)).at(-1)).toMatchObject({ rowsWent: 4 });
  });

  it('keeps the snapshot that a restatement leads from, when it is not the one that settled the day', async () => {
    const blob = { hour: 8, claim: 1, calls: users(2) };
    const world = dayWorld([blob]);
    await world.landAll();
    settle(world);
    await world.run();
    await world.land({ ...blob, claim: 2 });
    await world.run();
    await world.land({ hour: 8, claim: 3, calls: users(3) });
    await world.run();
    expect(await sweep(world)).toEqual({ snapshots: 0, folds: 0, restatements: 0 });
    expect(await expectChain(world)).toBe(1);
  });

  it('keeps the fold of a blob that no run has completed with yet', async () => {
    const world = dayWorld([{ hour: 8, claim: 1, calls: users(2) }]);
    await world.landAll();
    await world.run();
    await world.land({ hour: 9, claim: 2, calls: users(3) });
    await cutOff(world);
    expect(await sweep(world)).toMatchObject({ folds: 0 });
  });

  it.each<[string, (world: DayWorld) => Promise<unknown>]>([
    ['head is lost', emptyTable],
    [
      'head was written before there were snapshots',
      ({ dailyTotals }) =>
        dailyTotals.transact(DATE, [{ kind: 'replace', rowKey: '!day', properties: { complete: true } }]),
    ],
    [
      'restatements are not all there',
      ({ dailyTotals }) => dailyTotals.transact(DATE, [{ kind: 'delete', rowKey: '!restated|1' }]),
    ],
  ])('deletes nothing while its %s', async (_, lose) => {
    const world = dayWorld([{ hour: 8, claim: 1, calls: users(2) }]);
    await world.landAll();
    settle(world);
    await world.run();
    await world.land({ hour: 8, claim: 2, calls: users(3) });
    await world.run();
    await lose(world);
    expect(await sweep(world)).toEqual({ snapshots: 0, folds: 0, restatements: 0 });
  });

  it('deletes no fold while a snapshot does not say what it was folded from', async () => {
    const world = dayWorld([{ hour: 8, claim: 1, calls: users(2) }]);
    await world.landAll();
    await world.run();
    await world.land({ hour: 8, claim: 2, calls: users(3) });
    await world.run();
    const name = (await world.inForce()) ?? '';
    await world.control.put(name, world.control.blobs.get(name)?.content ?? Buffer.from(''));
    expect(await sweep(world)).toMatchObject({ folds: 0 });
  });
});
