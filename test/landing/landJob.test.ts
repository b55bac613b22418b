import { describe, expect, it } from 'vitest';
import { landWindowJob } from '../../src/landing/landJob.ts';
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
const tenJob = jobOf('2026-11-23T10:00:00Z', '2026-11-23T11:00:00Z');
const twoJob = jobOf('2026-11-23T10:00:00Z', '2026-11-23T12:00:00Z');
const a = callAt('a', '2026-11-23T10:15:00.0000000Z');
const b = callAt('b', '2026-11-23T10:45:00.0000000Z');
const c = callAt('c', '2026-11-23T11:30:00.0000000Z');

const entriesOf = (world: LandingWorld, date = '2026-11-23') => world.deps().ledger.readDay(date);
const dayMessages = (world: LandingWorld) => world.sender.sent.filter(({ queue }) => queue === 'pstn-days');
const daysSent = (world: LandingWorld) => dayMessages(world).map(({ message }) => message.data);

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
    world.log.rows = [a, b, c];
    await world.land({ ...replan(world, twoJob), soon: true });
    expect(world.sender.sent[1]).toEqual({ ...world.sender.sent[0], delayMs: 0 });
  });

  it('tells the day, too, when only the rows that do not fit are others', async () => {
    const misfit = callAt('m', '2026-11-23T10:05:00Z', { charge: 'x' });
    const world = landingWorld([a]);
    await world.land(tenJob);
    world.log.rows = [a, misfit];
    await world.land(replan(world, tenJob));
    expect(daysSent(world)).toHaveLength(2);
    await world.land(replan(world, tenJob));
    expect(daysSent(world)).toHaveLength(2);
    world.log.rows = [a];
    await world.land(replan(world, tenJob));
    expect(daysSent(world)).toHaveLength(3);
  });

  it('tells a day that has nothing but rows that do not fit', async () => {
    const world = landingWorld([callAt('m', '2026-11-23T10:05:00Z', { charge: 'x' })]);
    await world.land(tenJob);
    expect(daysSent(world)).toEqual([{ date: '2026-11-23' }]);
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
    expect(daysSent(world)).toHaveLength(2);
    const before = world.etags();
    const { length } = world.sender.sent;
    await world.land(replan(world, tenJob));
    expect(world.etags()).toEqual(before);
    expect(world.sender.sent).toHaveLength(length);
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
