import { describe, expect, it } from 'vitest';
import type { LandingReport } from '../../src/landing/landJob.ts';
import type { WindowJob } from '../../src/queues/messages.ts';
import {
  callAt,
  type CallRow,
  digestOf,
  idsOf,
  jobOf,
  type LandingWorld,
  landingWorld,
  linesOf,
  PLANNED_MS,
  replan,
} from '../support/landingWorld.ts';

const MINUTE = 60_000;
const DAY = 'callDate=2026-11-23';
const TEN = `ndjson/v1/${DAY}/pstn-calls-1000-PT60M.jsonl`;
const ELEVEN = `ndjson/v1/${DAY}/pstn-calls-1100-PT60M.jsonl`;
const TEN_ASIDE = `aside/v1/${DAY}/pstn-calls-1000-PT60M.jsonl`;
const tenJob = jobOf('2026-11-23T10:00:00Z', '2026-11-23T11:00:00Z');
const twoJob = jobOf('2026-11-23T10:00:00Z', '2026-11-23T12:00:00Z');

const calls = (prefix: string, count: number, hour = 10, more: CallRow = {}): CallRow[] =>
  Array.from({ length: count }, (_, index) => callAt(`${prefix}${index}`, `2026-11-23T${hour}:30:00Z`, more));

const entriesOf = (world: LandingWorld) => world.deps().ledger.readDay('2026-11-23');
const jobsSent = (world: LandingWorld) =>
  world.sender.sent.flatMap(({ queue, message, delayMs }) =>
    queue === 'pstn-windows' ? [{ job: message.data as WindowJob, delayMs }] : [],
  );
const confirmations = (world: LandingWorld) => jobsSent(world).filter(({ delayMs }) => delayMs > 0);
const daysSent = (world: LandingWorld) => world.sender.sent.filter(({ queue }) => queue === 'pstn-days');

/** Reads again so many minutes after the last read. */
async function readAgain(
  world: LandingWorld,
  rows: readonly CallRow[],
  minutes = 1,
  job = tenJob,
): Promise<LandingReport> {
  world.log.rows = [...rows];
  world.nowMs += (minutes - 1) * MINUTE;
  return world.land(replan(world, job));
}

/** A world in which these rows were read, and nothing remains to be said. */
async function worldWith(rows: readonly CallRow[], job = tenJob): Promise<LandingWorld> {
  const world = landingWorld([...rows]);
  await world.land(job);
  world.sender.sent.length = 0;
  return world;
}

