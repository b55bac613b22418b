import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { landWindowJob } from '../../src/landing/landJob.ts';
import { StorageError } from '../../src/storage/blobs.ts';
import {
  callAt,
  digestOf,
  idsOf,
  jobOf,
  type LandingWorld,
  landingWorld,
  linesOf,
  PLANNED_MS,
  replan,
  rowsOf,
} from '../support/landingWorld.ts';

const DAY = 'callDate=2026-11-23';
const TEN = `ndjson/v1/${DAY}/pstn-calls-1000-PT60M.jsonl`;
const ELEVEN = `ndjson/v1/${DAY}/pstn-calls-1100-PT60M.jsonl`;
const REJECTED_TEN = `rejected/v1/${DAY}/pstn-calls-1000-PT60M.jsonl`;
const tenJob = jobOf('2026-11-23T10:00:00Z', '2026-11-23T11:00:00Z');
const twoJob = jobOf('2026-11-23T10:00:00Z', '2026-11-23T12:00:00Z');
const a = callAt('a', '2026-11-23T10:15:00.0000000Z');
const b = callAt('b', '2026-11-23T10:45:00.0000000Z');
const c = callAt('c', '2026-11-23T11:30:00.0000000Z');

const entriesOf = (world: LandingWorld, date = '2026-11-23') => world.deps().ledger.readDay(date);
const daysSent = (world: LandingWorld) => world.sender.sent.map(({ message }) => message.data);

describe('landing a job', () => {
  it('puts every row into the blob of the hour in which it started, and says what it holds', async () => {
    const world = landingWorld([c, b, a]);
    const report = await world.land(twoJob);
    expect(rowsOf(world, TEN)?.map((row) => [row['id'], row['charge']])).toEqual([
      ['b', 0.012],
      ['a', 0.012],
    ]);
    expect(idsOf(world, ELEVEN)).toEqual(['c']);
    expect(world.raw.blobs.get(TEN)?.metadata).toEqual({
      rows: '2',
      digest: digestOf(linesOf(world, TEN) ?? []),
      claim: '1',
      attempt: 'id-1',
    });
    expect(world.raw.text(TEN)?.endsWith('}\n')).toBe(true);
    expect(report).toMatchObject({ windows: 2, skipped: 0, pages: 1, rows: 3, committed: 2, rejected: 0 });
  });

  it('asks for the hours once, both bounds included', async () => {
    const world = landingWorld([a]);
    await world.land(twoJob);
    expect(world.log.asked).toEqual([
      { fromMs: Date.parse('2026-11-23T10:00:00Z'), toMs: Date.parse('2026-11-23T12:00:00Z') },
    ]);
  });

  it('tells the day once, delayed, and at once when somebody waits', async () => {
    const world = landingWorld([a, c]);
    await world.land(twoJob);
    expect(world.sender.sent).toEqual([
      { queue: 'pstn-days', message: { v: 1, data: { date: '2026-11-23' } }, delayMs: 20_000 },
    ]);
    world.log.rows = [a];
    await world.land({ ...replan(world, twoJob), soon: true });
    expect(world.sender.sent[1]).toEqual({ ...world.sender.sent[0], delayMs: 0 });
  });

  it('records the read in the ledger', async () => {
    const world = landingWorld([a, b]);
    await world.land(twoJob);
    const at = new Date(PLANNED_MS).toISOString();
    const [ten, eleven] = await entriesOf(world);
    expect(ten).toMatchObject({
      state: 'read',
      claim: 1,
      done: 1,
      rows: 2,
      rejected: 0,
      reads: 1,
      attempts: 0,
      digest: digestOf(linesOf(world, TEN) ?? []),
      notified: world.raw.blobs.get(TEN)?.etag,
      firstReadAt: at,
      lastReadAt: at,
      changedAt: at,
    });
    expect(eleven).toMatchObject({ state: 'read', done: 1, rows: 0, reads: 1 });
    expect(eleven?.notified).toBeUndefined();
    expect(eleven?.changedAt).toBeUndefined();
  });

  it('makes no blob for an hour that never had rows, and wakes nobody', async () => {
    const world = landingWorld([]);
    const report = await world.land(twoJob);
    expect(world.raw.blobs.size).toBe(0);
    expect(world.sender.sent).toEqual([]);
    expect(report).toMatchObject({ windows: 2, unchanged: 2 });
  });

  it('claims and tells each day of a job over midnight', async () => {
    const rows = [callAt('x', '2026-11-23T23:59:59.9999999Z'), callAt('y', '2026-11-24T00:00:00Z')];
    const world = landingWorld(rows);
    await world.land(jobOf('2026-11-23T23:00:00Z', '2026-11-24T01:00:00Z'));
    expect(idsOf(world, `ndjson/v1/${DAY}/pstn-calls-2300-PT60M.jsonl`)).toEqual(['x']);
    expect(idsOf(world, 'ndjson/v1/callDate=2026-11-24/pstn-calls-0000-PT60M.jsonl')).toEqual(['y']);
    expect(daysSent(world)).toEqual([{ date: '2026-11-23' }, { date: '2026-11-24' }]);
  });
});

