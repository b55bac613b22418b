import { describe, expect, it } from 'vitest';
import { QUEUES } from '../../src/queues/names.ts';
import { silentLog } from '../../src/runtime/log.ts';
import { MONTH_HEADS, type MonthHead } from '../../src/totals/monthHead.ts';
import { daysOfMonth } from '../../src/totals/monthCalendar.ts';
import { readMonthHead } from '../../src/totals/monthReader.ts';
import { wakeMonths } from '../../src/totals/wakeMonths.ts';
import { aMonthCall } from './support/monthOracle.ts';
import {
  drain,
  expectExact,
  MONTH,
  monthWorld,
  type MonthWorld,
  takeMessages,
} from './support/monthWorld.ts';

const DATES = daysOfMonth(MONTH, 1);

const wake = (world: MonthWorld, change: Partial<Parameters<typeof wakeMonths>[0]> = {}) =>
  wakeMonths({ ...world.deps, dates: DATES, ...change });

async function foldedMonth(): Promise<MonthWorld> {
  const world = monthWorld();
  await world.fold('2026-11-05', [aMonthCall()], { state: 'settled' });
  await world.run();
  return world;
}

async function changeHead(world: MonthWorld, change: Partial<MonthHead>): Promise<string> {
  const head = await readMonthHead(world.monthlyTotals, MONTH);
  if (head === undefined) throw new Error('no head');
  const [etag] = await world.monthlyTotals.transact(MONTH, [
    MONTH_HEADS.operation({ ...head, ...change }, head.etag),
  ]);
  return etag ?? '';
}

/** Every reason for which months were woken. */
async function reasons(world: MonthWorld, change: Parameters<typeof wake>[1] = {}): Promise<unknown[]> {
  const found: unknown[] = [];
  const log = {
    ...silentLog,
    info: (event: string, fields?: Record<string, unknown>) => {
      if (event === 'monthWoken') found.push(fields?.['reason']);
    },
  };
  await wake(world, { log, ...change });
  return found;
}

describe('the look at months', () => {
  it('finds nothing to do where all days are in', async () => {
    const world = await foldedMonth();
    expect(await wake(world)).toEqual({ woken: [], openHeads: {} });
    expect(world.sender.sent).toEqual([]);
  });

  it('wakes a month that was never folded, and none that has no day', async () => {
    const world = monthWorld();
    await world.fold('2026-11-05', [aMonthCall()]);
    expect(await wake(world)).toEqual({ woken: [MONTH], openHeads: {} });
    expect(world.sender.sent).toEqual([
      { queue: QUEUES.days, message: { v: 1, data: { month: MONTH } }, delayMs: 20_000 },
    ]);
    expect(await reasons(world)).toEqual(['never folded']);
    await drain(world);
    await expectExact(world);
  });

  it('wakes a month whose days have changed, also where the message was lost', async () => {
    const world = await foldedMonth();
    await world.fold('2026-11-05', [aMonthCall(), aMonthCall()]);
    expect(await reasons(world)).toEqual(['days changed']);
    const later = await foldedMonth();
    await later.fold('2026-11-30', []);
    // One date of the month is enough: all its days are compared.
    expect((await wake(later, { dates: ['2026-11-05'] })).woken).toEqual([MONTH]);
    await drain(later);
    await expectExact(later);
  });

  it('wakes a month of which a day has become final', async () => {
    const world = await foldedMonth();
    await changeHead(world, { state: 'settled' });
    expect(await reasons(world)).toEqual(['days changed']);
  });

  it('wakes a month that is half written, and leaves one alone that is being written', async () => {
    const world = await foldedMonth();
    await changeHead(world, { complete: false });
    expect(await reasons(world)).toEqual(['incomplete']);
    takeMessages(world);
    const etag = await changeHead(world, { open: true });
    expect(await wake(world)).toEqual({ woken: [], openHeads: { [MONTH]: etag } });
    expect(world.sender.sent).toEqual([]);
  });

  it('wakes one whose head has not moved since the look before, so that the dead run is taken over', async () => {
    const world = await foldedMonth();
    const etag = await changeHead(world, { open: true });
    const { openHeads } = await wake(world);
    expect(await wake(world, { openHeads })).toEqual({ woken: [MONTH], openHeads });
    expect(takeMessages(world)).toEqual([{ month: MONTH, seen: etag }]);
    await world.run({ month: MONTH, seen: etag });
    await expectExact(world);
    expect(await wake(world, { openHeads })).toEqual({ woken: [], openHeads: {} });
  });

  it('leaves one alone whose head has moved since the look before', async () => {
    const world = await foldedMonth();
    await changeHead(world, { open: true });
    const { openHeads } = await wake(world);
    const moved = await changeHead(world, { step: 2 });
    expect(await wake(world, { openHeads })).toEqual({ woken: [], openHeads: { [MONTH]: moved } });
  });

  it('wakes every month of the old billing day, and those of the new one', async () => {
    const world = monthWorld();
    const dates = ['2026-11-03', '2026-11-20', '2026-12-10'];
    for (const date of dates) await world.fold(date, [aMonthCall()]);
    const wakeBy = (billingDay: number) => wake(world, { dates, billingDay });
    expect((await wakeBy(15)).woken).toEqual(['2026-10', '2026-11']);
    await drain(world, { billingDay: 15 });
    expect((await wakeBy(15)).woken).toEqual([]);
    expect((await wakeBy(1)).woken).toEqual(['2026-10', '2026-11', '2026-12']);
    await drain(world, { billingDay: 1 });
    for (const month of ['2026-10', '2026-11', '2026-12']) {
      await expectExact(world, { month, billingDay: 1 });
    }
    expect((await wakeBy(1)).woken).toEqual([]);
  });

  it('goes on where one month cannot be read', async () => {
    const world = monthWorld();
    await world.fold('2026-11-05', [aMonthCall()]);
    await world.fold('2026-12-05', [aMonthCall()]);
    const failed: string[] = [];
    const found = await wake(world, {
      dates: ['2026-11-05', '2026-12-05'],
      openHeads: { [MONTH]: 'as-before' },
      perMonth: async (month, read) => {
        if (month !== MONTH) return read();
        failed.push(month);
        return undefined;
      },
    });
    expect(failed).toEqual([MONTH]);
    expect(found).toEqual({ woken: ['2026-12'], openHeads: { [MONTH]: 'as-before' } });
  });
});
