import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BadMessageError, parseWindowJob } from '../../src/queues/messages.ts';
import { QUEUES } from '../../src/queues/names.ts';
import { aggregateDay, MAX_FOLD_TRIES } from '../../src/totals/aggregateDay.ts';
import { claimDay } from '../../src/totals/tableWriter.ts';
import { readDay, readDayHead } from '../../src/totals/totalsReader.ts';
import { aCall, anyDay, type TestCall } from './support/calls.ts';
import {
  DATE,
  dayWorld,
  DELAY_MS,
  drain,
  etags,
  totalsEtags,
  expectExact,
  rawBlob,
  takeDays,
} from './support/dayWorld.ts';

const users = (count: number, change: Partial<TestCall> = {}): TestCall[] =>
  Array.from({ length: count }, (_, i) => aCall({ userId: `user-${i}`, ...change }));

describe('the totals of a day', () => {
  it('equal the rows, whatever these are, and again after they changed', async () => {
    await fc.assert(
      fc.asyncProperty(anyDay, anyDay, async (before, after) => {
        const world = dayWorld();
        for (const blob of before) await world.land(blob);
        expect(await world.run()).toMatchObject({ outcome: 'completed', generation: 1 });
        await expectExact(world);
        for (const blob of after) await world.land(blob);
        await world.run();
        await expectExact(world);
      }),
      { numRuns: 150 },
    );
  });

  it('of a day without rows are none, under a complete head', async () => {
    const world = dayWorld();
    expect(await world.run()).toMatchObject({ outcome: 'completed', rows: 0, transactions: 1 });
    await expectExact(world);
    expect(Object.keys(etags(world))).toEqual(['!day']);
  });

  it('are not touched by a second run', async () => {
    const world = dayWorld([
      { hour: 8, claim: 1, calls: users(150) },
      { hour: 9, claim: 2, calls: users(3) },
    ]);
    await world.landAll();
    await world.run();
    const before = etags(world);
    expect(await world.run()).toEqual({ date: DATE, outcome: 'unchanged' });
    expect(etags(world)).toEqual(before);
    expect(world.sender.sent).toEqual([]);
  });

  it('keep their ETags where a blob was replaced by the same rows', async () => {
    const blob = { hour: 8, claim: 1, calls: users(150) };
    const world = dayWorld([blob]);
    await world.landAll();
    await world.run();
    const [before, { '!day': head }] = [totalsEtags(world), etags(world)];
    await world.land({ ...blob, claim: 2 });
    expect(await world.run()).toMatchObject({ upserts: 0, deletes: 0, transactions: 1 });
    expect(totalsEtags(world)).toEqual(before);
    expect(etags(world)['!day']).not.toBe(head);
  });

  it('lose the user whose rows went away, and move only the users whose rows changed', async () => {
    const world = dayWorld();
    const [gone, kept, changed] = [
      aCall({ userId: 'gone' }),
      aCall({ userId: 'kept' }),
      aCall({ userId: 'changed' }),
    ];
    await world.land({ hour: 8, claim: 1, calls: [gone, kept, changed] });
    await world.run();
    const before = etags(world);
    await world.land({ hour: 8, claim: 2, calls: [kept, { ...changed, chargeMicros: 7 }] });
    expect(await world.run()).toMatchObject({ upserts: 1, deletes: 1 });
    await expectExact(world);
    const after = etags(world);
    expect(after).not.toHaveProperty('gone|USD');
    expect(after['kept|USD']).toBe(before['kept|USD']);
    expect(after['changed|USD']).not.toBe(before['changed|USD']);
  });

  it('of 250 users are written in several transactions, 99 and the head in each', async () => {
    const world = dayWorld([{ hour: 8, claim: 1, calls: users(250) }]);
    await world.landAll();
    expect(await world.run()).toMatchObject({ upserts: 250, transactions: 3 });
    await expectExact(world);
    await world.land({ hour: 8, claim: 2, calls: [] });
    expect(await world.run()).toMatchObject({ deletes: 250, transactions: 3 });
    await expectExact(world);
  });

  it('keep apart users and currencies with every kind of name, and null', async () => {
    const names = [
      'a/b',
      'a\\b',
      'a#b',
      'a?b',
      'a%b',
      'a%2fb',
      'a|b',
      '!day',
      '-',
      '---',
      '😀',
      '\ud83d',
      'a\u2028b',
    ];
    const long = ['x'.repeat(40_000), `${'x'.repeat(40_000)}y`, '😀'.repeat(20_000)];
    const world = dayWorld();
    const calls = [...names, ...long, null].map((name) =>
      aCall({ userId: name, userDisplayName: name, userPrincipalName: name, currency: name }),
    );
    await world.land({ hour: 8, claim: 1, calls });
    await world.run();
    const { totals, consistent } = await readDay(world.dailyTotals, DATE);
    expect(consistent).toBe(true);
    expect(totals).toHaveLength(calls.length);
    expect(new Set(totals.map(({ calls }) => calls))).toEqual(new Set([1]));
    const userIds = totals.map(({ userId }) => userId);
    expect(userIds).toEqual(expect.arrayContaining(['a/b', '-', null, 'x'.repeat(32_000), '\\ud83d']));
    expect(await world.run()).toMatchObject({ outcome: 'unchanged' });
  });

  it('count rejected rows in the head, also when nothing else changed', async () => {
    const world = dayWorld();
    await world.land({ hour: 8, claim: 1, calls: users(1) }, { rejected: 2 });
    await world.run();
    expect(await readDayHead(world.dailyTotals, DATE)).toMatchObject({ rows: 1, rejected: 2 });
    const entry = world.ledger.get(8);
    if (entry !== undefined) entry.rejected = 5;
    expect(await world.run()).toMatchObject({ outcome: 'completed', upserts: 0 });
    expect(await readDayHead(world.dailyTotals, DATE)).toMatchObject({ rows: 1, rejected: 5 });
  });

  it('ignore what else lies in the folder', async () => {
    const world = dayWorld([{ hour: 8, claim: 1, calls: users(2) }]);
    await world.landAll();
    await world.raw.put(`ndjson/v1/callDate=${DATE}/notes.txt`, Buffer.from('nonsense'));
    await world.run();
    await expectExact(world);
  });

  it('are folded anew when another version of the app folded them', async () => {
    const world = dayWorld([{ hour: 8, claim: 1, calls: users(2) }]);
    await world.landAll();
    await world.run();
    await world.dailyTotals.transact(DATE, [
      { kind: 'merge', rowKey: '!day', properties: { foldVersion: 'older' } },
    ]);
    expect(await world.run()).toMatchObject({ outcome: 'completed', generation: 2, upserts: 0 });
  });
});

