import { describe, expect, it } from 'vitest';
import { QUEUES } from '../../src/queues/names.ts';
import { MONTH_DELAY_MS, monthNextStage } from '../../src/totals/monthNextStage.ts';
import { aMonthCall } from './support/monthOracle.ts';
import { drain, expectExact, MONTH, monthWorld, takeMessages } from './support/monthWorld.ts';

const DATE = '2026-11-23';

describe('a day that is done', () => {
  it('tells its month, delayed, whatever else is waiting', async () => {
    const world = monthWorld();
    const snapshot = await world.fold(DATE, [aMonthCall()]);
    expect(await monthNextStage(DATE, snapshot, world.deps)).toEqual([MONTH]);
    expect(await monthNextStage(DATE, snapshot, world.deps)).toEqual([MONTH]);
    const message = {
      queue: QUEUES.days,
      message: { v: 1, data: { month: MONTH } },
      delayMs: MONTH_DELAY_MS,
    };
    expect(world.sender.sent).toEqual([message, message]);
  });

  it('tells it at once if somebody waits', async () => {
    const world = monthWorld();
    await monthNextStage(DATE, await world.fold(DATE, []), { ...world.deps, soon: true });
    expect(world.sender.sent).toMatchObject([{ delayMs: 0 }]);
  });

  it('tells nobody that knows its snapshot', async () => {
    const world = monthWorld();
    const snapshot = await world.fold(DATE, [aMonthCall()]);
    await world.run();
    expect(await monthNextStage(DATE, snapshot, world.deps)).toEqual([]);
    expect(world.sender.sent).toEqual([]);
  });

  it('tells again of another snapshot of the same rows: the month heard of the one before', async () => {
    const world = monthWorld();
    await world.fold(DATE, [aMonthCall()]);
    await world.run();
    const snapshot = await world.fold(DATE, [aMonthCall()]);
    expect(await monthNextStage(DATE, snapshot, world.deps)).toEqual([MONTH]);
  });

  it('tells nobody before it has a snapshot', async () => {
    const world = monthWorld();
    expect(await monthNextStage(DATE, undefined, world.deps)).toEqual([]);
  });

  it('tells the month that begins on the billing day', async () => {
    const world = monthWorld();
    const told = (date: string, billingDay: number) =>
      monthNextStage(date, 'a-snapshot', { ...world.deps, billingDay });
    expect(await told('2026-11-14', 15)).toEqual(['2026-10']);
    expect(await told('2026-11-15', 15)).toEqual(['2026-11']);
    expect(await told('2026-01-27', 28)).toEqual(['2025-12']);
  });

  it('tells also the month that holds it by another billing day', async () => {
    const world = monthWorld();
    const snapshot = await world.fold('2026-11-14', [aMonthCall()]);
    await world.run({ month: '2026-10' }, { billingDay: 15 });
    const byFirst = { ...world.deps, billingDay: 1 };
    expect(await monthNextStage('2026-11-14', snapshot, byFirst)).toEqual(['2026-10', '2026-11']);
    await drain(world, { billingDay: 1 });
    await expectExact(world, { month: '2026-11', billingDay: 1 });
    await expectExact(world, { month: '2026-10', billingDay: 1 });
    expect(world.monthlyTotals.all().filter(({ partitionKey }) => partitionKey === '2026-10')).toHaveLength(
      1,
    );
    expect(await monthNextStage('2026-11-14', snapshot, byFirst)).toEqual([]);
    expect(takeMessages(world)).toEqual([]);
  });
});
