import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { TableClient } from '@azure/data-tables';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runCommand, type Staying, startStaying } from '../support/command.ts';
import { type PlainGraph, startPlainGraph, type WireRow } from '../support/plainGraph.ts';

const DATE = '2026-03-02';
const ROWS = 480;

/** Twenty calls an hour, 1 EUR each. */
const makeRows = (): WireRow[] =>
  Array.from({ length: ROWS }, (_, i) => {
    const hour = String(Math.floor(i / 20)).padStart(2, '0');
    return {
      id: `3f2504e0-4f89-11d3-9a0c-${i.toString(16).padStart(12, '0')}`,
      userId: `0b7e5c1a-aaaa-4b3c-9d5e-00000000000${i % 3}`,
      startDateTime: `${DATE}T${hour}:${String((i % 20) * 3).padStart(2, '0')}:00.0000000Z`,
      endDateTime: `${DATE}T${hour}:59:59.0000000Z`,
      duration: 60,
      charge: 1,
      connectionCharge: 0,
      callType: 'user_out',
      currency: 'EUR',
    };
  });

let graph: PlainGraph;
let data: string;
let pipeline: Staying;

const command = (...args: string[]) => runCommand([...args, '--json'], pipeline.environment);
const backfill = (from = `${DATE}T00:00:00Z`, to = '2026-03-03T00:00:00Z') =>
  command('backfill', '--from', from, '--to', to, '--wait');

async function status(): Promise<{ days: object; restatements: object[]; windows: { shrunk: number } }> {
  const { stdout } = await command('status');
  return JSON.parse(stdout) as Awaited<ReturnType<typeof status>>;
}

const table = (name: string): TableClient =>
  TableClient.fromConnectionString(pipeline.environment['DATA_STORAGE'] ?? '', name, {
    allowInsecureConnection: true,
  });

/** Micros of all totals of a table, and of one of the breakdowns, which must come to the same. */
async function charged(name: string): Promise<{ totals: bigint; byCallType: bigint }> {
  const sums = { totals: 0n, byCallType: 0n };
  for await (const entity of table(name).listEntities()) {
    const key = entity.rowKey ?? '';
    if (!key.startsWith('!')) sums.totals += entity['chargeMicros'] as bigint;
    if (key.startsWith('!by|callType|')) sums.byCallType += entity['chargeMicros'] as bigint;
  }
  return sums;
}

async function empty(name: string): Promise<void> {
  const client = table(name);
  for await (const { partitionKey = '', rowKey = '' } of client.listEntities()) {
    await client.deleteEntity(partitionKey, rowKey);
  }
}

beforeAll(async () => {
  graph = await startPlainGraph(makeRows());
  data = await mkdtemp(join(tmpdir(), 'pstn-restated-'));
  pipeline = await startStaying(['--graph', graph.url, '--data', data], {
    GRAPH_REQUESTS_PER_MINUTE: '100000',
    GRAPH_APP_REQUESTS_PER_MINUTE: '100000',
  });
}, 120_000);

afterAll(async () => {
  await pipeline.stop();
  await graph.close();
  await rm(data, { recursive: true, force: true });
});

describe('a day long past', () => {
  it('is settled by its first complete read, and nothing is restated', async () => {
    expect((await backfill()).code).toBe(0);
    const micros = BigInt(ROWS) * 1_000_000n;
    expect(await charged('dailyTotals')).toEqual({ totals: micros, byCallType: micros });
    expect(await status()).toMatchObject({ days: { settled: 1, provisional: 0 }, restatements: [] });
  });

  it('is restated once when rows come, go and change, with the sums before and after', async () => {
    const [gone, changed, ...rest] = graph.rows;
    if (gone === undefined || changed === undefined) throw new Error('no rows');
    const came = { ...gone, id: '3f2504e0-4f89-11d3-9a0c-ffffffffffff', charge: 0.5 };
    graph.rows = [came, { ...changed, charge: 3.25 }, ...rest];
    expect((await backfill()).code).toBe(0);
    expect((await charged('dailyTotals')).totals).toBe(BigInt(ROWS - 2) * 1_000_000n + 3_750_000n);
    const { days, restatements } = await status();
    expect(days).toMatchObject({ restated: 1, settled: 0 });
    expect(restatements).toEqual([
      expect.objectContaining({ date: DATE, n: 1, rowsCame: 1, rowsWent: 1, rowsChanged: 1 }),
    ]);
  });

  it('keeps its totals when an hour comes empty, until that is confirmed', async () => {
    const before = await charged('dailyTotals');
    const all = graph.rows;
    graph.rows = all.filter((row) => !row.startDateTime.startsWith(`${DATE}T05`));
    expect((await backfill(`${DATE}T05:00:00Z`, `${DATE}T06:00:00Z`)).code).toBe(0);
    expect(await charged('dailyTotals')).toEqual(before);
    expect((await status()).windows.shrunk).toBe(1);

    graph.rows = all;
    expect((await backfill(`${DATE}T05:00:00Z`, `${DATE}T06:00:00Z`)).code).toBe(0);
    const { windows, restatements } = await status();
    expect({ shrunk: windows.shrunk, restatements: restatements.length }).toEqual({
      shrunk: 0,
      restatements: 1,
    });
  });

  it('comes back exactly from the raw files alone when the tables are emptied and Graph is gone', async () => {
    const before = await charged('dailyTotals');
    await Promise.all(['dailyTotals', 'monthlyTotals'].map(empty));
    const { rows } = graph;
    graph.rows = [];
    const requests = graph.requests.length;
    const { code, stdout } = await command('rebuild', '--from', DATE, '--to', '2026-03-03');
    expect({ code, report: JSON.parse(stdout) as object }).toMatchObject({
      code: 0,
      report: { dates: [DATE], expired: [], months: ['2026-03'], failed: [] },
    });
    expect(graph.requests).toHaveLength(requests);
    expect(await charged('dailyTotals')).toEqual(before);
    expect(await charged('monthlyTotals')).toEqual(before);
    expect(await status()).toMatchObject({ days: { restated: 1 }, restatements: [{ n: 1 }] });
    graph.rows = rows;
  });
});
