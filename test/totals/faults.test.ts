import { describe, expect, it } from 'vitest';
import { StorageError } from '../../src/storage/blobs.ts';
import { aCall, type TestCall } from './support/calls.ts';
import {
  DATE,
  dayWorld,
  type DayWorld,
  drain,
  etags,
  expectExact,
  expectTrueIfConsistent,
} from './support/dayWorld.ts';
import { type Gate, gatedDeps } from './support/gatedDeps.ts';

const users = (from: number, to: number, change: Partial<TestCall> = {}): TestCall[] =>
  Array.from({ length: to - from }, (_, i) =>
    aCall({ id: `call-of-${from + i}`, userId: `user-${from + i}`, ...change }),
  );

/** Totals are there, and the blobs have changed since: users come, go, change and stay, in several transactions. */
async function changedDay(): Promise<DayWorld> {
  const world = dayWorld([
    { hour: 8, claim: 1, calls: users(0, 120) },
    { hour: 9, claim: 1, calls: users(150, 170) },
  ]);
  await world.landAll();
  await world.run();
  await world.land({ hour: 8, claim: 2, calls: users(60, 200, { chargeMicros: 7 }) });
  await world.land({ hour: 10, claim: 2, calls: users(300, 310) });
  return world;
}

/** Names of the calls of one undisturbed run, in order. A call that yields pages counts once. */
async function callsOfARun(): Promise<string[]> {
  const world = await changedDay();
  const calls: string[] = [];
  const gate: Gate = (call, effect) => {
    if (call !== 'page') calls.push(call);
    return effect();
  };
  await world.run({ date: DATE }, gatedDeps(world.deps, gate));
  await expectExact(world);
  return calls;
}

const calls = await callsOfARun();
const places = calls.map((call, at) => ({ call, at }));

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

/** The `at`-th call has its effect, and its answer is lost. */
function losing(at: number, error: Error): Gate {
  let count = -1;
  return async (call, effect) => {
    const here = call !== 'page' && ++count === at;
    const answer = await effect();
    if (here) throw error;
    return answer;
  };
}

describe('a run of which every call is known', () => {
  it('claims after it found work, reads the sources after the claim, and the table after the fold', () => {
    const step1 = ['get', 'ledger', 'list'];
    const sources = ['ledger', 'list', 'read', 'chunk', 'read', 'chunk', 'read', 'chunk', 'send'];
    const transactions = ['transact', 'transact', 'transact'];
    expect(calls).toEqual([...step1, 'transact', ...sources, 'query', ...transactions]);
  });
});

describe.each(['before', 'after'] as const)('a crash %s a call', (when) => {
  it.each(places)('$call (call $at): the redelivered message ends exact', async ({ at }) => {
    const world = await changedDay();
    const dying = world.run({ date: DATE }, gatedDeps(world.deps, crashing(at, when)));
    await expect(dying).rejects.toThrow(Crash);
    await expectTrueIfConsistent(world);
    await world.run();
    await drain(world);
    await expectExact(world);
    const settled = etags(world);
    expect(await world.run()).toMatchObject({ outcome: 'unchanged' });
    expect(etags(world)).toEqual(settled);
  });
});

describe.each([
  ['a broken connection', () => new Error('socket hang up')],
  ['a conflict with itself, after the client tried again', () => new StorageError(412, 'X', 'own write')],
  ['a conflict of its own insert', () => new StorageError(409, 'X', 'own write')],
  ['a server error', () => new StorageError(503, 'ServerBusy', 'busy')],
])('an answer that is lost to %s', (_, error) => {
  it.each(places)('$call (call $at): ends exact', async ({ call, at }) => {
    const world = await changedDay();
    const running = world.run({ date: DATE }, gatedDeps(world.deps, losing(at, error())));
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
