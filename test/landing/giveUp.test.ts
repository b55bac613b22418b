import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { landWindowJob } from '../../src/landing/landJob.ts';
import { rowsTooMany } from '../../src/landing/tooLarge.ts';
import type { WindowJob } from '../../src/queues/messages.ts';
import { toInstant, WINDOW_MS } from '../../src/windows/grid.ts';
import { windowsOfJob } from '../../src/windows/packJobs.ts';
import {
  type CallRow,
  jobOf,
  type LandingWorld,
  landingWorld,
  pageOf,
  replan,
} from '../support/landingWorld.ts';

const DAY = '2026-11-23';
const DAY_MS = Date.parse(`${DAY}T00:00:00Z`);
const dayJob = (more: Partial<WindowJob> = {}): WindowJob =>
  jobOf(`${DAY}T00:00:00Z`, '2026-11-24T00:00:00Z', { lane: 'backfill', expectedRows: 100, ...more });
const jobsIn = (world: LandingWorld): WindowJob[] =>
  world.sender.sent.flatMap(({ queue, message }) =>
    queue === 'pstn-windows-backfill' ? [message.data as WindowJob] : [],
  );
const entriesOf = (world: LandingWorld) => world.deps().ledger.readDay(DAY);

/** A call with nothing but what it takes to be landed: many are made. */
const call = (id: number, startMs: number): CallRow => ({
  id: `c${id}`,
  startDateTime: new Date(startMs).toISOString(),
});
/** So many calls in each hour of the day, in the order of time. */
const calls = (perHour: (hour: number) => number): CallRow[] =>
  Array.from({ length: 24 }, (_, hour) =>
    Array.from({ length: perHour(hour) }, (__, index) =>
      call(hour * 100_000 + index, DAY_MS + hour * WINDOW_MS + index),
    ),
  ).flat();

/** A world whose log is quick with many rows: starts are compared as numbers, once a range. */
function bigWorld(rows: CallRow[]): LandingWorld {
  const world = landingWorld();
  const { log } = world;
  const starts = rows.map(({ startDateTime }) => Date.parse(String(startDateTime)));
  log.readPages = async function* (fromMs, toMs) {
    log.asked.push({ fromMs, toMs });
    const inRange = rows.filter((_, i) => (starts[i] ?? 0) >= fromMs && (starts[i] ?? 0) <= toMs);
    for (let number = 1, at = 0; at === 0 || at < inRange.length; number++, at += log.pageSize) {
      await log.beforePage(number);
      yield pageOf(inRange.slice(at, at + log.pageSize), number);
    }
  };
  return world;
}

/** Lands what a job was sent again as, and what that was sent again as. @returns jobs that were landed */
async function drain(world: LandingWorld): Promise<number> {
  for (let done = 0; ; done += 1) {
    const job = jobsIn(world)[done];
    if (job === undefined) return done;
    await world.land(job);
  }
}

describe('rows at which a job of several windows is given up', () => {
  it('are twice what was expected, and twenty pages at least', () => {
    expect(rowsTooMany({ expectedRows: 0 })).toBe(20_000);
    expect(rowsTooMany({ expectedRows: 10_000 })).toBe(20_000);
    expect(rowsTooMany({ expectedRows: 50_000 })).toBe(100_000);
  });
});

