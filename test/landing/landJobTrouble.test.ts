import { describe, expect, it } from 'vitest';
import { GraphError } from '../../src/graph/errors.ts';
import { landWindowJob } from '../../src/landing/landJob.ts';
import type { WindowJob } from '../../src/queues/messages.ts';
import { windowsOfJob } from '../../src/windows/packJobs.ts';
import {
  callAt,
  digestOf,
  fakeLog,
  idsOf,
  jobOf,
  type LandingWorld,
  landingWorld,
  linesOf,
  replan,
} from '../support/landingWorld.ts';

const DAY = 'callDate=2026-11-23';
const TEN = `ndjson/v1/${DAY}/pstn-calls-1000-PT60M.jsonl`;
const tenJob = jobOf('2026-11-23T10:00:00Z', '2026-11-23T11:00:00Z');
const twoJob = jobOf('2026-11-23T10:00:00Z', '2026-11-23T12:00:00Z');
const a = callAt('a', '2026-11-23T10:15:00.0000000Z');
const b = callAt('b', '2026-11-23T10:45:00.0000000Z');
const c = callAt('c', '2026-11-23T11:30:00.0000000Z');

const entriesOf = (world: LandingWorld, date = '2026-11-23') => world.deps().ledger.readDay(date);

describe('a job of which Graph lastingly does not give an hour', () => {
  const refusesTen = (world: LandingWorld): void => {
    const sound = fakeLog(world.log.rows);
    world.log.readPages = async function* (fromMs, toMs, options) {
      const isTen = fromMs <= Date.parse(tenJob.from) && toMs > Date.parse(tenJob.from);
      if (isTen) throw new GraphError('refused', 'Graph said no', { page: 1 });
      yield* sound.readPages(fromMs, toMs, options);
    };
  };

  it('counts as no failure: its windows are as if nobody had tried, and it goes on in parts', async () => {
    const world = landingWorld([a, b, c]);
    refusesTen(world);
    expect(await world.land(twoJob)).toMatchObject({ windows: 0, parts: 2 });
    expect(world.sender.sent.map(({ message }) => message.data)).toMatchObject([
      { from: twoJob.to.replace('12', '11'), to: twoJob.to, planned: twoJob.planned },
      { from: tenJob.from, to: tenJob.to, planned: twoJob.planned },
    ]);
    for (const entry of await entriesOf(world))
      expect(entry).toMatchObject({ state: 'planned', claim: 0, attempts: 0 });
  });

  it('is delivered again if its parts cannot be sent', async () => {
    const world = landingWorld([a, b, c]);
    refusesTen(world);
    const sender = { ...world.sender, sendAll: () => Promise.reject(new Error('no queue')) };
    await expect(world.land(twoJob, { sender })).rejects.toThrow('no queue');
    expect(await world.land(twoJob)).toMatchObject({ parts: 2 });
  });

  it('leaves what it has not tried to a job of its own', async () => {
    const world = landingWorld([a, b, c]);
    // Eleven was read meanwhile: ten and twelve are read apart.
    await world.land(jobOf('2026-11-23T11:00:00Z', '2026-11-23T12:00:00Z'));
    world.sender.sent.length = 0;
    refusesTen(world);
    expect(await world.land(jobOf('2026-11-23T10:00:00Z', '2026-11-23T13:00:00Z'))).toMatchObject({
      parts: 2,
    });
    expect(world.sender.sent.map(({ message }) => message.data)).toMatchObject([
      { from: '2026-11-23T12:00:00Z', to: '2026-11-23T13:00:00Z' },
      { from: tenJob.from, to: tenJob.to },
    ]);
  });
});