describe('one empty answer for a full hour', () => {
  it('changes nothing: it is kept aside, and one job is to confirm it an hour later', async () => {
    const world = await worldWith(calls('c', 11));
    const before = world.etags();
    const report = await readAgain(world, []);
    expect(report).toMatchObject({ windows: 0, shrunk: 1, committed: 0, sentAgain: 0 });
    expect(world.etags()).toEqual({ ...before, [TEN_ASIDE]: world.raw.blobs.get(TEN_ASIDE)?.etag });
    expect(world.raw.text(TEN_ASIDE)).toBe('');
    expect(world.raw.blobs.get(TEN_ASIDE)?.metadata).toMatchObject({ claim: '2', rows: '0' });
    const at = new Date(world.nowMs).toISOString();
    expect(await entriesOf(world)).toMatchObject([
      { state: 'shrunk', shrunkAt: at, shrunkClaim: 2, claim: 2, done: 2, rows: 11, reads: 1 },
    ]);
    expect((await entriesOf(world))[0]?.lastReadAt).toBe(new Date(PLANNED_MS).toISOString());
    expect(world.sender.sent).toEqual([
      {
        queue: 'pstn-windows',
        delayMs: 60 * MINUTE,
        message: {
          v: 1,
          data: { ...tenJob, planned: new Date(world.nowMs + 1).toISOString(), expectedRows: 11 },
        },
      },
    ]);
  });

  it('is forgotten when the rows are back: no blob is written, nobody is told', async () => {
    const rows = calls('c', 11);
    const world = await worldWith(rows);
    const before = world.etags();
    await readAgain(world, []);
    world.sender.sent.length = 0;
    expect(await readAgain(world, rows, 60)).toMatchObject({ unchanged: 1, shrunk: 0 });
    expect(world.etags()).toMatchObject(before);
    expect(world.sender.sent).toEqual([]);
    const [entry] = await entriesOf(world);
    expect(entry).toMatchObject({ state: 'read', reads: 2, done: 3 });
    expect(entry).not.toHaveProperty('shrunkAt');
    expect(entry).not.toHaveProperty('shrunkClaim');
  });

  it('is believed when a second one agrees an hour later, whatever made it read', async () => {
    const world = await worldWith(calls('c', 11));
    await readAgain(world, []);
    expect(await readAgain(world, [], 60)).toMatchObject({ committed: 1, shrunk: 0 });
    expect(world.raw.text(TEN)).toBe('');
    expect(daysSent(world)).toHaveLength(1);
    const [entry] = await entriesOf(world);
    expect(entry).toMatchObject({ state: 'read', rows: 0, reads: 2 });
    expect(entry).not.toHaveProperty('shrunkAt');
  });

  it('is not believed when a second one comes a minute too early, and not sent twice to be confirmed', async () => {
    const world = await worldWith(calls('c', 11));
    await readAgain(world, []);
    const [shrunkEntry] = await entriesOf(world);
    expect(await readAgain(world, [], 29)).toMatchObject({ shrunk: 1 });
    expect(confirmations(world)).toHaveLength(1);
    expect(await entriesOf(world)).toMatchObject([
      { state: 'shrunk', shrunkAt: shrunkEntry?.shrunkAt, shrunkClaim: 2, done: 3 },
    ]);
    expect(await readAgain(world, [], 30)).toMatchObject({ shrunk: 1 });
    expect(await readAgain(world, [], 1)).toMatchObject({ committed: 1 });
  });

  it('is believed at once by the second read where no time is to be waited, the clock standing still', async () => {
    const world = await worldWith(calls('c', 11));
    world.confirmMinutes = 0;
    world.log.rows = [];
    await world.land({ ...tenJob, planned: new Date(world.nowMs + 1).toISOString() });
    const [confirmation] = jobsSent(world);
    expect(confirmation?.delayMs).toBe(0);
    expect(await world.land(confirmation?.job ?? tenJob)).toMatchObject({ committed: 1 });
    expect(world.raw.text(TEN)).toBe('');
  });

  it('after an hour in which the rows were seen again needs a confirmation of its own', async () => {
    const rows = calls('c', 11);
    const world = await worldWith(rows);
    await readAgain(world, []);
    await readAgain(world, rows, 60);
    expect(await readAgain(world, [], 60)).toMatchObject({ shrunk: 1, committed: 0 });
    expect(idsOf(world, TEN)).toHaveLength(11);
    expect(confirmations(world)).toHaveLength(2);
  });

  it('for an hour of up to ten rows is believed', async () => {
    const world = await worldWith(calls('c', 10));
    expect(await readAgain(world, [])).toMatchObject({ committed: 1, shrunk: 0 });
    expect(world.raw.text(TEN)).toBe('');
    expect(world.raw.blobs.has(TEN_ASIDE)).toBe(false);
  });

  it('is kept aside for every window of a job that lost rows, even the small ones', async () => {
    const rows = [...calls('t', 6, 10), ...calls('e', 5, 11)];
    const world = await worldWith(rows, twoJob);
    const before = world.etags();
    expect(await readAgain(world, [], 1, twoJob)).toMatchObject({ shrunk: 2, committed: 0 });
    expect(world.etags()).toMatchObject(before);
    expect(confirmations(world)).toHaveLength(1);
    expect(confirmations(world)[0]?.job).toMatchObject({
      from: twoJob.from,
      to: twoJob.to,
      expectedRows: 11,
    });
  });
});

