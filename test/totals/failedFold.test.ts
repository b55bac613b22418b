import { describe, expect, it } from 'vitest';
import { MAX_FOLD_TRIES } from '../../src/totals/fencedRun.ts';
import { readDay, readDayHead } from '../../src/totals/totalsReader.ts';
import { aCall, type TestCall } from './support/calls.ts';
import {
  DATE,
  dayWorld,
  DELAY_MS,
  drain,
  totalsEtags,
  expectExact,
  rawBlob,
  takeDays,
} from './support/dayWorld.ts';

const users = (count: number, change: Partial<TestCall> = {}): TestCall[] =>
  Array.from({ length: count }, (_, i) => aCall({ userId: `user-${i}`, ...change }));

describe('a blob that is replaced during the fold', () => {
  it.each([
    ['before it is read', 0],
    ['while it is read', 1],
  ])('%s starts the listing over, so that the vector names what was folded', async (_, readsBefore) => {
    const made = dayWorld([
      { hour: 8, claim: 1, calls: users(30) },
      { hour: 9, claim: 2, calls: users(30) },
    ]);
    await made.landAll();
    let reads = 0;
    const replace = () => made.land({ hour: 8, claim: 3, calls: users(31, { chargeMicros: 3 }) });
    const report = await made.run(
      { date: DATE },
      {
        raw: {
          ...made.raw,
          read: async (name, options) => {
            const first = name === rawBlob(8).name && ++reads === 1;
            if (first && readsBefore === 0) await replace();
            const content = await made.raw.read(name, options);
            if (first && readsBefore === 1) await replace();
            return content;
          },
        },
      },
    );
    expect(report).toMatchObject({ outcome: 'completed', rows: 61 });
    await expectExact(made);
    expect(await made.run()).toMatchObject({ outcome: 'unchanged' });
  });

  it('again and again is left for later', async () => {
    const made = dayWorld([{ hour: 8, claim: 1, calls: users(3) }]);
    await made.landAll();
    const report = await made.run(
      { date: DATE },
      {
        raw: {
          ...made.raw,
          read: async (name, options) => {
            await made.land({ hour: 8, claim: 2, calls: users(3) });
            return made.raw.read(name, options);
          },
        },
      },
    );
    expect(report).toMatchObject({ outcome: 'failed' });
    await drain(made);
    await expectExact(made);
  });
});

describe('a fold that fails', () => {
  const poisoned = async () => {
    const made = dayWorld([{ hour: 8, claim: 1, calls: users(2) }]);
    await made.landAll();
    await made.run();
    await made.raw.put(rawBlob(9).name, Buffer.from('nonsense\n'), { metadata: { claim: '2' } });
    return made;
  };

  it('leaves the old totals whole and says why', async () => {
    const made = await poisoned();
    const before = totalsEtags(made);
    const report = await made.run();
    expect(report).toMatchObject({
      outcome: 'failed',
      reason: expect.stringMatching(/-0900-.*line 1/) as string,
    });
    expect(totalsEtags(made)).toEqual(before);
    expect((await readDay(made.dailyTotals, DATE)).consistent).toBe(true);
    expect(await readDayHead(made.dailyTotals, DATE)).toMatchObject({
      complete: true,
      open: false,
      rows: 2,
      lastError: expect.stringMatching(/-0900-.*line 1.*pstn backfill/) as string,
    });
  });

  it('is tried again with a growing delay, and throws at the last', async () => {
    const made = await poisoned();
    const delays: number[] = [];
    let message: Parameters<typeof made.run>[0] = { date: DATE };
    for (let tries = 1; tries < MAX_FOLD_TRIES; tries += 1) {
      await made.run(message);
      delays.push(...made.sender.sent.map(({ delayMs }) => delayMs));
      [message] = takeDays(made);
      expect(message).toEqual({ date: DATE, tries });
    }
    expect(delays).toEqual([1, 2, 4, 8, 16, 32, 64].map((factor) => factor * DELAY_MS));
    await expect(made.run(message)).rejects.toThrow(/line 1/);
    expect(made.sender.sent).toEqual([]);
    expect(await readDayHead(made.dailyTotals, DATE)).toMatchObject({ open: false });
  });

  it('heals when the blob does', async () => {
    const made = await poisoned();
    await made.run();
    await made.land({ hour: 9, claim: 3, calls: users(3) });
    await drain(made);
    await expectExact(made);
  });

  it('is what becomes of a blob that is gone although the ledger counts its rows', async () => {
    const made = dayWorld([{ hour: 8, claim: 1, calls: users(2) }]);
    await made.landAll();
    await made.run();
    const before = totalsEtags(made);
    await made.raw.delete(rawBlob(8).name);
    expect(await made.run()).toMatchObject({
      outcome: 'failed',
      reason: expect.stringMatching(/2026-11-23T08Z are missing.*pstn backfill/) as string,
    });
    expect(totalsEtags(made)).toEqual(before);
  });
});