describe('reading again', () => {
  it('writes no blob, stages no block and sends nothing if the same rows come in any order', async () => {
    const world = landingWorld([a, b, c]);
    await world.land(twoJob);
    const before = world.etags();
    world.log.rows = [c, b, a];
    const report = await world.land(replan(world, twoJob));
    expect(world.etags()).toEqual(before);
    expect(world.raw.staged.size).toBe(0);
    expect(world.sender.sent).toHaveLength(1);
    expect(report).toMatchObject({ windows: 2, unchanged: 2, committed: 0 });
    const [ten] = await entriesOf(world);
    expect(ten).toMatchObject({ claim: 2, done: 2, reads: 2, changedAt: ten?.firstReadAt });
    expect(ten?.lastReadAt).toBe(new Date(world.nowMs).toISOString());
  });

  it('replaces only the hour in which a row changed', async () => {
    const world = landingWorld([a, b, c]);
    await world.land(twoJob);
    const before = world.etags();
    world.log.rows = [a, { ...b, charge: 0.5 }, c];
    await world.land(replan(world, twoJob));
    expect(rowsOf(world, TEN)?.map((row) => row['charge'])).toEqual([0.012, 0.5]);
    expect(world.etags()[ELEVEN]).toBe(before[ELEVEN]);
    expect(world.etags()[TEN]).not.toBe(before[TEN]);
    expect(world.sender.sent).toHaveLength(2);
  });

  it('drops a row that was withdrawn, and adds one that came late', async () => {
    const world = landingWorld([a, c]);
    await world.land(twoJob);
    world.log.rows = [b, c];
    await world.land(replan(world, twoJob));
    expect(idsOf(world, TEN)).toEqual(['b']);
  });

  it('keeps an empty blob of an hour that lost its rows, and leaves it alone afterwards', async () => {
    const world = landingWorld([a]);
    await world.land(tenJob);
    world.log.rows = [];
    await world.land(replan(world, tenJob));
    expect(world.raw.text(TEN)).toBe('');
    expect(world.raw.blobs.get(TEN)?.metadata).toMatchObject({ rows: '0', digest: '0'.repeat(64) });
    expect(world.sender.sent).toHaveLength(2);
    const before = world.etags();
    await world.land(replan(world, tenJob));
    expect(world.etags()).toEqual(before);
    expect(world.sender.sent).toHaveLength(2);
  });

  it('heals a blob that was deleted by hand', async () => {
    const world = landingWorld([a]);
    await world.land(tenJob);
    world.raw.blobs.delete(TEN);
    await world.land(replan(world, tenJob));
    expect(idsOf(world, TEN)).toEqual(['a']);
  });

  it('starts above the claims in the blobs when the ledger was lost', async () => {
    const world = landingWorld([a]);
    await world.land(tenJob);
    await world.land(replan(world, tenJob));
    world.log.rows = [b];
    const { ledger } = landingWorld().deps();
    await landWindowJob(replan(world, tenJob), world.deps({ ledger }));
    expect(idsOf(world, TEN)).toEqual(['b']);
    expect(world.raw.blobs.get(TEN)?.metadata['claim']).toBe('2');
  });

  it('fences a read that claimed and never ended by writing once more, even without rows', async () => {
    const world = landingWorld([a]);
    await world.land(twoJob);
    const { ledger } = world.deps();
    const windows = (await ledger.readDay('2026-11-23')).map(({ window }) => window);
    await ledger.claim(windows, world.nowMs, () => Promise.resolve(0));
    const report = await world.land(replan(world, twoJob));
    expect(world.raw.blobs.get(TEN)?.metadata['claim']).toBe('3');
    expect(world.raw.text(ELEVEN)).toBe('');
    expect(report).toMatchObject({ committed: 2 });
    const [ten] = await entriesOf(world);
    expect(ten?.changedAt).toBe(ten?.firstReadAt);
  });
});

