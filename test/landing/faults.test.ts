import { describe, expect, it } from 'vitest';
import { landWindowJob } from '../../src/landing/landJob.ts';
import type { WindowJob } from '../../src/queues/messages.ts';
import { createTableLedger } from '../../src/windows/tableLedger.ts';
import { callAt, idsOf, jobOf, type LandingWorld, landingWorld, replan } from '../support/landingWorld.ts';
import {
  Fault,
  faultAt,
  type FaultKind,
  type Step,
  steppedContainer,
  steppedSender,
  steppedTable,
} from '../support/steps.ts';

/*
 * One thing goes wrong at one place; then the message is delivered again, as the queue does. Whatever the
 * place, the blobs hold the log afterwards, and the day was told after the last change of any blob.
 */
const BUFFER_BYTES = 3_000;
const job = jobOf('2026-11-23T22:00:00Z', '2026-11-24T01:00:00Z');
const hour = (date: string, hours: string): string => `callDate=${date}/pstn-calls-${hours}00-PT60M.jsonl`;
const BLOBS = [hour('2026-11-23', '22'), hour('2026-11-23', '23'), hour('2026-11-24', '00')];

const late = (count: number) =>
  Array.from({ length: count }, (_, index) => callAt(`late${index}`, '2026-11-23T22:30:00Z'));
const misfit = callAt('m', '2026-11-23T23:10:00Z', { charge: 'x' });
/** First the log is small; then many rows come, one goes, one changes its hour, one no longer fits. */
const EARLIER = [
  callAt('a', '2026-11-23T22:15:00Z'),
  callAt('b', '2026-11-24T00:15:00Z'),
  callAt('m', '2026-11-23T23:10:00Z'),
];
const LATER = [callAt('a', '2026-11-23T23:15:00Z'), misfit, ...late(20), { id: 'l', startDateTime: null }];
const EXPECTED = {
  [`ndjson/v1/${hour('2026-11-23', '22')}`]: late(20).map((row) => row['id']),
  [`ndjson/v1/${hour('2026-11-23', '23')}`]: ['a'],
  [`ndjson/v1/${hour('2026-11-24', '00')}`]: [],
};

/** Runs the job over stores in which one step goes wrong; the day's messages note which blobs they follow. */
function run(
  world: LandingWorld,
  message: WindowJob,
  step: Step,
  told: Map<string, string>,
): Promise<unknown> {
  const sender = steppedSender(
    {
      send: async (queue, sent, options) => {
        await world.sender.send(queue, sent, options);
        for (const [name, { etag }] of world.raw.blobs) {
          if ('date' in sent.data && name.includes(sent.data.date)) told.set(name, etag);
        }
      },
      sendAll: (queue, sent, options) => world.sender.sendAll(queue, sent, options),
    },
    step,
  );
  return landWindowJob(message, {
    ...world.deps({ sender, bufferBytes: BUFFER_BYTES }),
    raw: steppedContainer(world.raw, step),
    ledger: createTableLedger(steppedTable(world.table, step)),
  });
}

const noFault: Step = (_, call) => call();

async function expectExact(world: LandingWorld, told: ReadonlyMap<string, string>, place: string) {
  for (const [name, ids] of Object.entries(EXPECTED)) {
    expect(idsOf(world, name) ?? [], `${name} after ${place}`).toEqual(ids);
    expect(told.get(name), `${name} told after ${place}`).toBe(world.raw.blobs.get(name)?.etag);
  }
  const rejected = world.raw.text(`rejected/v1/${hour('2026-11-23', '23')}`) ?? '';
  expect(rejected.split('\n'), `rejected after ${place}`).toHaveLength(2);
  expect([...world.raw.blobs.keys()].filter((name) => name.includes('unknown'))).toHaveLength(1);
  const ledger = createTableLedger(world.table);
  const entries = [...(await ledger.readDay('2026-11-23')), ...(await ledger.readDay('2026-11-24'))];
  expect(entries.map(({ state, notified, lastError }) => [state, notified, lastError])).toEqual(
    BLOBS.map((blob) => ['read', world.raw.blobs.get(`ndjson/v1/${blob}`)?.etag, undefined]),
  );
  expect(entries.every(({ claim, done }) => claim === done)).toBe(true);
}

async function prepared(
  first: 'fresh' | 'read before',
): Promise<[LandingWorld, Map<string, string>, WindowJob]> {
  const world = landingWorld(EARLIER);
  world.log.pageSize = 10;
  const told = new Map<string, string>();
  if (first === 'read before') await run(world, job, noFault, told);
  world.log.rows = LATER;
  return [world, told, first === 'fresh' ? job : replan(world, job)];
}

describe.each(['fresh', 'read before'] as const)('one fault anywhere, in hours that are %s', (first) => {
  it.each<FaultKind>(['crashBefore', 'crashAfter', 'lostAnswer', 'refused', 'sentTwice'])(
    '%s: the next delivery ends exact',
    async (kind) => {
      const places: string[] = [];
      for (let at = 0; ; at++) {
        const [world, told, message] = await prepared(first);
        const fault = faultAt(at, kind);
        try {
          await run(world, message, fault.step, told);
        } catch (error) {
          // What a client that tries again by itself meets is a conflict, and no failure.
          if (!(error instanceof Fault) || kind === 'sentTwice') throw error;
        }
        if (!fault.happened) break;
        places.push(fault.place);
        world.nowMs += 30_000;
        await run(world, message, noFault, told);
        await expectExact(world, told, `${kind} at step ${at}, ${fault.place}`);
        // The rows that went are looked for in the hours of their days, whatever went wrong.
        const reads = world.sender.sent.filter(({ queue }) => queue === 'pstn-windows');
        if (first === 'read before') {
          expect(reads.length).toBeGreaterThan(0);
          for (const { message } of reads) expect(message.data).toMatchObject({ from: job.from, to: job.to });
        } else {
          expect(reads).toEqual([]);
        }

        // What was read then is at rest: the next read writes nothing and says nothing.
        const before = world.etags();
        const sent = world.sender.sent.length;
        await run(world, replan(world, job), noFault, told);
        expect(world.etags()).toEqual(before);
        expect(world.sender.sent).toHaveLength(sent);
      }
      const kinds = new Set(places.map((place) => place.split(' ')[0]));
      expect([...kinds].sort()).toEqual(
        // The blobs' claims are listed for the first claim, and a blob is read before its rows may go.
        ['commit', 'get', 'list', 'properties', 'put', 'query', 'read', 'send', 'stage', 'transact'].filter(
          (step) => step !== (first === 'fresh' ? 'read' : 'list'),
        ),
      );
    },
  );
});

describe('two faults in a row', () => {
  it.each<FaultKind>(['crashAfter', 'lostAnswer'])(
    '%s twice: the third delivery ends exact',
    async (kind) => {
      for (let second = 0; ; second += 3) {
        let anyHappened = false;
        for (let at = 0; at < 60; at += 7) {
          const [world, told, message] = await prepared('read before');
          const faults = [faultAt(at, kind), faultAt(second, kind)];
          for (const fault of faults) {
            try {
              await run(world, message, fault.step, told);
            } catch (error) {
              if (!(error instanceof Fault)) throw error;
            }
            world.nowMs += 30_000;
          }
          await run(world, message, noFault, told);
          await expectExact(world, told, faults.map(({ place }) => place).join(', then '));
          anyHappened ||= faults[1]?.happened === true;
        }
        if (!anyHappened) return;
      }
    },
  );
});
