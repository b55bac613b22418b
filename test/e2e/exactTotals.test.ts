import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { TableClient } from '@azure/data-tables';
import { BlobServiceClient } from '@azure/storage-blob';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runCommand, type Staying, startStaying } from '../support/command.ts';
import { type PlainGraph, startPlainGraph, type WireRow } from '../support/plainGraph.ts';

// Long settled: nothing but the rows decides what the totals are.
const FROM = '2026-03-02T00:00:00Z';
const TO = '2026-03-05T00:00:00Z';
const HOURS = 72;
const ROWS = 6000;
const USERS = ['0b7e5c1a-aaaa-4b3c-9d5e-000000000001', '0b7e5c1a-aaaa-4b3c-9d5e-000000000002', null];
const CURRENCIES = ['EUR', 'USD', null];

function makeRows(): WireRow[] {
  const fromMs = Date.parse(FROM);
  return Array.from({ length: ROWS }, (_, i) => {
    const second = Math.floor((i * HOURS * 3600) / ROWS);
    const at = new Date(fromMs + second * 1000).toISOString().slice(0, 19);
    const user = USERS[i % USERS.length] ?? null;
    return {
      id: `3f2504e0-4f89-11d3-9a0c-${i.toString(16).padStart(12, '0')}`,
      callId: 'none',
      userId: user,
      userPrincipalName: user === null ? null : `user${i % USERS.length}@contoso.com`,
      userDisplayName: user === null ? null : `Üser ${i % USERS.length}`,
      startDateTime: `${at}.${String(i).padStart(7, '0')}Z`,
      endDateTime: `${at}.9999999Z`,
      duration: i % 600,
      charge: i % 7 === 0 ? null : (i % 1000) / 1_000_000 + (i % 3),
      callType: i % 2 === 0 ? 'user_out' : 'user_in',
      currency: CURRENCIES[i % CURRENCIES.length] ?? null,
      calleeNumber: '+4930123***',
      usageCountryCode: 'DE',
      tenantCountryCode: 'DE',
      connectionCharge: 0.01,
      callerNumber: '+49301234567',
      destinationContext: 'Domestic',
      destinationName: 'Germany',
      conferenceId: null,
      licenseCapability: 'MCOPSTN1',
      inventoryType: 'Subscriber',
      operator: 'Microsoft',
      callDurationSource: 'microsoft',
    };
  });
}

interface Expected {
  calls: number;
  seconds: number;
  micros: bigint;
}

/** Sums by date, user and currency, from the rows themselves and with arithmetic of its own. */
function independentTotals(rows: readonly WireRow[]): Map<string, Expected> {
  const totals = new Map<string, Expected>();
  for (const row of rows) {
    const user = (row['userId'] as string | null) ?? '-';
    const currency = (row['currency'] as string | null) ?? '---';
    const key = `${row.startDateTime.slice(0, 10)} ${user}|${currency}`;
    const sum = totals.get(key) ?? { calls: 0, seconds: 0, micros: 0n };
    sum.calls += 1;
    sum.seconds += row['duration'] as number;
    sum.micros += BigInt(Math.round(((row['charge'] as number | null) ?? 0) * 1e6));
    totals.set(key, sum);
  }
  return totals;
}

let graph: PlainGraph;
let data: string;
let pipeline: Staying;

async function storedTotals(): Promise<{ totals: Map<string, Expected>; etags: Record<string, string> }> {
  const table = TableClient.fromConnectionString(pipeline.environment['DATA_STORAGE'] ?? '', 'dailyTotals', {
    allowInsecureConnection: true,
  });
  const totals = new Map<string, Expected>();
  const etags: Record<string, string> = {};
  for await (const entity of table.listEntities()) {
    const { partitionKey = '', rowKey = '', etag } = entity;
    etags[`${partitionKey} ${rowKey}`] = etag;
    if (rowKey.startsWith('!')) continue;
    totals.set(`${partitionKey} ${rowKey}`, {
      calls: entity['calls'] as number,
      seconds: Number(entity['durationSeconds']),
      micros: entity['chargeMicros'] as bigint,
    });
  }
  return { totals, etags };
}