describe('a message that comes late or again', () => {
  it('makes no request if every hour was read since it was planned', async () => {
    const world = landingWorld([a]);
    await world.land(twoJob);
    const report = await world.land(twoJob);
    expect(world.log.asked).toHaveLength(1);
    expect(report).toMatchObject({ windows: 0, skipped: 2, pages: 0 });
  });

  it('reads only what is left, each gap-free run by itself', async () => {
    const world = landingWorld([a, c, callAt('d', '2026-11-23T12:00:00Z')]);
    await world.land(jobOf('2026-11-23T11:00:00Z', '2026-11-23T12:00:00Z'));
    const report = await world.land(jobOf('2026-11-23T10:00:00Z', '2026-11-23T13:00:00Z'));
    expect(world.log.asked.slice(1)).toEqual([
      { fromMs: Date.parse('2026-11-23T10:00:00Z'), toMs: Date.parse('2026-11-23T11:00:00Z') },
      { fromMs: Date.parse('2026-11-23T12:00:00Z'), toMs: Date.parse('2026-11-23T13:00:00Z') },
    ]);
    expect(report).toMatchObject({ windows: 2, skipped: 1 });
    expect(idsOf(world, ELEVEN)).toEqual(['c']);
  });
});

describe('rows at the edge', () => {
  it('land once, in the hour that they begin, though two jobs get them', async () => {
    const onTheStroke = callAt('edge', '2026-11-23T11:00:00.0000000Z');
    const world = landingWorld([onTheStroke]);
    await world.land(tenJob);
    expect(world.raw.blobs.size).toBe(0);
    await world.land(jobOf('2026-11-23T11:00:00Z', '2026-11-23T12:00:00Z'));
    expect(idsOf(world, ELEVEN)).toEqual(['edge']);
    expect(world.raw.blobs.size).toBe(1);
  });

  it('stay in their hour until its last 100 ns', async () => {
    const world = landingWorld([callAt('last', '2026-11-23T10:59:59.9999999Z')]);
    await world.land(twoJob);
    expect(idsOf(world, TEN)).toEqual(['last']);
  });
});

describe('rows that come twice', () => {
  it('are dropped and counted, on one page or on two', async () => {
    const world = landingWorld([a, b, a, c, b]);
    world.log.pageSize = 2;
    const report = await world.land(twoJob);
    expect(idsOf(world, TEN)).toEqual(['a', 'b']);
    expect(report).toMatchObject({ rows: 3, repeated: 2, readAgain: 0, pages: 3 });
  });

  it('without id are known by their line', async () => {
    const nameless = callAt(null, '2026-11-23T10:20:00Z');
    const world = landingWorld([nameless, nameless, { ...nameless, duration: 61 }]);
    const report = await world.land(tenJob);
    expect(rowsOf(world, TEN)?.map((row) => row['duration'])).toEqual([60, 61]);
    expect(report.repeated).toBe(1);
  });

  it('and differ show that the log moved: all is read again', async () => {
    const world = landingWorld([a, b, c]);
    world.log.pageSize = 2;
    let pages = 0;
    const corrected = { ...a, charge: 0.9 };
    world.log.beforePage = () => {
      // Before the second page of the first read: a moves to its end, corrected.
      if (++pages === 2) world.log.rows = [b, c, corrected];
    };
    const report = await world.land(twoJob);
    expect(report.readAgain).toBe(1);
    expect(rowsOf(world, TEN)?.map((row) => [row['id'], row['charge']])).toEqual([
      ['b', 0.012],
      ['a', 0.9],
    ]);
    expect(idsOf(world, ELEVEN)).toEqual(['c']);
  });

  it('and differ in every read are taken as they came last, wherever that is', async () => {
    const later = { ...a, startDateTime: '2026-11-23T11:10:00Z' };
    const world = landingWorld([a, b, later, c]);
    const report = await world.land(twoJob);
    expect(report).toMatchObject({ readAgain: 2, pages: 3 });
    expect(idsOf(world, TEN)).toEqual(['b']);
    expect(idsOf(world, ELEVEN)?.sort()).toEqual(['a', 'c']);
    expect(world.raw.blobs.get(TEN)?.metadata['digest']).toBe(digestOf(linesOf(world, TEN) ?? []));
  });

  it('and differ for the first time in the last read replace what still waits in memory', async () => {
    const world = landingWorld([a, { ...a, charge: 1 }, b, c]);
    let reads = 0;
    world.log.beforePage = () => {
      if (++reads === 3) world.log.rows = [a, b, c, { ...b, charge: 2 }, { ...c, startDateTime: 'x' }];
    };
    await world.land(twoJob);
    expect(rowsOf(world, TEN)?.map((row) => [row['id'], row['charge']])).toEqual([
      ['a', 0.012],
      ['b', 2],
    ]);
    expect(world.raw.blobs.get(TEN)?.metadata).toMatchObject({
      rows: '2',
      digest: digestOf(linesOf(world, TEN) ?? []),
    });
    expect(world.raw.blobs.has(ELEVEN)).toBe(false);
    expect([...world.raw.blobs.keys()].filter((name) => name.includes('unknown'))).toHaveLength(1);
  });

  it('and differ for the first time when the earlier one is staged fail the job, which lands later', async () => {
    const many = Array.from({ length: 40 }, (_, index) => callAt(`n${index}`, '2026-11-23T10:30:00Z'));
    const world = landingWorld([a, { ...a, charge: 1 }, ...many]);
    let reads = 0;
    world.log.beforePage = () => {
      if (++reads === 3) world.log.rows = [a, ...many, { ...many[0], charge: 2 }];
    };
    await expect(world.land(tenJob, { bufferBytes: 5_000 })).rejects.toThrow('changed during each of three');
    expect(world.raw.blobs.size).toBe(0);
    await world.land(tenJob, { bufferBytes: 5_000 });
    expect(rowsOf(world, TEN)?.filter((row) => row['id'] === 'n0')).toMatchObject([{ charge: 2 }]);
    expect(world.raw.blobs.get(TEN)?.metadata['rows']).toBe('41');
  });
});