describe('a job that fails', () => {
  it('leaves nothing half-written, and its reason in the ledger', async () => {
    const world = landingWorld([a, b, c]);
    await world.land(twoJob);
    const before = world.etags();
    world.log.rows = [c];
    world.log.pageSize = 1;
    world.log.beforePage = (page) => {
      if (page === 2) throw new Error('page 2 is no page');
    };
    world.log.rows = [c, b];
    await expect(world.land(replan(world, twoJob))).rejects.toThrow('page 2 is no page');
    expect(world.etags()).toEqual(before);
    const [ten] = await entriesOf(world);
    expect(ten).toMatchObject({
      state: 'read',
      attempts: 1,
      lastError: 'page 2 is no page',
      // Nothing was written under it: the next read need not fence it.
      claim: 1,
      done: 1,
    });
  });

  it('is failed in the ledger after the last delivery, until a read succeeds', async () => {
    const world = landingWorld([a]);
    world.log.beforePage = () => {
      throw new Error('refused');
    };
    await expect(world.land(tenJob, { isFinal: () => true })).rejects.toThrow('refused');
    expect(await entriesOf(world)).toMatchObject([{ state: 'failed', attempts: 1, lastError: 'refused' }]);
    world.log.beforePage = () => undefined;
    await world.land(tenJob);
    const [ten] = await entriesOf(world);
    expect(ten).toMatchObject({ state: 'read', attempts: 0 });
    expect(ten?.lastError).toBeUndefined();
  });

  it('does not hide its cause when the ledger cannot be reached either', async () => {
    const world = landingWorld([a]);
    world.log.beforePage = () => {
      throw new Error('the cause');
    };
    const deps = world.deps();
    const ledger = { ...deps.ledger, recordFailure: () => Promise.reject(new Error('no ledger')) };
    await expect(landWindowJob(tenJob, { ...deps, ledger })).rejects.toThrow('the cause');
  });

  it('takes an answer without any page for a failure, not for a log without calls', async () => {
    const world = landingWorld([a]);
    await world.land(tenJob);
    world.log.readPages = () => ({
      [Symbol.asyncIterator]: () => ({ next: () => Promise.resolve({ done: true, value: undefined }) }),
    });
    await expect(world.land(replan(world, tenJob))).rejects.toThrow('no page came');
    expect(idsOf(world, TEN)).toEqual(['a']);
  });

  it('ends before the next page when it is told to', async () => {
    const world = landingWorld([a, b, c]);
    world.log.pageSize = 1;
    const stop = new AbortController();
    world.log.beforePage = (page) => {
      if (page === 2) stop.abort(new Error('the host shuts down'));
    };
    await expect(world.land(twoJob, { signal: stop.signal })).rejects.toThrow('the host shuts down');
    expect(world.raw.blobs.size).toBe(0);
  });
});

describe('a job over so much of a day that its blobs are listed', () => {
  const fourJob = jobOf('2026-11-23T10:00:00Z', '2026-11-23T14:00:00Z');

  it('looks at the store itself once an older read has written after the listing', async () => {
    const world = landingWorld([a, b]);
    let written = 0;
    const put: typeof world.raw.put = async (name, ...rest) => {
      written += 1;
      if (written === 1) {
        const metadata = { claim: '0', digest: 'of an older read', rows: '1', attempt: 'older' };
        await world.raw.put(name, Buffer.from(`${JSON.stringify(a)}\n`), { metadata });
      }
      return world.raw.put(name, ...rest);
    };
    await landWindowJob(fourJob, world.deps({}, { raw: { ...world.raw, put } }));
    expect(idsOf(world, TEN)?.sort()).toEqual(['a', 'b']);
    expect(written).toBe(2);
  });

  it.each([
    ['in one call', 8 * 1024 * 1024],
    ['in blocks', 1],
  ])('knows its own write again whose answer was lost, written %s', async (_, bufferBytes) => {
    const world = landingWorld([a, b]);
    let written = 0;
    // Repeated by the client, a write meets itself.
    const raw: typeof world.raw = {
      ...world.raw,
      put: async (...write) => {
        written += 1;
        await world.raw.put(...write);
        return world.raw.put(...write);
      },
      commitBlocks: async (...write) => {
        written += 1;
        await world.raw.commitBlocks(...write);
        return world.raw.commitBlocks(...write);
      },
    };
    await landWindowJob(fourJob, world.deps({ bufferBytes }, { raw }));
    expect(idsOf(world, TEN)?.sort()).toEqual(['a', 'b']);
    expect(written).toBe(1);
  });
});