describe('a read that lacks some rows', () => {
  it.each([
    { rows: 220, lost: 11, believed: true },
    { rows: 219, lost: 11, believed: false },
  ])('$lost of $rows: believed: $believed', async ({ rows, lost, believed }) => {
    const all = calls('c', rows);
    const world = await worldWith(all);
    await readAgain(world, all.slice(lost));
    expect(idsOf(world, TEN)).toHaveLength(believed ? rows - lost : rows);
  });

  it('lacks them although as many others have come', async () => {
    const world = await worldWith(calls('c', 11));
    expect(await readAgain(world, calls('d', 20))).toMatchObject({ shrunk: 1 });
    expect(idsOf(world, TEN)).toHaveLength(11);
    expect(idsOf(world, TEN_ASIDE)).toHaveLength(20);
    expect(world.raw.blobs.get(TEN_ASIDE)?.metadata['digest']).toBe(
      digestOf(linesOf(world, TEN_ASIDE) ?? []),
    );
  });

  it('lands the windows that lack nothing', async () => {
    const world = await worldWith([...calls('t', 11, 10), ...calls('e', 3, 11)], twoJob);
    const report = await readAgain(world, calls('f', 3, 11).concat(calls('e', 3, 11)), 1, twoJob);
    expect(report).toMatchObject({ windows: 1, committed: 1, shrunk: 1 });
    expect(idsOf(world, ELEVEN)).toHaveLength(6);
    expect(idsOf(world, TEN)).toHaveLength(11);
    expect(daysSent(world)).toHaveLength(1);
  });

  it('does not lack a row that is in another hour of the same read', async () => {
    const world = await worldWith(calls('c', 20, 10), twoJob);
    expect(await readAgain(world, calls('c', 20, 11), 1, twoJob)).toMatchObject({ committed: 2, shrunk: 0 });
    expect(idsOf(world, ELEVEN)).toHaveLength(20);
    expect(jobsSent(world)).toEqual([]);
  });

  it('does not lack a row that no longer fits: it is kept with those', async () => {
    const world = await worldWith(calls('c', 20));
    const misfits = calls('c', 20, 10, { charge: 'x' });
    expect(await readAgain(world, misfits)).toMatchObject({ committed: 1, shrunk: 0 });
    expect(world.raw.text(TEN)).toBe('');
    expect(world.raw.text(`rejected/v1/${DAY}/pstn-calls-1000-PT60M.jsonl`)?.split('\n')).toHaveLength(21);
  });

  it('does not lack a row of which two versions came while the log moved', async () => {
    const world = await worldWith(calls('c', 11));
    world.log.pageSize = 11;
    let version = 0;
    world.log.beforePage = () => {
      version += 1;
      world.log.rows = [...calls('c', 11), ...calls('c', 11, 10, { charge: version / 100 })];
    };
    expect(await readAgain(world, calls('c', 11))).toMatchObject({ committed: 1, shrunk: 0, readAgain: 2 });
  });

  it('leaves those that do not fit as they were, too', async () => {
    const misfit = callAt('m', '2026-11-23T10:05:00Z', { charge: 'x' });
    const world = await worldWith([...calls('c', 11), misfit]);
    await readAgain(world, []);
    expect(world.raw.text(`rejected/v1/${DAY}/pstn-calls-1000-PT60M.jsonl`)?.split('\n')).toHaveLength(2);
    expect(await entriesOf(world)).toMatchObject([{ state: 'shrunk', rejected: 1 }]);
  });

  it('knows rows without an id by their line', async () => {
    const nameless = (count: number) =>
      Array.from({ length: count }, (_, index) => callAt(null, '2026-11-23T10:30:00Z', { duration: index }));
    const world = await worldWith(nameless(30));
    expect(await readAgain(world, nameless(25))).toMatchObject({ committed: 1 });
    expect(await readAgain(world, nameless(5))).toMatchObject({ shrunk: 1 });
  });

  it('is compared with a blob that was put there by hand', async () => {
    const world = landingWorld(calls('c', 5));
    await world.raw.put(TEN, Buffer.from('{"id":"x"}\nno json\n'.repeat(6)));
    expect(await world.land(tenJob)).toMatchObject({ shrunk: 1 });
    expect(world.raw.text(TEN)).toContain('no json');
  });
});

