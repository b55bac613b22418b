import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isTooMuch } from '../../src/landing/decideShrink.ts';
import type { WindowJob } from '../../src/queues/messages.ts';
import { direct, LandingScene } from '../support/landingScene.ts';
import { callAt, type CallRow, idsOf, jobOf, landingWorld, replan } from '../support/landingWorld.ts';
import { faultAt, type FaultKind, type Step } from '../support/steps.ts';

/*
 * Two hours with some twenty calls each are read by several workers at once, whose clocks differ by up to a
 * minute, while calls come and go in the log, or an answer is empty for once, and workers die. No blob loses too
 * much by one read alone; once the log is at rest, what follows by itself makes every blob exact.
 */
const DATE = '2026-11-23';
const MINUTE = 60_000;
const job = jobOf(`${DATE}T10:00:00Z`, `${DATE}T12:00:00Z`);
const nameOf = (hour: number): string => `ndjson/v1/callDate=${DATE}/pstn-calls-${hour}00-PT60M.jsonl`;
const HOURS = [10, 11] as const;

const idOf = (row: CallRow): string => String(row['id']);
const idsIn = (rows: readonly CallRow[], hour: number): string[] =>
  rows.filter((row) => String(row['startDateTime']).includes(`T${hour}`)).map(idOf);

/** A replaced blob, with what it held before. */
interface Commit {
  hour: number;
  claim: number;
  before: string[];
}

/**
 * Fails if a blob lost too much, and no two reads up to this one, far enough apart by their clocks, lacked the same.
 * The order of claims is not that of clocks: a read that waited before it claimed may carry the older time.
 */
function expectConfirmed(scene: LandingScene, { hour, claim, before }: Commit): void {
  const deliveryOf = (number: number) => scene.deliveries.find(({ claims }) => claims.get(DATE) === number);
  const read = deliveryOf(claim);
  const came = new Set(read?.reads[0]?.map(idOf));
  const lost = before.filter((id) => !came.has(id));
  const tooMuch = (doubtful: number): boolean => isTooMuch({ rows: before.length, doubtful });
  if (!tooMuch(lost.length)) return;
  const confirmMs = scene.world.confirmMinutes * MINUTE;
  const lacking = scene.deliveries.filter(({ claims, reads }) => {
    const had = new Set(reads.at(-1)?.map(idOf));
    const isUpTo = (claims.get(DATE) ?? Infinity) <= claim;
    return isUpTo && reads.length > 0 && !tooMuch(lost.filter((id) => had.has(id)).length);
  });
  const times = lacking.map(({ atMs }) => atMs);
  const isConfirmed = lacking.length >= 2 && Math.max(...times) - Math.min(...times) >= confirmMs;
  expect(isConfirmed, `${lost.length} of ${before.length} rows of ${hour}:00 lost by claim ${claim}`).toBe(
    true,
  );
}

const ALL_IDS: number[] = Array.from({ length: 24 }, (_, index) => index);
const hourOf = (hour: number) =>
  fc
    .record({
      ids: fc.oneof(fc.constant<number[]>([]), fc.subarray(ALL_IDS), fc.constant(ALL_IDS)),
      callId: fc.constantFrom('', 'x'.repeat(300)),
    })
    .map(({ ids, callId }) => ids.map((id) => callAt(`${hour}-${id}`, `${DATE}T${hour}:30:00Z`, { callId })));
const logState = fc.tuple(hourOf(10), hourOf(11)).map((hours) => hours.flat());
const fault = fc.record({
  at: fc.nat({ max: 40 }),
  kind: fc.constantFrom<FaultKind>('crashBefore', 'crashAfter', 'lostAnswer', 'refused', 'sentTwice'),
});
const worker = fc.record({
  faults: fc.array(fault, { maxLength: 2 }),
  skewMs: fc.constantFrom(-MINUTE, 0, MINUTE),
});

