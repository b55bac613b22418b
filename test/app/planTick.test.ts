import { describe, expect, it } from 'vitest';
import { planTick } from '../../src/app/planTick.ts';
import { frozenClock } from '../../src/runtime/clock.ts';
import { silentLog } from '../../src/runtime/log.ts';
import { readDayHead } from '../../src/totals/totalsReader.ts';
import { readPlannerState } from '../../src/windows/plannerState.ts';
import { createTableLedger } from '../../src/windows/tableLedger.ts';
import { memoryContainer } from '../support/memoryBlobs.ts';
import { memorySender } from '../support/memoryQueues.ts';
import { memoryTable } from '../support/memoryTables.ts';
import { configOf } from '../windows/settings.ts';

describe('a tick', () => {
  it('plans, wakes and cleans up over stores that are empty', async () => {
    const dailyTotals = memoryTable('dailyTotals');
    const services = {
      config: configOf({ INITIAL_BACKFILL_DAYS: '2' }),
      ledger: createTableLedger(memoryTable('windows')),
      raw: memoryContainer('pstn-raw'),
      control: memoryContainer('pstn-control'),
      dailyTotals,
      monthlyTotals: memoryTable('monthlyTotals'),
      readDayHead: (date: string) => readDayHead(dailyTotals, date),
      sender: memorySender(),
      clock: frozenClock(Date.parse('2026-11-24T06:30:00Z')),
      budgetTable: memoryTable('budget'),
    };
    await services.budgetTable.transact('graph', [
      { kind: 'insert', rowKey: 'use|2020-01-01T00Z', properties: { live: 1 } },
    ]);
    expect(await planTick(services, silentLog)).toMatchObject({
      daily: true,
      weekly: true,
      windows: { live: 54, backfill: 0 },
      daysWoken: 0,
      monthsWoken: 0,
    });
    expect(services.budgetTable.all()).toEqual([]);
    expect(services.sender.sent.every(({ queue }) => queue === 'pstn-windows')).toBe(true);
    expect((await readPlannerState(services.control))?.state.lastWeeklyPassAt).toBe(
      '2026-11-24T06:30:00.000Z',
    );
  });
});
