import { describe, expect, it } from 'vitest';
import { QUEUES } from '../../src/queues/names.ts';
import { DAY_HEADS, type StoredDayHead } from '../../src/totals/dayHead.ts';
import { claimHead } from '../../src/totals/fence.ts';
import { readDayHead } from '../../src/totals/totalsReader.ts';
import { aCall, type TestCall } from './support/calls.ts';
import {
  DATE,
  dayWorld,
  type DayWorld,
  DELAY_MS,
  drain,
  etags,
  expectExact,
  takeDays,
} from './support/dayWorld.ts';

const users = (count: number, change: Partial<TestCall> = {}): TestCall[] =>
  Array.from({ length: count }, (_, i) => aCall({ userId: `user-${i}`, ...change }));

/** Another run's claim. */
const claimDay = (made: DayWorld, seen: StoredDayHead | undefined) =>
  claimHead(
    { table: made.dailyTotals, kind: DAY_HEADS, partition: DATE },
    seen,
    'other',
    '2026-11-24T00:00:00.000Z',
  );

describe('a day that another run is at work on', () => {
  const world = async () => {
    const made = dayWorld([{ hour: 8, claim: 1, calls: users(2) }]);
    await made.landAll();
    const fence = await claimDay(made, undefined);
    if (fence === undefined) throw new Error('not claimed');
    return { ...made, fence };
  };

  it('is sent again, delayed, and not touched', async () => {
    const made = await world();
    const before = etags(made);
    expect(await made.run({ date: DATE, tries: 2 })).toEqual({ date: DATE, outcome: 'busy' });
    expect(etags(made)).toEqual(before);
    const data = { date: DATE, seen: before['!day'], tries: 2 };
    expect(made.sender.sent).toEqual([{ queue: QUEUES.days, message: { v: 1, data }, delayMs: DELAY_MS }]);
  });

  it('is taken over if that run did not move in the meantime, and the run is fenced', async () => {
    const made = await world();
    await made.run();
    await drain(made);
    await expectExact(made);
    const before = etags(made);
    await expect(made.fence.touch()).rejects.toThrow(/another run has claimed/);
    await expect(made.fence.release('why')).rejects.toThrow(/another run has claimed/);
    expect(etags(made)).toEqual(before);
  });

  it('is left to that run as long as it moves', async () => {
    const made = await world();
    await made.run();
    await made.fence.touch();
    const [message] = takeDays(made);
    expect(await made.run(message)).toMatchObject({ outcome: 'busy' });
  });

  it('is not given up when that run moves just as this one claims: it may have listed before the change', async () => {
    const made = await world();
    const head = await readDayHead(made.dailyTotals, DATE);
    let claims = 0;
    const transact: typeof made.dailyTotals.transact = async (key, operations) => {
      if (++claims === 1) await made.fence.touch();
      return made.dailyTotals.transact(key, operations);
    };
    const message = { date: DATE, ...(head === undefined ? {} : { seen: head.etag }) };
    const report = await made.run(message, { dailyTotals: { ...made.dailyTotals, transact } });
    expect(report).toEqual({ date: DATE, outcome: 'busy' });
    const moved = await readDayHead(made.dailyTotals, DATE);
    expect(takeDays(made)).toEqual([{ date: DATE, seen: moved?.etag }]);
  });

  it('is claimed again when that run ended just as this one claimed', async () => {
    const made = await world();
    const head = await readDayHead(made.dailyTotals, DATE);
    let claims = 0;
    const transact: typeof made.dailyTotals.transact = async (key, operations) => {
      if (++claims === 1) await made.fence.release('why');
      return made.dailyTotals.transact(key, operations);
    };
    const message = { date: DATE, ...(head === undefined ? {} : { seen: head.etag }) };
    const report = await made.run(message, { dailyTotals: { ...made.dailyTotals, transact } });
    expect(report).toMatchObject({ outcome: 'completed', generation: 2 });
    await expectExact(made);
  });

  it('that fences this run is sent again with what was seen, and nothing of this run is mixed in', async () => {
    const made = dayWorld([{ hour: 8, claim: 1, calls: users(250) }]);
    await made.landAll();
    let transactions = 0;
    const report = await made.run(
      { date: DATE },
      {
        dailyTotals: {
          ...made.dailyTotals,
          transact: async (key, operations) => {
            // After its claim and its first transaction, another run claims.
            if (++transactions === 3) {
              const head = await readDayHead(made.dailyTotals, DATE);
              await claimDay(made, head);
            }
            return made.dailyTotals.transact(key, operations);
          },
        },
      },
    );
    expect(report).toEqual({ date: DATE, outcome: 'fenced' });
    const head = await readDayHead(made.dailyTotals, DATE);
    expect(head).toMatchObject({ writer: 'other', open: true, complete: false });
    expect(Object.keys(etags(made))).toHaveLength(100);
    expect(made.sender.sent).toMatchObject([
      { message: { data: { date: DATE, seen: head?.etag } }, delayMs: DELAY_MS },
    ]);
    await drain(made);
    await expectExact(made);
  });
});

describe('a fold that takes long', () => {
  it('moves the head each quarter of the delay', async () => {
    const made = dayWorld([
      { hour: 8, claim: 1, calls: users(60) },
      { hour: 9, claim: 1, calls: users(60) },
    ]);
    await made.landAll();
    let nowMs = 0;
    let heads = 0;
    const report = await made.run(
      { date: DATE },
      {
        // Each look at the clock finds it a tenth of the delay later.
        monotonicMs: () => (nowMs += DELAY_MS / 10),
        dailyTotals: {
          ...made.dailyTotals,
          transact: async (key, operations) => {
            if (operations.length === 1) heads += 1;
            return made.dailyTotals.transact(key, operations);
          },
        },
      },
    );
    expect(report).toMatchObject({ outcome: 'completed' });
    expect(heads).toBeGreaterThan(10);
    await expectExact(made);
  });

  it('ends early when the head is another run’s', async () => {
    const made = dayWorld([{ hour: 8, claim: 1, calls: users(60) }]);
    await made.landAll();
    let nowMs = 0;
    let claimed = false;
    const report = await made.run(
      { date: DATE },
      {
        monotonicMs: () => (nowMs += DELAY_MS),
        raw: {
          ...made.raw,
          read: async (name, options) => {
            if (!claimed) {
              claimed = true;
              const head = await readDayHead(made.dailyTotals, DATE);
              await claimDay(made, head);
            }
            return made.raw.read(name, options);
          },
        },
      },
    );
    expect(report).toEqual({ date: DATE, outcome: 'fenced' });
    expect(Object.keys(etags(made))).toEqual(['!day']);
  });
});