describe('a job with many more rows than expected', () => {
  it('stops, and is sent again in parts that expect what came', async () => {
    const world = bigWorld(calls(() => 1_500));
    const report = await world.land(dayJob({ soon: true }));
    expect(report).toMatchObject({ windows: 0, rows: 0, pages: 21, parts: 2, sentAgain: 0 });
    expect(world.raw.blobs.size).toBe(0);
    const jobs = jobsIn(world);
    expect(world.sender.sent).toHaveLength(2);
    expect(jobs.map(({ from, to }) => [from.slice(11, 13), to.slice(11, 13)])).toEqual([
      ['12', '00'],
      ['00', '12'],
    ]);
    for (const job of jobs) {
      expect(job).toMatchObject({ lane: 'backfill', soon: true, planned: dayJob().planned });
      expect(job.expectedRows).toBeGreaterThan(15_000);
      expect(job.expectedRows).toBeLessThan(21_000);
    }
  });

  it('leaves no claim open and counts as no failure: it is as if nobody had tried', async () => {
    const world = bigWorld(calls(() => 1_500));
    await world.land(dayJob());
    const entries = await entriesOf(world);
    expect(entries).toHaveLength(24);
    for (const entry of entries) {
      expect(entry).toMatchObject({ state: 'planned', claim: 0, done: 0, attempts: 0 });
      expect(entry.lastError).toBeUndefined();
    }
  });

  it('is read by its parts as any other: nothing is lost or doubled, and hours without calls get no blob', async () => {
    const rows = calls((hour) => (hour < 9 ? 0 : hour < 15 ? 4_000 : 10));
    const world = bigWorld(rows);
    await world.land(dayJob());
    await drain(world);
    const entries = await entriesOf(world);
    expect(entries.map((entry) => entry.rows)).toEqual(
      Array.from({ length: 24 }, (_, hour) => (hour < 9 ? 0 : hour < 15 ? 4_000 : 10)),
    );
    for (const entry of entries) expect(entry).toMatchObject({ state: 'read', done: entry.claim });
    expect(world.raw.blobs.size).toBe(15);
  });

  it('goes on to its end if it is a single hour, however many rows come', async () => {
    const world = bigWorld(calls((hour) => (hour === 10 ? 25_000 : 0)));
    const job = jobOf(`${DAY}T10:00:00Z`, `${DAY}T11:00:00Z`, { expectedRows: 1 });
    expect(await world.land(job)).toMatchObject({ windows: 1, rows: 25_000, parts: 0 });
  });

  it('is kept if the page with which it becomes too large is the last one', async () => {
    const rows = calls((hour) => (hour === 3 ? 10_500 : hour === 4 ? 10_000 : 0));
    const world = bigWorld(rows);
    const { log } = world;
    const before = log.readPages.bind(log);
    log.readPages = async function* (...range) {
      for await (const page of before(...range)) yield { ...page, isLast: page.number === 21 };
    };
    expect(await world.land(dayJob())).toMatchObject({ windows: 24, rows: 20_500, pages: 21 });
    expect(jobsIn(world)).toEqual([]);
  });

  it('goes on to its end with as many rows as it may have', async () => {
    const world = bigWorld(calls((hour) => (hour < 20 ? 1_000 : 0)));
    expect(await world.land(dayJob())).toMatchObject({ windows: 24, parts: 0 });
    const more = bigWorld(calls((hour) => (hour < 20 ? 1_000 : 1)));
    expect(await more.land(dayJob())).toMatchObject({ windows: 0, parts: 2 });
  });

  it('keeps what was landed by an earlier delivery, and sends parts of all the rest', async () => {
    const world = bigWorld(calls(() => 1_500));
    await world.land(jobOf(`${DAY}T02:00:00Z`, `${DAY}T04:00:00Z`));
    await world.land(jobOf(`${DAY}T20:00:00Z`, `${DAY}T22:00:00Z`));
    // Of three runs, the first is no larger than it may be, the second is, and the third is not begun.
    expect(await world.land(dayJob())).toMatchObject({ skipped: 4, windows: 2, parts: 3 });
    const hours = jobsIn(world).flatMap(windowsOfJob);
    expect(hours.map(({ hour }) => hour).sort((x, y) => x - y)).toEqual([
      ...Array.from({ length: 16 }, (_, i) => 4 + i),
      22,
      23,
    ]);
  });

  it('is delivered again, and not failed, if its parts cannot be sent', async () => {
    const world = bigWorld(calls(() => 1_500));
    const sender = { ...world.sender, sendAll: () => Promise.reject(new Error('no queue')) };
    await expect(world.land(dayJob(), { sender })).rejects.toThrow('no queue');
    expect(await entriesOf(world)).toMatchObject(
      Array(24).fill({ state: 'planned', attempts: 1, lastError: 'no queue' }),
    );
    expect(await world.land(dayJob())).toMatchObject({ parts: 2 });
  });

  it('gives up as well if its claims cannot be taken back: they only cost the next read writes', async () => {
    const world = bigWorld(calls(() => 1_500));
    const deps = world.deps();
    const ledger = { ...deps.ledger, withdraw: () => Promise.reject(new Error('no ledger')) };
    expect(await landWindowJob(dayJob(), { ...deps, ledger })).toMatchObject({ parts: 2 });
    await drain(world);
    for (const entry of await entriesOf(world)) expect(entry).toMatchObject({ state: 'read', rows: 1_500 });
  });
});

