import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { aggregate } from '../../src/totals/aggregate.ts';
import { readMonth, readMonthBreakdowns, readMonthHead } from '../../src/totals/monthReader.ts';
import { memoryTable } from '../support/memoryTables.ts';
import { aCall, anyDay } from './support/calls.ts';
import { DATE, dayWorld, type DayWorld, takeDays } from './support/dayWorld.ts';
import { byKey, expectedDay } from './support/oracle.ts';

const MONTH = '2026-11';

function world() {
  const day = dayWorld();
  const monthlyTotals = memoryTable('monthlyTotals');
  const deps = { ...day.deps, monthlyTotals, billingDay: 1 };
  /** Delivers a day's message, and what comes of it, until nothing is left. */
  const deliver = async (): Promise<void> => {
    let messages = [{ date: DATE } as Parameters<typeof aggregate>[0]];
    for (let rounds = 0; messages.length > 0; rounds += 1) {
      if (rounds > 20) throw new Error('the queue does not run dry');
      for (const message of messages) await aggregate(message, deps);
      messages = takeDays(day);
    }
  };
  return { day, deps, monthlyTotals, deliver };
}

/** The month has the rows of the day's raw blobs, and no others. */
async function expectMonthOf(day: DayWorld, monthlyTotals: ReturnType<typeof memoryTable>): Promise<void> {
  const expected = expectedDay(DATE, [...day.landed.values()]);
  const { totals, head, consistent } = await readMonth(monthlyTotals, MONTH);
  expect(consistent).toBe(true);
  expect(totals.map(asText).sort(byKey)).toEqual(expected.totals.map(containing));
  const { breakdowns } = await readMonthBreakdowns(monthlyTotals, MONTH);
  expect(breakdowns.map(asText).sort(byKey)).toEqual(expected.breakdowns.map(containing));
  expect(head).toMatchObject({ rows: expected.rows, vector: { [DATE]: await day.inForce() } });
}

const asText = <T extends { chargeMicros: bigint; connectionChargeMicros: bigint }>(one: T) => ({
  ...one,
  chargeMicros: String(one.chargeMicros),
  connectionChargeMicros: String(one.connectionChargeMicros),
});
const containing = (one: object): unknown => expect.objectContaining({ ...one });

describe('from raw blobs to the month', () => {
  it('rows that come late, change and go end exact', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(anyDay, { minLength: 1, maxLength: 3 }), async (landings) => {
        const { day, monthlyTotals, deliver } = world();
        for (const [at, blobs] of landings.entries()) {
          for (const blob of blobs) await day.land({ ...blob, claim: blob.claim + 10 * at });
          await deliver();
          await expectMonthOf(day, monthlyTotals);
        }
      }),
      { numRuns: 60 },
    );
  });

  it('a run that ended before it told the month: the message that comes again finds nothing to do and tells it', async () => {
    const { day, deps, monthlyTotals, deliver } = world();
    await day.land({ hour: 8, claim: 1, calls: [aCall()] });
    await deliver();
    await day.land({ hour: 8, claim: 2, calls: [aCall(), aCall()] });
    await day.run({ date: DATE }, { nextStages: () => Promise.reject(new Error('crashed')) });
    takeDays(day);
    expect((await readMonthHead(monthlyTotals, MONTH))?.rows).toBe(1);

    expect(await aggregate({ date: DATE }, deps)).toMatchObject({ outcome: 'unchanged' });
    expect(takeDays(day)).toEqual([{ month: MONTH }]);
    await deliver();
    await expectMonthOf(day, monthlyTotals);
  });

  it('a snapshot deleted by hand is made again, and the month heals', async () => {
    const { day, deps, monthlyTotals, deliver } = world();
    await day.land({ hour: 8, claim: 1, calls: [aCall()] });
    await aggregate({ date: DATE }, deps);
    takeDays(day);
    await day.control.delete((await day.inForce()) ?? '');
    expect(await aggregate({ month: MONTH }, deps)).toMatchObject({ outcome: 'failed' });
    await deliver();
    await expectMonthOf(day, monthlyTotals);
  });

  it('tells the other next stages as well', async () => {
    const { day, deps } = world();
    await day.land({ hour: 8, claim: 1, calls: [aCall()] });
    await aggregate({ date: DATE }, deps);
    expect(day.told).toEqual([await day.inForce()]);
  });
});