describe('a second read that loses rows', () => {
  const all = calls('c', 100);

  it('confirms only what the first one lacked as well', async () => {
    const world = await worldWith(all);
    await readAgain(world, all.slice(20));
    expect(await readAgain(world, [], 60)).toMatchObject({ shrunk: 1 });
    expect(idsOf(world, TEN)).toHaveLength(100);
    const at = new Date(world.nowMs).toISOString();
    expect(await entriesOf(world)).toMatchObject([{ state: 'shrunk', shrunkAt: at, shrunkClaim: 3 }]);
    expect(world.raw.blobs.get(TEN_ASIDE)?.metadata).toMatchObject({ claim: '3', rows: '0' });
    expect(confirmations(world)).toHaveLength(2);
    expect(await readAgain(world, [], 60)).toMatchObject({ committed: 1 });
    expect(world.raw.text(TEN)).toBe('');
  });

  it('confirms less than the first one lacked', async () => {
    const world = await worldWith(all);
    await readAgain(world, []);
    expect(await readAgain(world, all.slice(20), 60)).toMatchObject({ committed: 1 });
    expect(idsOf(world, TEN)).toHaveLength(80);
  });

  it('may lack a few more than the first one, as any read may', async () => {
    const world = await worldWith(all);
    await readAgain(world, all.slice(20));
    expect(await readAgain(world, all.slice(30), 60)).toMatchObject({ committed: 1 });
    expect(idsOf(world, TEN)).toHaveLength(70);
  });

  it('brings rows that came late all the same', async () => {
    const world = await worldWith(all);
    await readAgain(world, all.slice(20));
    await readAgain(world, [...all.slice(20), ...calls('late', 5)], 60);
    expect(idsOf(world, TEN)).toHaveLength(85);
  });

  it('starts over when what was kept aside is gone, or another read was put in its place', async () => {
    const world = await worldWith(all);
    await readAgain(world, []);
    world.raw.blobs.delete(TEN_ASIDE);
    expect(await readAgain(world, [], 60)).toMatchObject({ shrunk: 1 });
    expect(await readAgain(world, [], 60)).toMatchObject({ committed: 1 });
  });

  it('starts over when the ledger was lost', async () => {
    const world = await worldWith(all);
    await readAgain(world, []);
    for (const { partitionKey, rowKey } of world.table.all()) {
      await world.table.transact(partitionKey, [{ kind: 'delete', rowKey }]);
    }
    expect(await readAgain(world, [], 60)).toMatchObject({ shrunk: 1 });
    expect(world.raw.blobs.get(TEN_ASIDE)?.metadata).toMatchObject({ claim: '3' });
    expect(await readAgain(world, [], 60)).toMatchObject({ committed: 1 });
  });
});

describe('clocks a minute apart', () => {
  it('a confirming read by the slower one comes early, and is made once more for the time that is left', async () => {
    const world = await worldWith(calls('c', 11));
    await readAgain(world, []);
    const [first] = confirmations(world);
    expect(await readAgain(world, [], 59)).toMatchObject({ shrunk: 1 });
    const [, second] = confirmations(world);
    expect(second).toEqual({
      delayMs: MINUTE,
      job: { ...first?.job, planned: new Date(world.nowMs + 1).toISOString() },
    });
    world.nowMs += MINUTE;
    expect(await world.land(second?.job ?? tenJob)).toMatchObject({ committed: 1 });
  });

  it('a confirming job is not dropped for a read that a faster one made before', async () => {
    const world = landingWorld(calls('c', 11));
    world.nowMs += MINUTE;
    await world.land(tenJob);
    world.nowMs -= MINUTE;
    world.log.rows = [];
    await world.land({ ...tenJob, planned: new Date(world.nowMs + MINUTE + 1).toISOString() });
    const [confirmation] = confirmations(world);
    world.nowMs += 60 * MINUTE;
    expect(await world.land(confirmation?.job ?? tenJob)).toMatchObject({ skipped: 0, committed: 1 });
  });
});

