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
import { emptyTable, expectChain, settle } from './support/finality.ts';
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

/** The last reads that were missing have come, and a row with one of them. */
async function dayToSettle(): Promise<DayWorld> {
  const world = dayWorld([{ hour: 8, claim: 1, calls: users(0, 3) }]);
  await world.landAll();
  await world.run();
  await world.land({ hour: 9, claim: 2, calls: users(3, 4) });
  settle(world);
  return world;
}

/** A settled day that has been restated once, whose rows have changed again. */
async function dayToRestate(): Promise<DayWorld> {
  const world = dayWorld([{ hour: 8, claim: 1, calls: users(0, 110) }]);
  await world.landAll();
  settle(world);
  await world.run();
  await world.land({ hour: 9, claim: 2, calls: users(200, 203) });
  settle(world);
  await world.run();
  await world.land({ hour: 8, claim: 3, calls: users(1, 111, { chargeMicros: 7 }) });
  settle(world);
  return world;
}

/** The same, and the table is gone. */
async function dayToRestore(): Promise<DayWorld> {
  const world = await dayToRestate();
  await emptyTable(world);
  return world;
}

const claim = ['get', 'list', 'transact'];
const sources = ['readControl', 'ledger', 'list', 'list'];
const fold = ['read', 'chunk', 'put'];
const restate = [...claim.slice(0, 2), 'transact', ...sources, ...fold, 'put', 'readControl'];

const scenarios = [
  {
    name: 'a day that changed',
    make: changedDay,
    restatements: 0,
    state: 'provisional',
    // Ids of two blobs are looked up, one blob is folded again without them, and the hours are to be read again.
    calls: [
      ...[...claim, ...sources, ...fold, ...fold, 'readControl', 'readControl', ...fold, 'send'],
      ...['put', 'put', 'query', 'transact', 'transact', 'transact', 'next'],
    ],
  },
  {
    name: 'a day that becomes settled',
    make: dayToSettle,
    restatements: 0,
    state: 'settled',
    // Snapshot, record of the settlement, folds.
    calls: [...claim, ...sources, ...fold, 'put', 'put', 'put', 'query', 'transact', 'next'],
  },
  {
    name: 'a settled day that changed',
    make: dayToRestate,
    restatements: 2,
    state: 'restated',
    // Snapshot; the one in force, rows of then and now, the record before; record, folds.
    calls: [
      ...[...restate, 'readControl', 'readControl', 'get', 'put', 'put', 'query'],
      ...['transact', 'transact', 'next'],
    ],
  },
  {
    name: 'a restated day whose table was emptied',
    make: dayToRestore,
    restatements: 2,
    state: 'restated',
    // The records: listed, the newest and those before it, the snapshot that it ends at.
    calls: [
      ...['get', 'transact', ...sources, ...fold, 'put'],
      ...['listControl', 'readControl', 'readControl', 'properties'],
      ...['readControl', 'readControl', 'readControl', 'put', 'put', 'query', 'transact', 'transact', 'next'],
    ],
  },
] as const;

type Scenario = (typeof scenarios)[number];

/** Names of the calls of one undisturbed run, in order. A call that yields pages counts once. */
async function callsOfARun({ make }: Scenario): Promise<string[]> {
  const world = await make();
  const calls: string[] = [];
  const gate: Gate = (call, effect) => {
    if (call !== 'page') calls.push(call);
    return effect();
  };
  await world.run({ date: DATE }, gatedDeps(world.deps, gate));
  return calls;
}

async function expectEnd(world: DayWorld, { restatements, state }: Scenario): Promise<void> {
  await expectExact(world, state);
  expect(await expectChain(world)).toBe(restatements);
}

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

describe.each(scenarios)('$name', (scenario) => {
  const places = scenario.calls.map((call, at) => ({ call, at }));

  it('is folded in this order: claim, sources, records, table', async () => {
    expect(await callsOfARun(scenario)).toEqual(scenario.calls);
  });

  describe.each(['before', 'after'] as const)('with a crash %s a call', (when) => {
    it.each(places)('$call (call $at): the redelivered message ends exact', async ({ at }) => {
      const world = await scenario.make();
      const dying = world.run({ date: DATE }, gatedDeps(world.deps, crashing(at, when)));
      await expect(dying).rejects.toThrow(Crash);
      await expectTrueIfConsistent(world);
      await world.run();
      await drain(world);
      await expectEnd(world, scenario);
      const settled = etags(world);
      expect(await world.run()).toMatchObject({ outcome: 'unchanged' });
      expect(etags(world)).toEqual(settled);
      expect(world.told).toEqual(expect.arrayContaining([await world.inForce()]));
    });
  });

  describe.each([
    ['a broken connection', () => new Error('socket hang up')],
    ['a conflict with itself, after the client tried again', () => new StorageError(412, 'X', 'own write')],
    ['a conflict of its own insert', () => new StorageError(409, 'X', 'own write')],
    ['a server error', () => new StorageError(503, 'ServerBusy', 'busy')],
  ])('with an answer that is lost to %s', (_, error) => {
    it.each(places)('$call (call $at): ends exact', async ({ call, at }) => {
      const world = await scenario.make();
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
      await expectEnd(world, scenario);
      expect(world.told).toEqual(expect.arrayContaining([await world.inForce()]));
    });
  });
});