describe('a call that moved to another hour', () => {
  const moved = aCall({ id: 'moved' });

  it('counts once, and all ended hours of the day are read again by one job', async () => {
    const world = dayWorld([
      { hour: 8, claim: 1, calls: [moved] },
      { hour: 9, claim: 2, calls: [{ ...moved, chargeMicros: 5 }] },
    ]);
    await world.landAll();
    expect(await world.run()).toMatchObject({ rows: 1, repeatedIds: 1 });
    await expectExact(world);
    expect(world.sender.sent.map(({ queue }) => queue)).toEqual([QUEUES.windows]);
    expect(parseWindowJob(world.sender.sent[0]?.message)).toMatchObject({
      from: '2026-11-23T00:00:00Z',
      to: '2026-11-24T00:00:00Z',
      lane: 'live',
    });
  });

  it.each([
    ['only the hours that have ended, on the day itself', '2026-11-23T10:59:00Z', '2026-11-23T10:00:00Z'],
    ['nothing, on a day that the source may have forgotten', '2027-03-01T00:00:00Z', undefined],
  ])('asks for %s', async (_, now, to) => {
    const world = dayWorld([
      { hour: 0, claim: 1, calls: [moved] },
      { hour: 1, claim: 2, calls: [moved] },
    ]);
    await world.landAll();
    await world.run({ date: DATE }, { clock: { nowMs: () => Date.parse(now) } });
    const jobs = world.sender.sent.map(({ message }) => parseWindowJob(message).to);
    expect(jobs).toEqual(to === undefined ? [] : [to]);
  });
});

describe('a day that another run is at work on', () => {
  const world = async () => {
    const made = dayWorld([{ hour: 8, claim: 1, calls: users(2) }]);
    await made.landAll();
    const fence = await claimDay(made.dailyTotals, DATE, undefined, 'other', '2026-11-24T00:00:00.000Z');
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
              await claimDay(made.dailyTotals, DATE, head, 'other', '2026-11-24T00:00:00.000Z');
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
              await claimDay(made.dailyTotals, DATE, head, 'other', '2026-11-24T00:00:00.000Z');
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

describe('a month', () => {
  it('is refused, never dropped', async () => {
    const made = dayWorld();
    const refused = aggregateDay({ month: '2026-11' }, made.deps);
    await expect(refused).rejects.toThrow(BadMessageError);
    await expect(refused).rejects.toThrow(/months are not kept by this version/);
  });
});
