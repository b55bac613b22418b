import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BadMessageError, parseWindowJob } from '../../src/queues/messages.ts';
import { QUEUES } from '../../src/queues/names.ts';
import { aggregateDay } from '../../src/totals/aggregateDay.ts';
import { readDay, readDayHead } from '../../src/totals/totalsReader.ts';
import { aCall, anyDay, type TestCall } from './support/calls.ts';
import { rejectedBlobName } from '../../src/windows/grid.ts';
import { DATE, dayWorld, etags, rawBlob, totalsEtags, expectExact } from './support/dayWorld.ts';

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

describe('a month', () => {
  it('is refused, never dropped', async () => {
    const made = dayWorld();
    const refused = aggregateDay({ month: '2026-11' }, made.deps);
    await expect(refused).rejects.toThrow(BadMessageError);
    await expect(refused).rejects.toThrow(/is no day/);
  });
});