describe('a read kept aside that is larger than memory', () => {
  const wide = (count: number) => calls('c', count, 10, { callId: 'x'.repeat(500) });

  it('is read once more, because what is staged for a blob cannot go to another', async () => {
    const world = await worldWith(wide(100));
    const before = world.etags();
    world.log.rows = wide(60);
    const report = await world.land(replan(world, tenJob), { bufferBytes: 4_096 });
    expect(report).toMatchObject({ shrunk: 1, sentAgain: 0 });
    expect(world.log.asked).toHaveLength(3);
    expect(world.etags()).toMatchObject(before);
    expect(idsOf(world, TEN_ASIDE)).toHaveLength(60);
    expect(world.raw.blobs.get(TEN_ASIDE)?.metadata).toMatchObject({ rows: '60', claim: '2' });
    world.nowMs += 60 * MINUTE;
    await world.land(replan(world, tenJob), { bufferBytes: 4_096 });
    expect(idsOf(world, TEN)).toHaveLength(60);
  });

  it('holds what came the second time: rows that were back by then are not confirmed to be gone', async () => {
    const world = await worldWith(wide(100));
    let reads = 0;
    world.log.beforePage = () => {
      reads += 1;
      world.log.rows = reads === 1 ? wide(60) : wide(100);
    };
    await world.land(replan(world, tenJob), { bufferBytes: 4_096 });
    expect(idsOf(world, TEN_ASIDE)).toHaveLength(100);
    world.log.beforePage = () => undefined;
    expect(await readAgain(world, wide(60), 60)).toMatchObject({ shrunk: 1 });
  });
});

describe('what only a command reads', () => {
  const old = landingWorld().nowMs + 100 * 24 * 60 * MINUTE;

  it('only a command confirms: Graph may no longer have had it', async () => {
    const world = await worldWith(calls('c', 11));
    world.nowMs = old;
    expect(await readAgain(world, [])).toMatchObject({ shrunk: 1 });
    expect(world.sender.sent).toEqual([]);
    expect(await readAgain(world, [], 60)).toMatchObject({ committed: 1 });
    expect(jobsSent(world)).toEqual([]);
  });

  it('is confirmed at once where no time is to be waited: the command waits for it', async () => {
    const world = await worldWith(calls('c', 11));
    world.nowMs = old;
    world.confirmMinutes = 0;
    await readAgain(world, []);
    expect(jobsSent(world)).toMatchObject([{ delayMs: 0, job: { from: tenJob.from } }]);
  });

  it('is unverified if its first read finds nothing, until one finds rows', async () => {
    const world = landingWorld();
    world.nowMs = old;
    await world.land(tenJob);
    expect(await entriesOf(world)).toMatchObject([{ state: 'read', unverified: true, rows: 0 }]);
    await readAgain(world, []);
    expect(await entriesOf(world)).toMatchObject([{ unverified: true }]);
    await readAgain(world, calls('c', 1));
    expect((await entriesOf(world))[0]).not.toHaveProperty('unverified');
    await readAgain(world, []);
    expect((await entriesOf(world))[0]).not.toHaveProperty('unverified');
  });

  it('is no matter of an hour that Graph still has', async () => {
    const world = landingWorld();
    await world.land(tenJob);
    expect((await entriesOf(world))[0]).not.toHaveProperty('unverified');
  });
});

describe('a blob deleted by hand', () => {
  it('is healed by reading', async () => {
    const world = await worldWith(calls('c', 11));
    world.raw.blobs.delete(TEN);
    expect(await readAgain(world, calls('c', 11))).toMatchObject({ committed: 1 });
    expect(idsOf(world, TEN)).toHaveLength(11);
    expect(daysSent(world)).toHaveLength(1);
  });

  it('is not taken for an hour without calls by one empty answer', async () => {
    const world = await worldWith(calls('c', 11));
    world.raw.blobs.delete(TEN);
    expect(await readAgain(world, [])).toMatchObject({ shrunk: 1, unchanged: 0 });
    expect(await entriesOf(world)).toMatchObject([{ state: 'shrunk', rows: 11 }]);
    expect(await readAgain(world, calls('c', 11), 60)).toMatchObject({ committed: 1 });
    expect(idsOf(world, TEN)).toHaveLength(11);
  });

  it('is an hour without calls if a second answer agrees', async () => {
    const world = await worldWith(calls('c', 11));
    world.raw.blobs.delete(TEN);
    await readAgain(world, []);
    expect(await readAgain(world, [], 60)).toMatchObject({ unchanged: 1, shrunk: 0 });
    expect(await entriesOf(world)).toMatchObject([{ state: 'read', rows: 0 }]);
  });
});

