import { afterEach, describe, expect, it } from 'vitest';
import { StorageError } from '../../src/storage/blobs.ts';
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
import { Fault, type Step, steppedContainer, steppedTable } from '../support/steps.ts';

const DATE = '2026-11-23';
const DAY_MS = 86_400_000;
const TEN = `ndjson/v1/callDate=${DATE}/pstn-calls-1000-PT60M.jsonl`;
const job = jobOf(`${DATE}T10:00:00Z`, `${DATE}T11:00:00Z`);
const calls = (...ids: string[]): CallRow[] => ids.map((id) => callAt(id, `${DATE}T10:30:00Z`));
const dayMessages = (world: LandingWorld): number =>
  world.sender.sent.filter(({ queue }) => queue === 'pstn-days').length;
const entryOf = async (world: LandingWorld) => (await createTableLedger(world.table).readDay(DATE))[0];

/** Blob, ledger and what the day was told agree, and hold the log. */
async function expectAtRest(world: LandingWorld): Promise<void> {
  const ids = (world.log.rows as CallRow[]).map((row) => row['id']);
  expect(idsOf(world, TEN)).toEqual(ids);
  const entry = await entryOf(world);
  const etag = world.raw.blobs.get(TEN)?.etag;
  expect(entry).toMatchObject({ state: 'read', notified: etag, rows: ids.length });
  expect(entry?.claim).toBe(entry?.done);
}

/** Names of steps that a test waits for, and has not met. */
const awaited = new Set<{ prefix: string }>();

/**
 * Runs steps as they come, but lets `at` decide about one of them, the first with this name. A test in which there
 * is none fails: what it is about has not happened.
 */
const once = (prefix: string, at: <T>(call: () => Promise<T>) => Promise<T>): Step => {
  const step = { prefix };
  awaited.add(step);
  return async (name, call) => {
    if (!name.startsWith(prefix) || !awaited.delete(step)) return call();
    return at(call);
  };
};

afterEach(() => {
  const missed = [...awaited].map(({ prefix }) => prefix);
  awaited.clear();
  expect(missed, 'steps that never came').toEqual([]);
});

describe('a message delivered twice', () => {
  it('at once: two workers end with one blob, and no request too many harms', async () => {
    const world = landingWorld(calls('a', 'b'));
    await Promise.all([world.land(job), world.land(job)]);
    await expectAtRest(world);
    expect([...world.raw.blobs.keys()].filter((name) => name.startsWith('ndjson/'))).toEqual([TEN]);
  });

  it('a day later: nothing is asked for, nothing changes', async () => {
    const world = landingWorld(calls('a'));
    await world.land(job);
    const before = world.etags();
    world.nowMs += DAY_MS;
    world.log.rows = calls('a', 'later');
    expect(await world.land(job)).toMatchObject({ skipped: 1, pages: 0 });
    expect(world.etags()).toEqual(before);
    expect(dayMessages(world)).toBe(1);
  });

  it('in reverse order: the job that was planned first comes last, and does not bring back what it would have read', async () => {
    const world = landingWorld(calls('a', 'b', 'c'));
    const [first, second] = [job, replan(world, job)];
    await world.land(second);
    const before = world.etags();
    expect(await world.land(first)).toMatchObject({ skipped: 1, pages: 0 });
    expect(world.etags()).toEqual(before);
    await expectAtRest(world);
  });
});

describe('a lock that is lost during a long job', () => {
  it('lets the redelivery end first: the long one does not replace what that one read', async () => {
    const world = landingWorld(calls('old'));
    const step = once(`put ${TEN}`, async (call) => {
      world.log.rows = calls('old', 'new');
      expect(await world.land(job)).toMatchObject({ committed: 1 });
      return call();
    });
    const report = await world.land(job, { raw: steppedContainer(world.raw, step) });
    expect(report).toMatchObject({ superseded: 1, committed: 0 });
    await expectAtRest(world);
  });

  it('lets the redelivery claim and end last: it replaces what the long one read', async () => {
    const world = landingWorld(calls('old'));
    let redelivery: Promise<unknown> | undefined;
    const step = once(`put ${TEN}`, async (call) => {
      // The redelivery claims, and waits for its page until the long one has ended.
      await new Promise<void>((claimed) => {
        world.log.beforePage = async () => {
          world.log.beforePage = () => undefined;
          claimed();
          expect(await long).toMatchObject({ committed: 1 });
          world.log.rows = calls('old', 'new');
        };
        redelivery = world.land(job);
      });
      return call();
    });
    const long = world.land(job, { raw: steppedContainer(world.raw, step) });
    await long;
    expect(await redelivery).toMatchObject({ committed: 1 });
    await expectAtRest(world);
  });
});