describe('a job for which time runs out', () => {
  it('is sent again in parts before its next page, if it has several windows', async () => {
    const world = bigWorld(calls(() => 100));
    world.log.pageSize = 100;
    const overtime = new AbortController();
    world.log.beforePage = (page) => {
      if (page === 3) overtime.abort();
    };
    const report = await world.land(dayJob({ expectedRows: 2_400 }), { overtime: overtime.signal });
    expect(report).toMatchObject({ pages: 3, windows: 0, parts: 2 });
    const single = jobOf(`${DAY}T10:00:00Z`, `${DAY}T11:00:00Z`);
    expect(await world.land(single, { overtime: overtime.signal })).toMatchObject({ windows: 1, parts: 0 });
  });
});

describe('a job that gives up while another read of its windows is open', () => {
  it('leaves that one to be fenced by the next', async () => {
    const world = bigWorld(calls((hour) => (hour === 0 ? 3 : 1_500)));
    const { ledger } = world.deps();
    const zero = jobOf(`${DAY}T00:00:00Z`, `${DAY}T01:00:00Z`);
    const [window] = windowsOfJob(zero);
    if (window === undefined) throw new Error('a job has a window');
    // An older read that may still end.
    await ledger.claim([window], world.nowMs, () => Promise.resolve(0));
    await world.land(dayJob());
    const [entry, other] = await entriesOf(world);
    expect(entry).toMatchObject({ claim: 2, done: 0 });
    expect(other).toMatchObject({ claim: 0, done: 0 });
    expect((await ledger.claim([window], world.nowMs, () => Promise.resolve(0))).alone.get(window.id)).toBe(
      false,
    );
  });
});

describe('jobs that give up, and their parts', () => {
  it('read every window exactly, whatever was expected, in whatever order rows come, and end', async () => {
    const input = fc.record({
      perHour: fc.array(fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 6_000 })), {
        minLength: 1,
        maxLength: 7,
      }),
      expectedRows: fc.integer({ min: 0, max: 20_000 }),
      order: fc.constantFrom('asTheyStart', 'backwards', 'scattered'),
    });
    await fc.assert(
      fc.asyncProperty(input, async ({ perHour, expectedRows, order }) => {
        const of = (hour: number): number => perHour[hour % perHour.length] ?? 0;
        const rows = calls(of);
        if (order === 'backwards') rows.reverse();
        if (order === 'scattered') rows.sort((a, b) => scatter(a) - scatter(b));
        const world = bigWorld(rows);
        await world.land(dayJob({ expectedRows }));
        expect(await drain(world)).toBeLessThanOrEqual(46);
        expect((await entriesOf(world)).map((entry) => [entry.state, entry.rows])).toEqual(
          Array.from({ length: 24 }, (_, hour) => ['read', of(hour)]),
        );
      }),
      { numRuns: 6 },
    );
  });
});

const scatter = ({ id }: CallRow): number => Math.imul(Number(String(id).slice(1)) + 1, 0x9e3779b1) >>> 0;

