import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type DayChanged, toMessage } from '../../src/queues/messages.ts';
import { QUEUES } from '../../src/queues/names.ts';
import { StorageError } from '../../src/storage/blobs.ts';
import { sweepDay } from '../../src/totals/sweepDay.ts';
import { readDayHead } from '../../src/totals/totalsReader.ts';
import { anyCall, type TestBlob } from './support/calls.ts';
import {
  DATE,
  dayWorld,
  DELAY_MS,
  drain,
  expectExact,
  expectTrueIfConsistent,
  takeDays,
} from './support/dayWorld.ts';
import { emptyTable, expectChain, settle } from './support/finality.ts';
import { type Gate, gatedDeps } from './support/gatedDeps.ts';

/** What happens at the n-th call of all runs together. */
const fault = fc.record({
  at: fc.nat({ max: 120 }),
  kind: fc.constantFrom('crashBefore', 'crashAfter', 'lostAnswer', 'lostAnswerConflict'),
});

/**
 * Contents of a few hours. No ids: a call that moves between hours has tests of its own. Each landing has a
 * larger claim than all before.
 */
const landings = (firstClaim: number, minLength: number): fc.Arbitrary<TestBlob[]> =>
  fc
    .array(
      fc.record({
        hour: fc.integer({ min: 0, max: 2 }),
        calls: fc.array(
          anyCall.map((call) => ({ ...call, id: null })),
          { maxLength: 3 },
        ),
      }),
      { minLength, maxLength: 3 },
    )
    .map((blobs) => blobs.map((blob, i) => ({ ...blob, claim: firstClaim + i })));

class Crash extends Error {}

describe('aggregators of one day, in any interleaving, with crashes and lost answers', () => {
  it('end exact, and no reader ever takes a mixture for a day', async () => {
    const given = [
      fc.scheduler(),
      landings(1, 0),
      landings(10, 1),
      fc.array(fault, { maxLength: 3 }),
      fc.constantFrom('never', 'at first', 'meanwhile'),
    ] as const;
    await fc.assert(
      fc.asyncProperty(...given, async (scheduler, before, after, faults, settles) => {
        const world = dayWorld();
        for (const blob of before) await world.land(blob);
        if (settles === 'at first') {
          settle(world);
          await world.run();
        }
        const turn = (label: string) => scheduler.schedule(Promise.resolve(), label);
        const send = (message: DayChanged) => world.sender.send(QUEUES.days, toMessage(message));
        let calls = 0;

        /** One process: a crash ends it, and what it wanted to do next never happens. */
        const process = (): Gate => {
          let dead = false;
          return async (call, effect) => {
            await turn(call);
            if (dead) throw new Crash();
            const at = calls++;
            const kinds = faults.filter((one) => one.at === at).map(({ kind }) => kind);
            dead = kinds.includes('crashBefore');
            if (dead) throw new Crash();
            const answer = await effect();
            dead = kinds.includes('crashAfter');
            if (dead) throw new Crash();
            if (call === 'transact' || call === 'send') {
              if (kinds.includes('lostAnswer')) throw new Error('socket hang up');
              if (kinds.includes('lostAnswerConflict')) throw new StorageError(412, 'X', 'own write');
            }
            return answer;
          };
        };

        /** Takes messages as they come, early ones too; what throws is delivered again. */
        const worker = async () => {
          for (let idle = 0; idle < 4;) {
            await turn('receive');
            const [message, ...others] = takeDays(world);
            for (const other of others) await send(other);
            if (message === undefined) {
              idle += 1;
              continue;
            }
            const deps = { ...gatedDeps(world.deps, process()), delayMs: DELAY_MS };
            await world.run(message, deps).catch(() => send(message));
          }
        };
        const landing = async () => {
          for (const blob of after) {
            await turn('land');
            await world.land(blob);
            if (settles !== 'never') settle(world);
            await turn('wake');
            await send({ date: DATE });
          }
        };
        const reader = async () => {
          const { dailyTotals } = gatedDeps(world.deps, async (call, effect) => {
            await turn(`reader ${call}`);
            return effect();
          });
          for (let reads = 0; reads < 3; reads += 1) await expectTrueIfConsistent(world, dailyTotals);
        };

        await send({ date: DATE });
        await scheduler.waitFor(Promise.all([worker(), worker(), worker(), landing(), reader()]));
        await drain(world);
        const state = (await readDayHead(world.dailyTotals, DATE))?.state;
        await expectExact(world);
        const restatements = await expectChain(world);
        expect(state).toBe(settles === 'never' ? 'provisional' : restatements > 0 ? 'restated' : 'settled');

        // What nobody needs may go, and the rest suffices to make everything again.
        await sweepDay(DATE, { ...world.deps, clock: { nowMs: () => Date.parse('2027-01-01T00:00:00Z') } });
        await expectExact(world);
        await expectChain(world);
        await emptyTable(world);
        await world.run();
        await expectExact(world, state);
        expect(await expectChain(world)).toBe(restatements);
      }),
      { numRuns: 200 },
    );
  }, 120_000);
});