describe('a storage that refuses', () => {
  const refusals = [
    { status: 409, code: 'BlobAlreadyExists', ends: 'lands' },
    { status: 412, code: 'ConditionNotMet', ends: 'lands' },
    { status: 503, code: 'ServerBusy', ends: 'fails' },
  ];

  it.each(refusals)(
    'a commit, with $status: the job $ends, and then all is exact',
    async ({ status, code, ends }) => {
      const world = landingWorld(calls('a', 'b'));
      const refuse = () => Promise.reject(new StorageError(status, code, 'refused'));
      const raw = steppedContainer(world.raw, once(`put ${TEN}`, refuse));
      if (ends === 'lands') await world.land(job, { raw });
      else {
        await expect(world.land(job, { raw })).rejects.toThrow('refused');
        expect(await entryOf(world)).toMatchObject({ state: 'planned', attempts: 1, lastError: 'refused' });
        await world.land(job);
      }
      await expectAtRest(world);
    },
  );

  it.each([
    { status: 409, code: 'EntityAlreadyExists', ends: 'lands' },
    { status: 412, code: 'UpdateConditionNotSatisfied', ends: 'lands' },
    { status: 503, code: 'ServerBusy', ends: 'fails' },
  ])('a claim, with $status: the job $ends, and then all is exact', async ({ status, code, ends }) => {
    const world = landingWorld(calls('a', 'b'));
    const refuse = () => Promise.reject(new StorageError(status, code, 'refused'));
    const ledger = createTableLedger(steppedTable(world.table, once('transact', refuse)));
    if (ends === 'lands') await world.land(job, { ledger });
    else {
      await expect(world.land(job, { ledger })).rejects.toThrow('refused');
      await world.land(job);
    }
    await expectAtRest(world);
  });
});

describe('a write that succeeds although its answer is lost', () => {
  const lost = async <T>(call: () => Promise<T>): Promise<T> => {
    await call();
    throw new Fault('the answer is lost');
  };
  const refused412 = async <T>(call: () => Promise<T>): Promise<T> => {
    await call();
    return call();
  };

  it('of a blob, and the client sends it again by itself: the refusal is known for its echo', async () => {
    const world = landingWorld(calls('a'));
    const raw = steppedContainer(world.raw, once(`put ${TEN}`, refused412));
    expect(await world.land(job, { raw })).toMatchObject({ committed: 1 });
    expect(dayMessages(world)).toBe(1);
    await expectAtRest(world);
  });

  it('of a blob: the next delivery finds it, and tells the day', async () => {
    const world = landingWorld(calls('a'));
    const raw = steppedContainer(world.raw, once(`put ${TEN}`, lost));
    await expect(world.land(job, { raw })).rejects.toThrow('lost');
    expect(dayMessages(world)).toBe(0);
    await world.land(job);
    expect(dayMessages(world)).toBe(1);
    await expectAtRest(world);
  });

  it('of a claim: its number is burnt', async () => {
    const world = landingWorld(calls('a'));
    const ledger = createTableLedger(steppedTable(world.table, once('transact', lost)));
    await expect(world.land(job, { ledger })).rejects.toThrow('lost');
    await world.land(job);
    expect(world.raw.blobs.get(TEN)?.metadata['claim']).toBe('2');
    await expectAtRest(world);
  });
});

describe('two workers whose clocks are a minute apart', () => {
  it.each([-60_000, 60_000])(
    'one is %i ms ahead: the later claim stands, whatever the clocks say',
    async (skewMs) => {
      const world = landingWorld(calls('a'));
      const skewed = { clock: { nowMs: () => world.nowMs + skewMs } };
      await world.land(job, skewed);
      world.log.rows = calls('a', 'b');
      await world.land({ ...job, planned: new Date(world.nowMs + 120_000).toISOString() });
      await expectAtRest(world);
      world.log.rows = calls('b', 'c');
      await world.land({ ...job, planned: new Date(world.nowMs + 120_000).toISOString() }, skewed);
      await expectAtRest(world);
      expect(world.raw.blobs.get(TEN)?.metadata['claim']).toBe('3');
    },
  );
});
