import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { TableClient } from '@azure/data-tables';
import { BlobServiceClient } from '@azure/storage-blob';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Finished, runCommand, type Staying, startStaying } from '../support/command.ts';
import { buildSdkClient, readWithSdk, type SdkRow } from './support/graphSdk.ts';
import { type IndependentTotal, independentTotals } from './support/independentTotals.ts';

// Whole days, long settled, so that nothing is published while they are read.
const FROM = '2026-03-02T00:00:00Z';
const TO = '2026-03-05T00:00:00Z';
const DATES = ['2026-03-02', '2026-03-03', '2026-03-04'];

describe("the totals of the pipeline and the calls that Microsoft's Graph SDK for .NET reads", () => {
  let data: string;
  let pipeline: Staying;
  let backfill: Finished;
  let rows: SdkRow[];

  beforeAll(async () => {
    data = await mkdtemp(join(tmpdir(), 'pstn-outside-'));
    [pipeline] = await Promise.all([
      startStaying(['--graph', 'simulated', '--data', data]),
      buildSdkClient(),
    ]);
    const args = ['backfill', '--from', FROM, '--to', TO, '--wait', '--json'];
    backfill = await runCommand(args, pipeline.environment);
    const read = await readWithSdk(pipeline.environment['GRAPH_ENDPOINT'] ?? '', FROM, TO);
    // Graph includes both bounds; the end of our range is not part of it.
    rows = read.filter((row) => DATES.includes((row.startDateTime ?? '').slice(0, 10)));
  });

  afterAll(async () => {
    await pipeline.stop();
    await rm(data, { recursive: true, force: true });
  });

  it('are of the same number of calls', () => {
    expect({ code: backfill.code, stderr: backfill.code === 0 ? '' : backfill.stderr }).toEqual({
      code: 0,
      stderr: '',
    });
    expect(rows.length).toBeGreaterThan(5000);
    expect(JSON.parse(backfill.stdout)).toMatchObject({
      windows: 72,
      windowsDone: 72,
      rows: rows.length,
      rejected: 0,
      failed: [],
    });
  });

  it('are of the same calls, by the ids in the landed files', async () => {
    const landed = await landedIds(pipeline.environment['DATA_STORAGE'] ?? '');
    expect(landed.sort()).toEqual(rows.map(({ id }) => id ?? '').sort());
  });

  it('agree for every day, user and currency: calls, seconds, charge and connection charge', async () => {
    const expected = independentTotals(rows);
    expect(expected.size).toBeGreaterThan(500);
    expect(await storedTotals(pipeline.environment['DATA_STORAGE'] ?? '')).toEqual(expected);
  });
});

async function landedIds(connectionString: string): Promise<string[]> {
  const container = BlobServiceClient.fromConnectionString(connectionString).getContainerClient('pstn-raw');
  const ids: string[] = [];
  for await (const { name } of container.listBlobsFlat({ prefix: 'ndjson/v1/callDate=2026-03-0' })) {
    const content = (await container.getBlobClient(name).downloadToBuffer()).toString('utf8');
    const lines = content.split('\n').filter((line) => line !== '');
    ids.push(...lines.map((line) => (JSON.parse(line) as { id: string }).id));
  }
  return ids;
}

/** What stands in `dailyTotals`, by `<date>|<user>|<currency>`, read without the pipeline's own reader. */
async function storedTotals(connectionString: string): Promise<Map<string, IndependentTotal>> {
  const table = TableClient.fromConnectionString(connectionString, 'dailyTotals', {
    allowInsecureConnection: true,
  });
  const totals = new Map<string, IndependentTotal>();
  for await (const entity of table.listEntities()) {
    const { partitionKey = '', rowKey = '' } = entity;
    if (rowKey.startsWith('!') || !DATES.includes(partitionKey)) continue;
    totals.set(`${partitionKey}|${rowKey}`, {
      calls: Number(entity['calls']),
      durationSeconds: entity['durationSeconds'] as bigint,
      chargeMicros: entity['chargeMicros'] as bigint,
      connectionChargeMicros: entity['connectionChargeMicros'] as bigint,
    });
  }
  return totals;
}