async function storedLines(): Promise<{ lines: WireRow[]; etags: Record<string, string> }> {
  const service = BlobServiceClient.fromConnectionString(pipeline.environment['DATA_STORAGE'] ?? '');
  const container = service.getContainerClient('pstn-raw');
  const lines: WireRow[] = [];
  const etags: Record<string, string> = {};
  for await (const item of container.listBlobsFlat()) {
    etags[item.name] = item.properties.etag;
    const text = (await container.getBlobClient(item.name).downloadToBuffer()).toString('utf8');
    const window = /callDate=(\S{10})\/pstn-calls-(\d\d)00-PT60M.jsonl$/.exec(item.name);
    for (const line of text.split('\n').slice(0, -1)) {
      const row = JSON.parse(line) as WireRow;
      expect(row.startDateTime.slice(0, 13)).toBe(`${window?.[1] ?? ''}T${window?.[2] ?? ''}`);
      lines.push(row);
    }
  }
  return { lines, etags };
}

const backfill = () =>
  runCommand(['backfill', '--from', FROM, '--to', TO, '--wait', '--json'], pipeline.environment);

beforeAll(async () => {
  graph = await startPlainGraph(makeRows());
  data = await mkdtemp(join(tmpdir(), 'pstn-e2e-'));
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

describe('a backfill of another simulator, from another process', () => {
  it('lands every row once, as it was, in the window in which its call started', async () => {
    const { code, stdout, stderr } = await backfill();
    expect({ code, stderr: stderr.includes('error') }).toEqual({ code: 0, stderr: false });
    expect(JSON.parse(stdout)).toMatchObject({ windows: HOURS, windowsDone: HOURS, rows: ROWS, failed: [] });
    const { lines } = await storedLines();
    const byId = new Map(lines.map((line) => [line['id'], line]));
    expect(lines).toHaveLength(ROWS);
    expect(byId.size).toBe(ROWS);
    for (const row of graph.rows) expect(byId.get(row['id'])).toMatchObject(row);
  });

  it('sums exactly, by day, user and currency', async () => {
    expect((await storedTotals()).totals).toEqual(independentTotals(graph.rows));
  });

  it('changes no raw blob and no total when nothing has changed', async () => {
    const raw = (await storedLines()).etags;
    const totals = (await storedTotals()).etags;
    const { code } = await backfill();
    expect(code).toBe(0);
    expect((await storedLines()).etags).toEqual(raw);
    expect((await storedTotals()).etags).toEqual(totals);
  });

  it('follows rows that came late, changed and were withdrawn', async () => {
    const [first, second, ...rest] = graph.rows;
    if (first === undefined || second === undefined) throw new Error('no rows');
    const late = { ...first, id: '3f2504e0-4f89-11d3-9a0c-ffffffffffff', charge: 1.5 };
    // The first is withdrawn, the second changed.
    graph.rows = [{ ...second, charge: 123.456789 }, late, ...rest];
    const { code } = await backfill();
    expect(code).toBe(0);
    expect((await storedTotals()).totals).toEqual(independentTotals(graph.rows));
    expect((await storedLines()).lines).toHaveLength(ROWS);
  });

  it('has a status that says what is covered, with nothing that needs a hand', async () => {
    const { code, stdout } = await runCommand(['status', '--json'], pipeline.environment);
    const status = JSON.parse(stdout) as Record<string, unknown>;
    expect({ code, attention: status['attention'] }).toEqual({ code: 0, attention: [] });
    expect(status).toMatchObject({
      coverage: { from: FROM, to: TO, gaps: [] },
      windows: { planned: 0, read: HOURS, shrunk: 0, failed: 0 },
      days: { provisional: 0, incomplete: 0 },
      rejected: { inWindows: 0, withoutDay: 0 },
    });
    for (const queue of status['queues'] as object[]) {
      // Scheduled are the messages of months, which wait for more days.
      expect(queue).toMatchObject({ active: 0, deadLetters: 0, orMore: false });
    }
  });

  it('answers health to anybody, and nothing else', async () => {
    const health = await fetch(`${pipeline.http}/api/health`);
    expect({ status: health.status, body: await health.json() }).toEqual({
      status: 200,
      body: { status: 'up' },
    });
    expect((await fetch(`${pipeline.http}/api/status`)).status).toBe(404);
  });
});
