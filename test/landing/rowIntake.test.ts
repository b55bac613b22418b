import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import {
  callAt,
  digestOf,
  idsOf,
  jobOf,
  type LandingWorld,
  landingWorld,
  linesOf,
  pageOf,
  replan,
  rowsOf,
} from '../support/landingWorld.ts';
import { pageOfTexts } from '../support/pages.ts';

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

  it('only just inside the next hour were not asked for, and are kept as such', async () => {
    const stray = callAt('s', '2026-11-23T11:00:00.0000001Z');
    const world = landingWorld();
    world.log.readPages = async function* () {
      await Promise.resolve();
      yield pageOf([a, stray]);
    };
    const report = await world.land(tenJob);
    expect(idsOf(world, TEN)).toEqual(['a']);
    expect(report).toMatchObject({ rows: 1, rejected: 1 });
    expect([...world.raw.blobs.keys()].filter((name) => name.includes('callDate=unknown'))).toHaveLength(1);
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

  it('are kept as Graph sent them, though parsing loses some of it', async () => {
    const world = landingWorld();
    const text =
      '{ "id": "m",\r\n "startDateTime": "2026-11-23T10:05:00Z", "charge": 1e999, "x": 1.10, "x": "\u2028" }';
    world.log.readPages = async function* () {
      await Promise.resolve();
      yield pageOfTexts([text]);
    };
    await world.land(tenJob);
    const kept =
      '{ "id": "m",   "startDateTime": "2026-11-23T10:05:00Z", "charge": 1e999, "x": 1.10, "x": "\\u2028" }';
    expect(linesOf(world, REJECTED_TEN)).toEqual([
      `{"reason":"charge: Infinity is not below 1,000,000,000","row":${kept}}`,
    ]);
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
      yield pageOf([a, stray]);
    };
    await world.land(tenJob);
    const name = `rejected/v1/callDate=unknown/${createHash('sha256').update(JSON.stringify(stray)).digest('hex')}.json`;
    expect([...world.raw.blobs.keys()].sort()).toEqual([TEN, name]);
    expect(rowsOf(world, name)).toEqual([
      { reason: 'startDateTime: outside the range that was asked for', row: stray },
    ]);
  });
});
