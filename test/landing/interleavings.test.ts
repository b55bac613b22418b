import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { direct, LandingScene } from '../support/landingScene.ts';
import {
  callAt,
  type CallRow,
  jobOf,
  type LandingWorld,
  landingWorld,
  replan,
  rowsOf,
} from '../support/landingWorld.ts';
import { faultAt, type FaultKind, type Step } from '../support/steps.ts';

/*
 * Several workers read the same two hours at once, every storage and queue call at a moment that a seeded
 * scheduler chooses, while the log changes and some workers die. At rest the blobs hold what the read with the
 * largest claim found; the day was told after their last change; a read that claims once the log is at rest is
 * exact, and nothing older replaces it.
 */
const DATE = '2026-11-23';
const HOURS = [10, 11] as const;
interface Blob {
  hour: number;
  /** Rows that fit lie in the raw blob, the others in the rejected one. */
  fits: boolean;
  name: string;
}
const BLOBS: readonly Blob[] = HOURS.flatMap((hour) => {
  const path = `v1/callDate=${DATE}/pstn-calls-${hour}00-PT60M.jsonl`;
  return [
    { hour, fits: true, name: `ndjson/${path}` },
    { hour, fits: false, name: `rejected/${path}` },
  ];
});
const job = jobOf(`${DATE}T10:00:00Z`, `${DATE}T12:00:00Z`);

const nameOf = (row: CallRow): string => `${String(row['id'])} ${String(row['callId']).length}`;
const fits = (row: CallRow): boolean => typeof row['charge'] === 'number';
const rowsIn = (rows: readonly CallRow[], blob: Blob): string[] =>
  rows
    .filter((row) => String(row['startDateTime']).includes(`T${blob.hour}`) && fits(row) === blob.fits)
    .map(nameOf);
const stored = (world: LandingWorld, { name, fits }: Blob): string[] =>
  (rowsOf(world, name) ?? []).map((line) => nameOf(fits ? line : (line['row'] as CallRow)));

/** Every blob is what one read found, and no read that finished under a later claim found anything else. */
function expectNewest({ world, deliveries }: LandingScene): void {
  const claimed = deliveries.flatMap(({ claims, reads, finished }) => {
    const claim = claims.get(DATE);
    return claim === undefined ? [] : [{ claim, rows: reads.at(-1) ?? [], finished }];
  });
  expect(new Set(claimed.map(({ claim }) => claim)).size).toBe(claimed.length);
  for (const blob of BLOBS) {
    const rows = stored(world, blob);
    const metadata = world.raw.blobs.get(blob.name)?.metadata;
    const storedClaim = Number(metadata?.['claim'] ?? 0);
    if (metadata !== undefined) {
      const behind = claimed.find(({ claim }) => claim === storedClaim);
      expect(rows).toEqual(rowsIn(behind?.rows ?? [], blob));
    }
    const finished = claimed.filter((delivery) => delivery.finished).sort((a, b) => b.claim - a.claim)[0];
    if (finished !== undefined && finished.claim > storedClaim) {
      expect(rows).toEqual(rowsIn(finished.rows, blob));
    }
  }
}

/** Sends again what a claim says was begun and not ended. */
async function planUntilQuiet(scene: LandingScene): Promise<void> {
  const { ledger } = scene.world.deps();
  for (let round = 0; round < 3; round++) {
    const entries = await ledger.readDay(DATE);
    if (entries.every(({ claim, done }) => claim === done)) return;
    await scene.deliver(replan(scene.world, job), [direct, direct, direct]);
  }
  throw new Error('reads are begun and never ended');
}

const content = (hour: number): fc.Arbitrary<CallRow[]> =>
  fc
    .record({
      ids: fc.subarray(['a', 'b', 'c']),
      misfits: fc.subarray(['m', 'n']),
      callId: fc.constantFrom('', 'x'.repeat(3_000)),
    })
    .map(({ ids, misfits, callId }) =>
      [...ids, ...misfits].map((id) => {
        const charge = ids.includes(id) ? 0.5 : 'x';
        return callAt(`${id}${hour}`, `${DATE}T${hour}:30:00Z`, { callId, charge });
      }),
    );
const logState = fc.tuple(content(10), content(11)).map((hours) => hours.flat());
const fault = fc.record({
  at: fc.nat({ max: 30 }),
  kind: fc.constantFrom<FaultKind>('crashBefore', 'crashAfter', 'lostAnswer', 'refused', 'sentTwice'),
});

describe('workers that read the same hours at once', () => {
  it('end with what the read with the largest claim found, whatever the order of their calls', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.scheduler(),
        fc.array(logState, { minLength: 2, maxLength: 4 }),
        fc.boolean(),
        fc.array(fc.array(fault, { maxLength: 2 }), { minLength: 1, maxLength: 3 }),
        async (scheduler, states, readBefore, workers) => {
          const scene = new LandingScene(landingWorld(states[0]));
          const { world } = scene;
          if (readBefore) await scene.deliver(job, [direct]);

          const paced =
            (who: string, step: Step): Step =>
            async (name, call) => {
              await scheduler.schedule(Promise.resolve(), `${who}: ${name}`);
              return step(name, call);
            };
          const message = replan(world, job);
          const early = workers.map((faults, index) => {
            const dying = faults.map(({ at, kind }) => faultAt(at, kind).step);
            const steps = [...dying, ...Array<Step>(8).fill(direct)];
            return scene.deliver(
              message,
              steps.map((step) => paced(`worker ${index}`, step)),
            );
          });
          const changes = async (): Promise<void> => {
            for (const state of states.slice(1)) {
              await scheduler.schedule(Promise.resolve(), 'the log changes');
              world.log.rows = state;
            }
            // The log is at rest from here on; older reads may still be under way.
            await scene.deliver(replan(world, job), Array<Step>(8).fill(paced('last worker', direct)));
          };
          await scheduler.waitFor(Promise.all([...early, changes()]));

          expectNewest(scene);
          const final = states.at(-1) ?? [];
          for (const blob of BLOBS) expect(stored(world, blob)).toEqual(rowsIn(final, blob));

          await planUntilQuiet(scene);
          for (const blob of BLOBS) {
            expect(stored(world, blob)).toEqual(rowsIn(final, blob));
            if (blob.fits) expect(scene.told.get(blob.name)).toBe(world.raw.blobs.get(blob.name)?.etag);
          }
          const before = world.etags();
          await scene.deliver(replan(world, job), [direct]);
          expect(world.etags()).toEqual(before);
        },
      ),
      { numRuns: 400 },
    );
  });
});