describe('a read that is larger than memory', () => {
  const big = (count: number) =>
    Array.from({ length: count }, (_, index) =>
      callAt(`n${index}`, `2026-11-23T${10 + (index % 3)}:30:00Z`, { charge: index / 1000 }),
    );

  it('is staged in blocks while it comes, and holds no more than it may', async () => {
    const rows = big(300);
    const world = landingWorld(rows);
    world.log.pageSize = 50;
    let largest = 0;
    const stageBlock: typeof world.raw.stageBlock = (name, id, content) => {
      largest = Math.max(largest, content.length);
      return world.raw.stageBlock(name, id, content);
    };
    const job = jobOf('2026-11-23T10:00:00Z', '2026-11-23T13:00:00Z');
    const raw = { ...world.raw, stageBlock };
    await landWindowJob(job, world.deps({ bufferBytes: 20_000 }, { raw }));
    for (const hour of [10, 11, 12]) {
      const name = `ndjson/v1/${DAY}/pstn-calls-${hour}00-PT60M.jsonl`;
      const expected = rows.filter((row) => String(row['startDateTime']).includes(`T${hour}`));
      expect(idsOf(world, name)).toEqual(expected.map((row) => row['id']));
      expect(world.raw.blobs.get(name)?.metadata['digest']).toBe(digestOf(linesOf(world, name) ?? []));
    }
    expect(largest).toBeLessThanOrEqual(20_000);
    expect(largest).toBeGreaterThan(0);
  });

  it('is planned anew when the rows that do not fit lost their blocks, though another job has read the hour', async () => {
    const rejectedTen = `rejected/v1/${DAY}/pstn-calls-1000-PT60M.jsonl`;
    const misfits = big(100).map((row) => ({ ...row, duration: 'long' }));
    const world = landingWorld([a, ...misfits]);
    let commits = 0;
    const commitBlocks: typeof world.raw.commitBlocks = async (name, ids, options) => {
      // Another job lands the hour, as it was before, just when the rows that fit are landed.
      if (name === rejectedTen && commits++ === 0) {
        await world.raw.commitBlocks(name, [], { metadata: { claim: '0', digest: 'x', rows: '0' } });
        const windows = windowsOfJob(tenJob);
        const claim = { number: 0, atMs: world.nowMs + 1_000, alone: new Map<string, boolean>() };
        const found = {
          changed: false,
          rows: 0,
          digest: 'x',
          rejected: 0,
          notified: undefined,
          isOld: false,
        };
        await world.deps().ledger.recordReads(windows.map((window) => ({ window, claim, ...found })));
      }
      return world.raw.commitBlocks(name, ids, options);
    };
    const raw = { ...world.raw, commitBlocks };
    const report = await landWindowJob(tenJob, world.deps({ bufferBytes: 5_000 }, { raw }));
    expect(report).toMatchObject({ windows: 0, sentAgain: 1 });
    const again = world.sender.sent.find(({ queue }) => queue === 'pstn-windows')?.message.data as WindowJob;
    expect(again).toMatchObject({ from: tenJob.from, to: tenJob.to });
    expect(await world.land(again)).toMatchObject({ windows: 1, skipped: 0, sentAgain: 0 });
    expect(await entriesOf(world)).toMatchObject([
      { claim: 2, done: 2, rows: 1, rejected: 34, notified: world.etags()[TEN] },
    ]);
  });

  it('is sent again, not failed, when an older read has discarded its blocks', async () => {
    const world = landingWorld(big(100));
    let commits = 0;
    const commitBlocks: typeof world.raw.commitBlocks = async (name, ids, options) => {
      // An older read of the same hour commits just before.
      if (name === TEN && commits++ === 0) {
        await world.raw.commitBlocks(name, [], { metadata: { claim: '0', digest: 'x', rows: '0' } });
      }
      return world.raw.commitBlocks(name, ids, options);
    };
    const raw = { ...world.raw, commitBlocks };
    const report = await landWindowJob(twoJob, world.deps({ bufferBytes: 5_000 }, { raw }));
    expect(report).toMatchObject({ windows: 1, sentAgain: 1 });
    expect(world.sender.sent.map(({ queue, message }) => [queue, message.data])).toEqual([
      ['pstn-days', { date: '2026-11-23' }],
      ['pstn-windows', twoJob],
    ]);
    expect(world.raw.text(TEN)).toBe('');
    await landWindowJob(twoJob, world.deps({ bufferBytes: 5_000 }, { raw }));
    expect(idsOf(world, TEN)).toHaveLength(34);
    expect(world.log.asked).toHaveLength(2);
  });
});