describe('rows that do not fit', () => {
  const misfit = callAt('m', '2026-11-23T10:05:00Z', { charge: 0.1234567 });

  it('go verbatim, with the reason, to the rejected blob of their hour, and the hour lands', async () => {
    const world = landingWorld([a, misfit, misfit]);
    const report = await world.land(tenJob);
    expect(idsOf(world, TEN)).toEqual(['a']);
    expect(rowsOf(world, REJECTED_TEN)).toEqual([
      { reason: 'charge: 0.1234567 has more than 6 decimals', row: misfit },
    ]);
    expect(report).toMatchObject({ rows: 1, rejected: 1, repeated: 1 });
    const [ten] = await entriesOf(world);
    expect(ten).toMatchObject({ rows: 1, rejected: 1 });
  });

  it('are replaced with their hour: a row that was mended leaves', async () => {
    const world = landingWorld([misfit]);
    await world.land(tenJob);
    world.log.rows = [{ ...misfit, charge: 0.123457 }];
    await world.land(replan(world, tenJob));
    expect(world.raw.text(REJECTED_TEN)).toBe('');
    expect(idsOf(world, TEN)).toEqual(['m']);
    const [ten] = await entriesOf(world);
    expect(ten).toMatchObject({ rows: 1, rejected: 0 });
  });

  it('stay as they are when they come again', async () => {
    const world = landingWorld([a, misfit]);
    await world.land(tenJob);
    const before = world.etags();
    await world.land(replan(world, tenJob));
    expect(world.etags()).toEqual(before);
  });

  it('and name no day are kept once each, under the hash of the row', async () => {
    const lost = { id: 'l', startDateTime: null };
    const world = landingWorld([a, lost, 'no row']);
    const report = await world.land(tenJob);
    await world.land(replan(world, tenJob));
    const hash = createHash('sha256').update(JSON.stringify(lost)).digest('hex');
    const unknown = [...world.raw.blobs.keys()].filter((name) => name.startsWith('rejected/'));
    expect(unknown).toHaveLength(2);
    expect(rowsOf(world, `rejected/v1/callDate=unknown/${hash}.json`)).toEqual([
      { reason: 'startDateTime: null, so that the call belongs to no day', row: lost },
    ]);
    expect(report).toMatchObject({ rows: 1, rejected: 2 });
  });

  it('and started outside what was asked for are kept as such, never in an hour that was not read', async () => {
    const world = landingWorld([]);
    const stray = callAt('s', '2026-11-25T10:05:00Z');
    world.log.readPages = async function* () {
      await Promise.resolve();
      yield { number: 1, rows: [a, stray], requestId: undefined };
    };
    await world.land(tenJob);
    const name = `rejected/v1/callDate=unknown/${createHash('sha256').update(JSON.stringify(stray)).digest('hex')}.json`;
    expect([...world.raw.blobs.keys()].sort()).toEqual([TEN, name]);
    expect(rowsOf(world, name)).toEqual([
      { reason: 'startDateTime: outside the range that was asked for', row: stray },
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
      claim: 2,
      done: 1,
    });
  });

  it('is failed in the ledger after the last delivery, until a read succeeds', async () => {
    const world = landingWorld([a]);
    world.log.beforePage = () => {
      throw new Error('refused');
    };
    await expect(world.land(tenJob, { lastDelivery: true })).rejects.toThrow('refused');
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

  it('that is still whole in memory is simply staged again', async () => {
    const world = landingWorld([a, b]);
    let commits = 0;
    const commitBlocks: typeof world.raw.commitBlocks = async (name, ids, options) => {
      if (commits++ === 0) throw new StorageError(400, 'InvalidBlockList', 'gone');
      return world.raw.commitBlocks(name, ids, options);
    };
    const report = await landWindowJob(tenJob, world.deps({}, { raw: { ...world.raw, commitBlocks } }));
    expect(report).toMatchObject({ windows: 1, sentAgain: 0 });
    expect(idsOf(world, TEN)).toEqual(['a', 'b']);
  });
});
