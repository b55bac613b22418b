import { describe, expect, it } from 'vitest';
import { StorageError } from '../../src/storage/blobs.ts';
import { readMonthHead } from '../../src/totals/monthReader.ts';
import type { Gate } from './support/gatedDeps.ts';
import { gatedMonth } from './support/gatedMonth.ts';
import { aMonthCall, type MonthCall } from './support/monthOracle.ts';
import {
  drain,
  etags,
  expectExact,
  expectTrueIfConsistent,
  MONTH,
  monthWorld,
  type MonthWorld,
} from './support/monthWorld.ts';

const users = (from: number, to: number, change: Partial<MonthCall> = {}): MonthCall[] =>
  Array.from({ length: to - from }, (_, i) => aMonthCall({ userId: `user-${from + i}`, ...change }));

/** Totals are there, and days have changed since: users come, go, change and stay, in several transactions. */
async function changedMonth(): Promise<MonthWorld> {
  const world = monthWorld();
  await world.fold('2026-11-03', users(0, 120));
  await world.fold('2026-11-30', users(150, 170, { currency: 'EUR' }));
  await world.run();
  await world.fold('2026-11-03', users(60, 200, { chargeMicros: 7n, values: { operator: 'x' } }));
  await world.fold('2026-11-04', users(300, 310, { currency: 'JPY' }), { rejected: 3 });
  return world;
}

/** Names of the calls of one undisturbed run, in order. A call that yields pages counts once. */
async function callsOfARun(): Promise<string[]> {
  const world = await changedMonth();
  const calls: string[] = [];
  const gate: Gate = (call, effect) => {
    if (call !== 'page') calls.push(call);
    return effect();
  };
  await world.run({ month: MONTH }, gatedMonth(world.deps, gate));
  await expectExact(world);
  return calls;
}

const calls = await callsOfARun();
const places = calls
  .map((call, at) => ({ call, at }))
  // Of the many heads of days that are read alike, the first and the last.
  .filter(({ call, at }) => call !== 'day' || calls[at - 1] !== 'day' || calls[at + 1] !== 'day');

class Crash extends Error {}

/** A process that ends at its `at`-th call, before or after the call has its effect; afterwards nothing works. */
function crashing(at: number, when: 'before' | 'after'): Gate {
  let count = -1;
  let dead = false;
  const alive = () => {
    if (dead) throw new Crash();
  };
  return async (call, effect) => {
    alive();
    const here = call !== 'page' && ++count === at;
    dead = here && when === 'before';
    alive();
    const answer = await effect();
    dead ||= here;
    alive();
    return answer;
  };
}

/** At its `at`-th call something else happens, before or after the call has its effect. */
function meanwhile(at: number, when: 'before' | 'after', happens: () => Promise<void>): Gate {
  let count = -1;
  return async (call, effect) => {
    const here = call !== 'page' && ++count === at;
    if (here && when === 'before') await happens();
    const answer = await effect();
    if (here && when === 'after') await happens();
    return answer;
  };
}

/** The `at`-th call has its effect, and its answer is lost. */
const losing = (at: number, error: Error): Gate => meanwhile(at, 'after', () => Promise.reject(error));

describe('a run of which every call is known', () => {
  it('claims after it found work, reads the days after the claim, and the table after the fold', () => {
    const days = Array.from({ length: 30 }, () => 'day');
    const sources = [...days, 'snapshot', 'snapshot', 'snapshot'];
    expect(calls.slice(0, 32)).toEqual(['get', ...days, 'transact']);
    expect(calls.slice(32, 66)).toEqual([...sources, 'query']);
    expect(calls.slice(66).length).toBeGreaterThan(2);
    expect(new Set(calls.slice(66))).toEqual(new Set(['transact']));
  });
});

describe.each(['before', 'after'] as const)('a crash %s a call', (when) => {
  it.each(places)('$call (call $at): the redelivered message ends exact', async ({ at }) => {
    const world = await changedMonth();
    const dying = world.run({ month: MONTH }, gatedMonth(world.deps, crashing(at, when)));
    await expect(dying).rejects.toThrow(Crash);
    await expectTrueIfConsistent(world);
    await world.run();
    await drain(world);
    await expectExact(world);
    const done = etags(world);
    expect(await world.run()).toMatchObject({ outcome: 'unchanged' });
    expect(etags(world)).toEqual(done);
  });
});

describe.each([
  ['a broken connection', () => new Error('socket hang up')],
  ['a conflict with itself, after the client tried again', () => new StorageError(412, 'X', 'own write')],
  ['a conflict of its own insert', () => new StorageError(409, 'X', 'own write')],
  ['a server error', () => new StorageError(503, 'ServerBusy', 'busy')],
])('an answer that is lost to %s', (_, error) => {
  it.each(places)('$call (call $at): ends exact', async ({ call, at }) => {
    const world = await changedMonth();
    const running = world.run({ month: MONTH }, gatedMonth(world.deps, losing(at, error())));
    const report = await running.catch(() => undefined);
    if (call === 'transact') {
      // It finds its own write and goes on: nobody has to come back.
      expect(report).toMatchObject({ outcome: 'completed' });
    } else {
      await expectTrueIfConsistent(world);
      if (report === undefined) await world.run();
      await drain(world);
    }
    await expectExact(world);
  });
});

describe.each(['before', 'after'] as const)('a day that changes %s a call of the fold', (when) => {
  it.each(places)('$call (call $at): is counted once its own message is done', async ({ at }) => {
    const world = await changedMonth();
    const change = async () => {
      await world.foldAndTell('2026-11-03', users(10, 80, { chargeMicros: 9n }));
      await world.foldAndTell('2026-11-17', users(0, 3));
      await world.deleteOldSnapshots();
    };
    await world.run({ month: MONTH }, gatedMonth(world.deps, meanwhile(at, when, change)));
    await expectTrueIfConsistent(world);
    await drain(world);
    await expectExact(world);
  });
});

describe.each(['before', 'after'] as const)('a second run that works %s a call of the first', (when) => {
  it.each(places)('$call (call $at): both come to an end, and the month is exact', async ({ at }) => {
    const world = await changedMonth();
    const second = async () => {
      await world.foldAndTell('2026-11-04', users(300, 305));
      // Delivered early: the first takes it for a dead one's.
      await world.run();
      await drain(world);
      await expectTrueIfConsistent(world);
    };
    await world.run({ month: MONTH }, gatedMonth(world.deps, meanwhile(at, when, second)));
    await drain(world);
    await expectExact(world);
  });
});

describe.each(['before', 'after'] as const)(
  'a twin by the same message that takes over %s a call, and dies',
  (when) => {
    it.each(places)('$call (call $at): the first does not end in silence', async ({ at }) => {
      const world = await changedMonth();
      const twin = async () => {
        const head = await readMonthHead(world.monthlyTotals, MONTH);
        const seen = head?.open === true ? { seen: head.etag } : {};
        let dead = false;
        const deps = gatedMonth(world.deps, async (call, effect) => {
          if (dead) throw new Crash();
          const answer = await effect();
          dead = call === 'transact';
          return answer;
        });
        // Completed by the first: nobody delivers it again.
        await world.run({ month: MONTH, ...seen }, deps).catch(() => undefined);
      };
      await world.run({ month: MONTH }, gatedMonth(world.deps, meanwhile(at, when, twin)));
      await expectTrueIfConsistent(world);
      await drain(world);
      await expectExact(world);
    });
  },
);