describe('a read that is not believed', () => {
  it('still tells the day of a blob that a run committed that died before it could', async () => {
    const world = landingWorld(calls('c', 20));
    const send = () => Promise.reject(new Error('the process ends'));
    await expect(world.land(tenJob, { sender: { ...world.sender, send } })).rejects.toThrow(
      'the process ends',
    );
    expect(await readAgain(world, [])).toMatchObject({ shrunk: 1 });
    expect(daysSent(world)).toHaveLength(1);
    expect(await entriesOf(world)).toMatchObject([{ notified: world.raw.blobs.get(TEN)?.etag }]);
    await readAgain(world, []);
    expect(daysSent(world)).toHaveLength(1);
  });
});

describe('two workers, one of which lost rows', () => {
  const rows = calls('c', 20);

  it('an older read that finishes last does not undo what was read after the one kept aside', async () => {
    const world = await worldWith(rows);
    world.log.rows = [...rows, callAt('withdrawn', '2026-11-23T10:31:00Z')];
    const message = replan(world, tenJob);
    let commits = 0;
    const put: typeof world.raw.put = async (name, content, options) => {
      if (name === TEN && commits++ === 0) {
        // The older worker is about to commit. An empty answer is kept aside, and fences nothing; then the log is
        // read as it is now, and that is what is stored.
        expect(await readAgain(world, [])).toMatchObject({ shrunk: 1 });
        expect(await readAgain(world, rows)).toMatchObject({ windows: 1 });
      }
      return world.raw.put(name, content, options);
    };
    const report = await world.land(message, { raw: { ...world.raw, put } });
    expect(report).toMatchObject({ superseded: 1, committed: 0 });
    expect(idsOf(world, TEN)).toEqual(rows.map((row) => row['id']));
  });

  it('a read is judged by the blob that it replaces, not by the one before', async () => {
    const world = await worldWith(calls('c', 3));
    const message = replan(world, tenJob);
    let openGate: () => void = () => undefined;
    const gate = new Promise<void>((resolve) => (openGate = resolve));
    let newer: Promise<LandingReport> | undefined;
    world.log.beforePage = async () => {
      // The older worker has claimed, and waits for its page.
      world.log.beforePage = () => undefined;
      let commits = 0;
      const put: typeof world.raw.put = async (name, content, options) => {
        if (name === TEN && commits++ === 0) {
          world.log.rows = rows;
          openGate();
          await older;
        }
        return world.raw.put(name, content, options);
      };
      world.log.rows = [];
      newer = world.land(message, { raw: { ...world.raw, put } });
      await gate;
    };
    const older = world.land(message);
    await older;
    expect(await newer).toMatchObject({ shrunk: 1, committed: 0 });
    expect(idsOf(world, TEN)).toHaveLength(20);
    expect(confirmations(world)).toHaveLength(1);
    expect(world.raw.blobs.get(TEN_ASIDE)?.metadata).toMatchObject({ claim: '3', rows: '0' });
  });
});

describe('a job over midnight that lost rows', () => {
  it('is confirmed by one job for all of it', async () => {
    const night = jobOf('2026-11-23T22:00:00Z', '2026-11-24T02:00:00Z');
    const late = ['2026-11-23T23:30:00Z', '2026-11-24T00:30:00Z'].flatMap((start) =>
      Array.from({ length: 8 }, (_, index) => callAt(`${start} ${index}`, start)),
    );
    const world = await worldWith(late, night);
    expect(await readAgain(world, [], 1, night)).toMatchObject({ shrunk: 2, windows: 2 });
    expect(confirmations(world)).toMatchObject([
      { delayMs: 60 * MINUTE, job: { from: '2026-11-23T23:00:00Z', to: '2026-11-24T01:00:00Z' } },
    ]);
    world.nowMs += 60 * MINUTE;
    expect(await world.land(confirmations(world)[0]?.job ?? night)).toMatchObject({ committed: 2 });
  });
});
