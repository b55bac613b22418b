import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BlobServiceClient } from '@azure/storage-blob';
import { TableClient } from '@azure/data-tables';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runCommand, type Staying, startStaying } from '../support/command.ts';
import { type PlainGraph, startPlainGraph, type WireRow } from '../support/plainGraph.ts';

const DATE = '2026-03-02';
/** A read that lost rows is confirmed at once, so that a command can wait for it. */
const AT_ONCE = { SHRINK_CONFIRM_MINUTES: '0' };

const twoDigits = (value: number): string => String(value).padStart(2, '0');

/** Thirty calls an hour from 05:00 to 08:00. */
const ROWS: WireRow[] = Array.from({ length: 90 }, (_, i) => ({
  id: `3f2504e0-4f89-11d3-9a0c-${i.toString(16).padStart(12, '0')}`,
  userId: '0b7e5c1a-aaaa-4b3c-9d5e-000000000001',
  startDateTime: `${DATE}T${twoDigits(5 + Math.floor(i / 30))}:${twoDigits(i % 30)}:00.0000000Z`,
  endDateTime: `${DATE}T09:00:00.0000000Z`,
  duration: 60,
  charge: 1,
  connectionCharge: 0,
  callType: 'user_out',
  currency: 'EUR',
}));
const WITHOUT_SIX = ROWS.filter((row) => !row.startDateTime.startsWith(`${DATE}T06`));

let graph: PlainGraph;
let data: string;
let pipeline: Staying;

async function backfill(from: string, to: string) {
  const range = ['--from', `${DATE}T${from}:00Z`, '--to', `${DATE}T${to}:00Z`];
  const environment = { ...pipeline.environment, ...AT_ONCE };
  const { code, stdout } = await runCommand(['backfill', ...range, '--wait', '--json'], environment);
  return { code, ...(JSON.parse(stdout) as { shrunk: string[] }) };
}

async function calls(): Promise<number> {
  const table = TableClient.fromConnectionString(pipeline.environment['DATA_STORAGE'] ?? '', 'dailyTotals', {
    allowInsecureConnection: true,
  });
  let sum = 0;
  for await (const { rowKey, ...totals } of table.listEntities()) {
    if (rowKey?.startsWith('!') === false) sum += totals['calls'] as number;
  }
  return sum;
}

/** Of what it holds: a read that was not alone writes the same once more, under another ETag. */
async function digestOf(name: string): Promise<string | undefined> {
  const service = BlobServiceClient.fromConnectionString(pipeline.environment['DATA_STORAGE'] ?? '');
  const blob = service.getContainerClient('pstn-raw').getBlobClient(name);
  return (await blob.getProperties()).metadata?.['digest'];
}

beforeAll(async () => {
  graph = await startPlainGraph(ROWS);
  data = await mkdtemp(join(tmpdir(), 'pstn-e2e-'));
  pipeline = await startStaying(['--graph', graph.url, '--data', data], AT_ONCE);
  await backfill('05:00', '08:00');
}, 120_000);

afterAll(async () => {
  await pipeline.stop();
  await graph.close();
  await rm(data, { recursive: true, force: true });
});

describe('an hour whose calls are gone for once', () => {
  it('keeps its file and its totals: the second read has them again', async () => {
    const name = `ndjson/v1/callDate=${DATE}/pstn-calls-0600-PT60M.jsonl`;
    const before = await digestOf(name);
    const requests = graph.requests.length;
    Object.defineProperty(graph, 'rows', {
      configurable: true,
      get: () => (graph.requests.length === requests + 1 ? WITHOUT_SIX : ROWS),
    });
    expect(await backfill('06:00', '07:00')).toMatchObject({ code: 0, shrunk: [] });
    expect(graph.requests).toHaveLength(requests + 2);
    expect(await digestOf(name)).toBe(before);
    expect(await digestOf(`aside/v1/callDate=${DATE}/pstn-calls-0600-PT60M.jsonl`)).toBeDefined();
    expect(await calls()).toBe(90);
  });
});

describe('an hour whose calls are gone for good', () => {
  it('is believed when a second read agrees, and its totals go', async () => {
    Object.defineProperty(graph, 'rows', { configurable: true, writable: true, value: WITHOUT_SIX });
    expect(await backfill('05:00', '08:00')).toMatchObject({ code: 0, shrunk: [] });
    expect(await calls()).toBe(60);
  });
});
