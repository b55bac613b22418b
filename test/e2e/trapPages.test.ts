import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { TransportTraps } from '../../src/local/graph/traps/traps.ts';
import { FEW_HOURS, startTestPipeline, type TestPipeline, TWO_PAGES } from '../support/testPipeline.ts';

vi.setConfig({ maxConcurrency: 12, testTimeout: 90_000 });

let pipeline: TestPipeline;
beforeAll(async () => {
  pipeline = await startTestPipeline();
});
afterAll(() => pipeline.stop());

describe.concurrent('pages', () => {
  it('that are empty and have a link lead on', async () => {
    const { date, rows } = await pipeline.simulate({ ...TWO_PAGES, traps: { emptyPages: true } });
    await pipeline.expectExact(date, rows);
    expect(pipeline.router.requested(date)).toHaveLength(4);
  });

  it('that begin with the last row of the page before count it once', async () => {
    const traps = { repeatRowOnNextPage: true };
    const { date, rows } = await pipeline.simulate({ ...TWO_PAGES, traps });
    await pipeline.expectExact(date, rows);
    expect(pipeline.router.requested(date)).toHaveLength(2);
  });

  it('that show a row changed in between are read again, and then are right', async () => {
    const { date, rows, graph } = await pipeline.simulate(TWO_PAGES);
    const traps = { changedRowOnNextPage: true };
    const moved = await pipeline.simulate({ ...TWO_PAGES, traps }, date);
    pipeline.router.route(date, ({ number }) => (number <= 2 ? moved.graph.url : graph.url));
    await pipeline.expectExact(date, rows);
    expect(pipeline.router.requested(date)).toHaveLength(4);
  });

  it('that show a row changed in three reads give it as it came last', async () => {
    const traps = { changedRowOnNextPage: true };
    const { date, rows } = await pipeline.simulate({ ...TWO_PAGES, traps });
    const changed = rows.map((row, index) =>
      index === 999 ? row.replace(/"charge":[^,]+,/, '"charge":77.000001,') : row,
    );
    expect(changed).not.toEqual(rows);
    await pipeline.expectExact(date, changed);
    expect(pipeline.router.requested(date)).toHaveLength(6);
  });

  it('with every trap of rows and paging at once', async () => {
    const traps = {
      emptyPages: true,
      repeatRowOnNextPage: true,
      shuffledRows: true,
      boundaryRows: true,
      nullProperties: true,
      idNull: true,
      startNull: true,
      startOutside: true,
      unknownProperties: true,
      moneyEdge: true,
      offsetInstants: true,
      wrongTypes: true,
      awkwardText: true,
    };
    const { date, rows } = await pipeline.simulate({ callsAWeek: 7_000, traps });
    await pipeline.expectExact(date, rows);
  });

  it('of 30 MB', async () => {
    const { date, rows } = await pipeline.simulate({ ...FEW_HOURS, traps: { hugePage: { first: 1 } } });
    await pipeline.expectExact(date, rows);
  });
});

describe.concurrent('failures that pass are survived within one delivery:', () => {
  const bursts: [string, Partial<TransportTraps>][] = [
    ['500 and 502', { status500: { first: 1 }, status502: { first: 1 } }],
    ['503 without Retry-After, and 504', { status503Bare: { first: 1 }, status504: { first: 1 } }],
    ['509 and a reset connection', { status509: { first: 1 }, reset: { first: 1 } }],
    ['a body cut short and a connection cut', { cutBody: { first: 1 }, cutConnection: { first: 1 } }],
    ['HTML and an error under status 200', { htmlWith200: { first: 1 }, errorWith200: { first: 1 } }],
    ['no value, then a slow body', { noValue: { first: 1 }, slowBody: { first: 1 } }],
    ['a token that has ended', { status401: { first: 1 } }],
  ];
  it.each(bursts)('%s', async (_name, traps) => {
    const { date, rows, graph } = await pipeline.simulate({
      ...FEW_HOURS,
      traps: { ...traps, slowBodyMs: 1_000 },
    });
    await pipeline.expectExact(date, rows);
    const { byTrap } = graph.counters();
    expect(byTrap).toEqual(Object.fromEntries(Object.keys(traps).map((name) => [name, 1])));
    expect(pipeline.eventsOf(date, 'windowJobFailed')).toEqual([]);
  });

  it.each([
    ['seconds', {}],
    ['a date', { retryAfterDate: true }],
  ])('429 and 503 with %s: nobody asks before that', async (_name, settings) => {
    const traps = { status429: { first: 1 }, status503: { first: 1 }, retryAfterSeconds: 1, ...settings };
    const { date, rows, graph } = await pipeline.simulate({ ...FEW_HOURS, traps });
    await pipeline.expectExact(date, rows);
    expect(graph.counters()).toMatchObject({ requests: 3, duringRetryAfter: 0 });
  });

  it('429 that does not say how long', async () => {
    const traps = { status429: { first: 2 }, retryAfterMissing: true };
    const { date, rows, graph } = await pipeline.simulate({ ...FEW_HOURS, traps });
    await pipeline.expectExact(date, rows);
    expect(graph.counters().byStatus).toEqual({ 200: 1, 429: 2 });
  });
});