/** What the planner asks for: reads that never ended, and confirmations whose job was lost. */
async function planUntilQuiet(scene: LandingScene): Promise<void> {
  const { world } = scene;
  const { ledger } = world.deps();
  // A worker whose clock was ahead may have dropped the last read as one that had been made already: the next
  // one is planned later than any clock has said.
  world.nowMs += 2 * MINUTE;
  await scene.deliver(replan(world, job), [direct, direct, direct]);
  for (let round = 0; round < 6; round++) {
    await scene.drain();
    const entries = await ledger.readDay(DATE);
    if (entries.every(({ claim, done, state }) => claim === done && state === 'read')) return;
    world.nowMs += 120 * MINUTE;
    await scene.deliver(replan(world, job), [direct, direct, direct]);
  }
  throw new Error('reads are never ended, or never confirmed');
}

describe('workers that read while calls go and answers are empty for once', () => {
  it.each([{ confirmMinutes: 60 }, { confirmMinutes: 0 }])(
    'lose no rows by one read, and end exact ($confirmMinutes minutes)',
    async ({ confirmMinutes }) => {
      await fc.assert(
        fc.asyncProperty(
          fc.scheduler(),
          fc.array(logState, { minLength: 2, maxLength: 4 }),
          fc.array(worker, { minLength: 1, maxLength: 3 }),
          fc.array(fc.integer({ min: 0, max: 90 }), { minLength: 3, maxLength: 3 }),
          async (scheduler, states, workers, minutes) => {
            const scene = new LandingScene(landingWorld(states[0]));
            const { world } = scene;
            world.confirmMinutes = confirmMinutes;
            const commits: Commit[] = [];
            const commitBlocks = world.raw.commitBlocks.bind(world.raw);
            world.raw.commitBlocks = async (name, ids, options) => {
              const before = (idsOf(world, name) ?? []).map(String);
              const done = await commitBlocks(name, ids, options);
              const hour = HOURS.find((one) => nameOf(one) === name);
              const claim = Number(options?.metadata?.['claim']);
              if (hour !== undefined) commits.push({ hour, claim, before });
              return done;
            };
            await scene.deliver(job, [direct]);

            const paced =
              (who: string, step: Step): Step =>
              async (name, call) => {
                await scheduler.schedule(Promise.resolve(), `${who}: ${name}`);
                return step(name, call);
              };
            const plan = (): WindowJob => replan(world, job);
            const early = workers.map(async ({ faults, skewMs }, index) => {
              const dying = faults.map(({ at, kind }) => faultAt(at, kind).step);
              const steps = [...dying, ...Array<Step>(8).fill(direct)];
              await scene.deliver(
                plan(),
                steps.map((step) => paced(`worker ${index}`, step)),
                skewMs,
              );
            });
            const changes = async (): Promise<void> => {
              for (const [index, state] of states.slice(1).entries()) {
                await scheduler.schedule(Promise.resolve(), 'the log changes');
                world.nowMs += (minutes[index] ?? 0) * MINUTE;
                world.log.rows = state;
                await scene.deliver(plan(), Array<Step>(8).fill(paced(`reader ${index}`, direct)));
              }
            };
            await scheduler.waitFor(Promise.all([...early, changes()]));
            const final = states.at(-1) ?? [];
            world.log.rows = final;
            await planUntilQuiet(scene);

            for (const hour of HOURS) {
              expect(idsOf(world, nameOf(hour)) ?? []).toEqual(idsIn(final, hour));
              expect(scene.told.get(nameOf(hour))).toBe(world.raw.blobs.get(nameOf(hour))?.etag);
            }
            for (const commit of commits) expectConfirmed(scene, commit);

            const before = world.etags();
            await scene.deliver(replan(world, job), [direct]);
            expect(world.etags()).toEqual(before);
          },
        ),
        { numRuns: 100 },
      );
    },
    60_000,
  );
});