describe('two workers with the same hour', () => {
  it('end with the later claim, though the older read is the last to finish', async () => {
    const world = landingWorld([a]);
    world.log.beforePage = async () => {
      // The older worker has claimed; before its page comes, a whole newer read passes by.
      world.log.beforePage = () => undefined;
      world.log.rows = [b];
      await world.land(tenJob);
      world.log.rows = [a];
    };
    const report = await world.land(tenJob);
    expect(report).toMatchObject({ superseded: 1, committed: 0 });
    expect(idsOf(world, TEN)).toEqual(['b']);
    expect(await entriesOf(world)).toMatchObject([{ claim: 2, done: 2, reads: 1, rows: 1 }]);
    expect(world.sender.sent).toHaveLength(1);
  });

  it.each([
    ['rows', [c, a]],
    ['nothing', [c]],
  ])(
    'end with the later claim, though the older read found %s and had looked at the blob',
    async (_, rows) => {
      const world = landingWorld([callAt('old', '2026-11-23T10:00:00Z')]);
      await world.land(tenJob);
      const message = replan(world, tenJob);
      world.log.rows = rows;
      let commits = 0;
      const put: typeof world.raw.put = async (name, content, options) => {
        if (name === TEN && commits++ === 0) {
          // Between the older worker's look at the blob and its commit a whole newer read passes by.
          world.log.rows = [b];
          await world.land(message);
        }
        return world.raw.put(name, content, options);
      };
      const raw = { ...world.raw, put };
      const report = await landWindowJob(message, world.deps({}, { raw }));
      expect(report).toMatchObject({ superseded: 1, committed: 0 });
      expect(idsOf(world, TEN)).toEqual(['b']);
    },
  );

  it('end with the later claim when that one found what was there before the older one', async () => {
    const world = landingWorld([a]);
    await world.land(tenJob);
    const message = replan(world, tenJob);
    world.log.beforePage = async () => {
      world.log.beforePage = () => undefined;
      await world.land(message);
      world.log.rows = [b];
    };
    await world.land(message);
    expect(idsOf(world, TEN)).toEqual(['a']);
    expect(world.raw.blobs.get(TEN)?.metadata['claim']).toBe('3');
  });

  it('leave in the ledger what the blob holds, and the day told, when the newer one died after its commit', async () => {
    const world = landingWorld([a, b]);
    world.log.beforePage = async () => {
      const lines = Buffer.from('{}\n');
      const metadata = { claim: '2', digest: digestOf(['{}']), rows: '1', attempt: 'newer' };
      await world.raw.put(TEN, lines, { metadata });
    };
    await world.land(tenJob);
    expect(world.raw.text(TEN)).toBe('{}\n');
    expect(await entriesOf(world)).toMatchObject([{ done: 1, rows: 1, digest: digestOf(['{}']) }]);
    expect(world.sender.sent).toHaveLength(1);
  });
});
