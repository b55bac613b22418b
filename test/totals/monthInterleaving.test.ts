import fc from 'fast-check';
import { describe, it } from 'vitest';
import { type DayChanged, toMessage } from '../../src/queues/messages.ts';
import { QUEUES } from '../../src/queues/names.ts';
import { StorageError } from '../../src/storage/blobs.ts';
import { monthNextStage } from '../../src/totals/monthNextStage.ts';
import type { Gate } from './support/gatedDeps.ts';
import { gatedMonth } from './support/gatedMonth.ts';
import { anyMonthCall } from './support/monthOracle.ts';
import {
  DELAY_MS,
  drain,
  expectExact,
  expectTrueIfConsistent,
  MONTH,
  monthWorld,
  takeMessages,
} from './support/monthWorld.ts';

/** What happens at the n-th call of all runs together. */
const fault = fc.record({
  at: fc.nat({ max: 120 }),
  kind: fc.constantFrom('crashBefore', 'crashAfter', 'lostAnswer', 'lostAnswerConflict'),
});

const changes = (minLength: number) =>
  fc.array(
    fc.record({
      date: fc.constantFrom('2026-11-01', '2026-11-15', '2026-11-30', '2026-10-31'),
      calls: fc.array(anyMonthCall, { maxLength: 3 }),
      deleteOld: fc.boolean(),
    }),
    { minLength, maxLength: 3 },
  );

class Crash extends Error {}

describe('aggregators of one month, in any interleaving, with days that change, crashes and lost answers', () => {
  it('end exact, and no reader ever takes a mixture for a month', async () => {
    const given = [fc.scheduler(), changes(0), changes(1), fc.array(fault, { maxLength: 3 })] as const;
    await fc.assert(
      fc.asyncProperty(...given, async (scheduler, before, after, faults) => {
        const world = monthWorld();
        for (const { date, calls } of before) await world.fold(date, calls);
        const turn = (label: string) => scheduler.schedule(Promise.resolve(), label);
        const send = (message: DayChanged) => world.sender.send(QUEUES.days, toMessage(message));
        let calls = 0;

        /** One process: a crash ends it, and what it wanted to do next never happens. */
        const process = (): Gate => {
          let dead = false;
          return async (call, effect) => {
            // Thirty heads of days are read at once: a turn for each would leave none for the others.
            if (call !== 'day') await turn(call);
            if (dead) throw new Crash();
            const at = call === 'day' ? -1 : calls++;
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
            const [message, ...others] = takeMessages(world);
            for (const other of others) await send(other);
            if (message === undefined || !('month' in message)) {
              idle += 1;
              continue;
            }
            const deps = { ...gatedMonth(world.deps, process()), delayMs: DELAY_MS };
            await world.run(message, deps).catch(() => send(message));
          }
        };
        const changing = async () => {
          for (const { date, calls: ofDay, deleteOld } of after) {
            await turn('day is folded');
            const snapshot = await world.fold(date, ofDay);
            await turn('day tells');
            await monthNextStage(date, snapshot, world.deps);
            if (deleteOld) await world.deleteOldSnapshots();
          }
        };
        const reader = async () => {
          const { monthlyTotals } = gatedMonth(world.deps, async (call, effect) => {
            await turn(`reader ${call}`);
            return effect();
          });
          for (let reads = 0; reads < 3; reads += 1) {
            await expectTrueIfConsistent(world, { table: monthlyTotals });
          }
        };

        await send({ month: MONTH });
        await scheduler.waitFor(Promise.all([worker(), worker(), worker(), changing(), reader()]));
        await drain(world);
        // A month without any day has no totals.
        if ([...world.days.keys()].some((date) => date.startsWith(MONTH))) await expectExact(world);
      }),
      { numRuns: 150 },
    );
  }, 120_000);
});
