import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BadMessageError, parseWindowJob } from '../../src/queues/messages.ts';
import { QUEUES } from '../../src/queues/names.ts';
import { aggregateDay } from '../../src/totals/aggregateDay.ts';
import { readBreakdowns, readDay, readDayHead } from '../../src/totals/totalsReader.ts';
import { aCall, anyDay, type TestCall } from './support/calls.ts';
import { rejectedBlobName } from '../../src/windows/grid.ts';
import { DATE, dayWorld, drain, etags, rawBlob, totalsEtags, expectExact } from './support/dayWorld.ts';

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
    const reject = (rows: number) =>
      world.raw.put(rejectedBlobName(rawBlob(8).window), Buffer.from(''), {
        metadata: { rows: String(rows) },
      });
    await world.land({ hour: 8, claim: 1, calls: users(1) });
    await reject(2);
    await world.run();
    expect(await readDayHead(world.dailyTotals, DATE)).toMatchObject({ rows: 1, rejected: 2 });
    await reject(5);
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

  it('counts once, and all hours of the day that were asked for are read again by one job', async () => {
    const world = dayWorld([
      { hour: 6, claim: 1, calls: [aCall({ id: 'other' })] },
      { hour: 8, claim: 1, calls: [moved] },
      { hour: 9, claim: 2, calls: [{ ...moved, chargeMicros: 5 }] },
    ]);
    await world.landAll();
    expect(await world.run()).toMatchObject({ rows: 2, repeatedIds: 1 });
    await expectExact(world);
    expect(world.sender.sent.map(({ queue }) => queue)).toEqual([QUEUES.windows]);
    expect(parseWindowJob(world.sender.sent[0]?.message)).toMatchObject({
      from: '2026-11-23T06:00:00Z',
      to: '2026-11-23T10:00:00Z',
      lane: 'live',
    });
  });

  it.each([
    ['only the hours that have ended, on the day itself', '2026-11-23T01:59:00Z', '2026-11-23T01:00:00Z'],
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

describe('what is made of the totals', () => {
  const blob = { hour: 8, claim: 1, calls: users(2) };

  it('is told of the snapshot that is in force, when the day was completed and when nothing was to be done', async () => {
    const world = dayWorld([blob]);
    await world.landAll();
    const report = await world.run();
    await world.run();
    expect(report).toMatchObject({ snapshot: await world.inForce() });
    expect(world.told).toEqual([await world.inForce(), await world.inForce()]);
  });

  it('is told again later when it could not be told, and the totals stay complete', async () => {
    const world = dayWorld([blob]);
    await world.landAll();
    const nextStages = () => Promise.reject(new Error('not reached'));
    expect(await world.run({ date: DATE }, { nextStages })).toEqual({
      ...{ date: DATE, outcome: 'failed', reason: 'not reached' },
    });
    await expectExact(world);
    await drain(world);
    expect(world.told).toEqual([await world.inForce()]);
  });

  it('is not told while another run is at work', async () => {
    const world = dayWorld([blob]);
    await world.landAll();
    await world.run();
    await world.dailyTotals.transact(DATE, [
      { kind: 'merge', rowKey: '!day', properties: { open: true, complete: false } },
    ]);
    expect(await world.run()).toMatchObject({ outcome: 'busy' });
    expect(world.told).toHaveLength(1);
  });

  it('reads breakdowns by every column, beside the totals and never among them', async () => {
    const world = dayWorld();
    const calls = [
      aCall({ callType: 'user_out', operator: 'A', chargeMicros: 1 }),
      aCall({ callType: 'user_in', operator: null, chargeMicros: null }),
      aCall({ callType: 'user_in', operator: 'A', currency: 'EUR' }),
    ];
    await world.land({ hour: 8, claim: 1, calls });
    await world.run();
    const { breakdowns, consistent } = await readBreakdowns(world.dailyTotals, DATE);
    expect(consistent).toBe(true);
    expect(breakdowns.map(({ rowKey }) => rowKey)).toEqual(
      expect.arrayContaining(['!by|operator|A|USD', '!by|operator|-|USD', '!by|operator|A|EUR']),
    );
    expect(breakdowns.filter(({ dimension }) => dimension === 'callType')).toMatchObject([
      { value: 'user_in', currency: 'EUR', calls: 1, callsIn: 1 },
      { value: 'user_in', currency: 'USD', calls: 1, callsIn: 1, callsUnpriced: 1, chargeMicros: 0n },
      { value: 'user_out', currency: 'USD', calls: 1, callsOut: 1, chargeMicros: 1n },
    ]);
    const { totals } = await readDay(world.dailyTotals, DATE);
    expect(totals.map(({ rowKey }) => rowKey)).toEqual(['user-a|EUR', 'user-a|USD']);
  });

  it('loses the breakdowns that no call has any more, and moves only those that changed', async () => {
    const world = dayWorld();
    const [a, b] = [aCall({ operator: 'A' }), aCall({ operator: 'B', userId: 'user-b' })];
    await world.land({ hour: 8, claim: 1, calls: [a, b] });
    await world.run();
    const before = etags(world);
    await world.land({ hour: 8, claim: 2, calls: [a, { ...b, operator: 'C' }] });
    expect(await world.run()).toMatchObject({
      ...{ upserts: 0, deletes: 0, breakdownUpserts: 1, breakdownDeletes: 1 },
    });
    const moved = Object.entries(etags(world)).filter(([key, etag]) => before[key] !== etag);
    expect(moved.map(([key]) => key)).toEqual(['!by|operator|C|USD', '!day']);
    await expectExact(world);
  });
});

describe('a day whose raw calls have been deleted by age', () => {
  it('keeps its totals, whatever its folder holds', async () => {
    const world = dayWorld([{ hour: 8, claim: 1, calls: users(2) }]);
    await world.landAll();
    await world.run();
    await world.dailyTotals.transact(DATE, [{ kind: 'merge', rowKey: '!day', properties: { frozen: true } }]);
    await world.raw.delete(rawBlob(8).name);
    const before = etags(world);
    expect(await world.run()).toEqual({ date: DATE, outcome: 'unchanged' });
    expect(etags(world)).toEqual(before);
  });
});

describe('a large day', () => {
  it('of 50,000 users in three currencies is exact', async () => {
    const world = dayWorld();
    const currencies = ['USD', 'EUR', 'JPY'];
    const calls = users(50_000).map((call, i) => ({
      ...call,
      chargeMicros: i,
      currency: currencies[i % 3] ?? null,
    }));
    await world.land({ hour: 8, claim: 1, calls });
    const { raw } = world;
    // In pieces as a network has them.
    const read: typeof raw.read = async (name, options) => {
      const content = await raw.read(name, options);
      const whole = raw.blobs.get(name)?.content;
      return content && whole && { ...content, chunks: pieces(whole, 64 * 1024) };
    };
    expect(await world.run({ date: DATE }, { raw: { ...raw, read } })).toMatchObject({
      ...{ outcome: 'completed', rows: 50_000, upserts: 50_000, transactions: 506 },
    });
    const { totals, consistent } = await readDay(world.dailyTotals, DATE);
    expect(consistent).toBe(true);
    expect(totals).toHaveLength(50_000);
    const sum = totals.reduce((all, { chargeMicros }) => all + chargeMicros, 0n);
    expect(sum).toBe((50_000n * 49_999n) / 2n);
  }, 60_000);
});

async function* pieces(whole: Uint8Array, size: number) {
  for (let at = 0; at < whole.length; at += size) yield await Promise.resolve(whole.subarray(at, at + size));
}

describe('a month', () => {
  it('is refused, never dropped', async () => {
    const made = dayWorld();
    const refused = aggregateDay({ month: '2026-11' }, made.deps);
    await expect(refused).rejects.toThrow(BadMessageError);
    await expect(refused).rejects.toThrow(/is no day/);
  });
});
