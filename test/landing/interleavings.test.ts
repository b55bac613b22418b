import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { landWindowJob } from '../../src/landing/landJob.ts';
import type { Ledger } from '../../src/windows/ledger.ts';
import { createTableLedger } from '../../src/windows/tableLedger.ts';
import {
  callAt,
  type CallRow,
  idsOf,
  jobOf,
  type LandingWorld,
  landingWorld,
  replan,
} from '../support/landingWorld.ts';
import { Fault, faultAt, type Step, steppedContainer, steppedSender, steppedTable } from '../support/steps.ts';

/*
 * Several workers read the same two hours at once, every storage and queue call at a moment that a seeded
 * scheduler chooses, while the log changes and some workers die. At rest the blobs hold what the read with the
 * largest claim found; the day was told after their last change; a read that claims once the log is at rest is
 * exact, and nothing older replaces it.
 */
const DATE = '2026-11-23';
const HOURS = [10, 11] as const;
const blobOf = (hour: number): string => `ndjson/v1/callDate=${DATE}/pstn-calls-${hour}00-PT60M.jsonl`;
const job = jobOf(`${DATE}T10:00:00Z`, `${DATE}T12:00:00Z`);

/** What one read got, under which claim. */
interface ReadSeen {
  claim: number;
  rows: CallRow[];
  complete: boolean;
}

const idsIn = (rows: readonly CallRow[], hour: number): unknown[] =>
  rows.filter((row) => String(row['startDateTime']).includes(`T${hour}`)).map((row) => row['id']);

/** A worker with its own connection to the stores; notes its reads. */
async function work(world: LandingWorld, step: Step, reads: ReadSeen[], told: Map<string, string>) {
  const seen: ReadSeen = { claim: 0, rows: [], complete: false };
  const inner = createTableLedger(steppedTable(world.table, step));
  const ledger: Ledger = {
    ...inner,
    claim: async (...request) => {
      const claim = await inner.claim(...request);
      seen.claim = claim.number;
      reads.push(seen);
      return claim;
    },
  };
  const source = {
    readPages: async function* () {
      seen.rows = [];
      const rows = await step('page', () => Promise.resolve(world.log.rows as CallRow[]));
      seen.rows = rows;
      yield { number: 1, rows, requestId: undefined };
      seen.complete = true;
    },
  };
  const sender = steppedSender(
    {
      send: async (queue, message, options) => {
        await world.sender.send(queue, message, options);
        for (const [name, { etag }] of world.raw.blobs) told.set(name, etag);
      },
      sendAll: (queue, messages, options) => world.sender.sendAll(queue, messages, options),
    },
    step,
  );
  const raw = steppedContainer(world.raw, step);
  // Small buffers: some blocks are staged while pages come, some only with the commit.
  await landWindowJob(job, world.deps({ source, sender, raw, ledger, bufferBytes: 4_096 }));
}

/** The queue: a message whose worker died, or that was sent again, is delivered again. */
async function deliver(world: LandingWorld, steps: Step[], reads: ReadSeen[], told: Map<string, string>) {
  for (const step of steps) {
    const sentBefore = world.sender.sent.length;
    try {
      await work(world, step, reads, told);
      const again = world.sender.sent.slice(sentBefore).some(({ queue }) => queue === 'pstn-windows');
      if (!again) return;
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
    }
  }
}

const content = (hour: number): fc.Arbitrary<CallRow[]> =>
  fc
    .tuple(fc.subarray(['a', 'b', 'c']), fc.constantFrom('', 'x'.repeat(3_000)))
    .map(([ids, callId]) => ids.map((id) => callAt(`${id}${hour}`, `${DATE}T${hour}:30:00Z`, { callId })));
const logState = fc.tuple(content(10), content(11)).map((hours) => hours.flat());
const faults = fc.option(
  fc.record({
    at: fc.nat({ max: 30 }),
    kind: fc.constantFrom('crashBefore', 'crashAfter', 'lostAnswer', 'refused', 'sentTwice'),
  }),
  { nil: undefined },
);

const scenario = fc.record({
  scheduler: fc.scheduler(),
  states: fc.array(logState, { minLength: 1, maxLength: 4 }),
  firstRead: fc.boolean(),
  workers: fc.array(fc.array(faults, { maxLength: 2 }), { minLength: 2, maxLength: 3 }),
});

async function play({ scheduler, states, firstRead, workers }: typeof scenario extends fc.Arbitrary<infer T> ? T : never) {
  const world = landingWorld(states[0]);
  const reads: ReadSeen[] = [];
  const told = new Map<string, string>();
  const direct: Step = (_, call) => call();
  if (firstRead) await deliver(world, [direct], reads, told);
  world.nowMs += 1;
  // Messages that were all planned before anything below is read: none is dropped for being late.
  const clock = { ...job };
  Object.assign(job, replan(world, clock));
  const scheduled =
    (step: Step, who: string): Step =>
    async (name, call) => {
      await scheduler.schedule(Promise.resolve(), `${who} ${name}`);
      return step(name, call);
    };
  const deliveries = workers.map((plan, index) => {
    const steps = plan.flatMap((fault) => (fault === undefined ? [] : [faultAt(fault.at, fault.kind).step]));
    const all = [...steps, ...Array.from({ length: 8 }, () => direct)];
    return deliver(
      world,
      all.map((step) => scheduled(step, `worker ${index}`)),
      reads,
      told,
    );
  });
  const changes = (async () => {
    for (const state of states.slice(1)) {
      await scheduler.schedule(Promise.resolve(), 'the log changes');
      world.log.rows = state;
    }
  })();
  await scheduler.waitFor(Promise.all([...deliveries, changes]));
  return { world, reads, told };
}