describe('what a job leaves to its worker', () => {
  const then = { from: '2026-11-01T00:00:00Z', to: `${DAY}T00:00:00Z` };

  it('is sent when all is landed, by what is known then', async () => {
    const world = bigWorld(calls(() => 2));
    world.nowMs = Date.parse('2026-12-01T00:00:00Z');
    await world.land(dayJob({ then }));
    expect(jobsIn(world)).toEqual([
      {
        from: '2026-11-17T00:00:00Z',
        to: `${DAY}T00:00:00Z`,
        lane: 'backfill',
        planned: dayJob().planned,
        expectedRows: 6 * 48,
        then: { from: then.from, to: '2026-11-17T00:00:00Z' },
      },
    ]);
    expect(await drain(world)).toBe(2);
    const asked = world.log.asked.map(({ fromMs, toMs }) => `${toInstant(fromMs)} ${toInstant(toMs)}`);
    expect(asked).toEqual([
      `${DAY}T00:00:00Z 2026-11-24T00:00:00Z`,
      '2026-11-17T00:00:00Z 2026-11-23T00:00:00Z',
      '2026-11-01T00:00:00Z 2026-11-17T00:00:00Z',
    ]);
  });

  it('is sent by the next delivery if the first one died after landing, without a request', async () => {
    const world = bigWorld(calls(() => 2));
    const sender = { ...world.sender, sendAll: () => Promise.reject(new Error('died')) };
    await expect(world.land(dayJob({ then }), { sender })).rejects.toThrow('died');
    expect(await entriesOf(world)).toMatchObject(Array(24).fill({ state: 'read', attempts: 0 }));
    world.log.asked.length = 0;
    expect(await world.land(dayJob({ then }))).toMatchObject({ skipped: 24, windows: 0, pages: 0 });
    expect(world.log.asked).toEqual([]);
    expect(jobsIn(world)).toHaveLength(1);
  });

  it('costs no request twice if the message comes again when all was read', async () => {
    const world = bigWorld(calls(() => 2));
    await world.land(dayJob({ then }));
    await drain(world);
    const { length } = world.log.asked;
    await world.land(dayJob({ then }));
    await drain(world);
    expect(world.log.asked).toHaveLength(length);
  });

  it('goes with the last part of a job that gives up', async () => {
    const world = bigWorld(calls(() => 1_500));
    await world.land(dayJob({ then }));
    expect(jobsIn(world).map((job) => job.then)).toEqual([undefined, then]);
  });

  it('waits while a failed job is going to be delivered again', async () => {
    const world = bigWorld(calls(() => 2));
    world.log.beforePage = () => {
      throw new Error('refused');
    };
    await expect(world.land(dayJob({ then }))).rejects.toThrow('refused');
    expect(jobsIn(world)).toEqual([]);
  });

  it('goes on without a job that is given up, all at once', async () => {
    const world = bigWorld(calls(() => 2));
    world.log.beforePage = () => {
      throw new Error('refused');
    };
    await expect(world.land(dayJob({ then }), { isFinal: () => true })).rejects.toThrow('refused');
    expect(jobsIn(world).flatMap(windowsOfJob)).toHaveLength(22 * 24);
    expect(jobsIn(world).some((job) => job.then !== undefined)).toBe(false);
    expect((await entriesOf(world)).every(({ state }) => state === 'failed')).toBe(true);
  });

  it('goes with the job when that has to be sent again', async () => {
    const world = bigWorld(calls((hour) => (hour === 0 ? 200 : 0)));
    let commits = 0;
    const commitBlocks: typeof world.raw.commitBlocks = async (name, ids, options) => {
      if (commits++ === 0)
        await world.raw.commitBlocks(name, [], { metadata: { claim: '0', digest: 'x', rows: '0' } });
      return world.raw.commitBlocks(name, ids, options);
    };
    const deps = world.deps({ bufferBytes: 5_000 }, { raw: { ...world.raw, commitBlocks } });
    const job = dayJob({ then });
    expect(await landWindowJob(job, deps)).toMatchObject({ sentAgain: 1 });
    expect(jobsIn(world)).toEqual([job]);
  });
});

describe('a read of many quiet days that fails', () => {
  it('makes the next one write no blob for hours without calls', async () => {
    const world = bigWorld(calls((hour) => (hour === 9 ? 3 : 0)));
    const job = jobOf('2026-11-01T00:00:00Z', '2026-12-01T00:00:00Z');
    world.log.beforePage = () => {
      throw new Error('a page that did not come');
    };
    await expect(world.land(job)).rejects.toThrow('a page');
    world.log.beforePage = () => undefined;
    expect(await world.land(job)).toMatchObject({ windows: 720, committed: 1 });
    expect(world.raw.blobs.size).toBe(1);
    expect(await world.land(replan(world, job))).toMatchObject({ unchanged: 720 });
  });
});
