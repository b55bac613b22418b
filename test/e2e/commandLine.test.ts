import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { TableClient } from '@azure/data-tables';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { finish, runCommand, startCommand, startStaying } from '../support/command.ts';

let data: string;

/** Resolves once the ledger knows that many windows of the day as read. */
async function untilRead(connection: string, date: string, windows: number): Promise<void> {
  const ledger = TableClient.fromConnectionString(connection, 'windows', { allowInsecureConnection: true });
  const filter = `PartitionKey eq '${date}' and state eq 'read'`;
  for (;;) {
    let read = 0;
    for await (const entity of ledger.listEntities({ queryOptions: { filter } })) {
      if (entity.rowKey !== undefined) read += 1;
    }
    if (read === windows) return;
    await pause(20);
  }
}

beforeAll(async () => {
  data = await mkdtemp(join(tmpdir(), 'pstn-cli-'));
});
afterAll(() => rm(data, { recursive: true, force: true }));

describe('pstn', () => {
  it.each([
    [['local', '--graph', 'https://graph.microsoft.com'], 'http://127.0.0.1:8080'],
    [['backfill', '--from', '2026-11-23', '--to', '2026-11-24'], 'pstn local --stay'],
  ])('%j ends with 2 and says what is wrong', async (args, hint) => {
    const { code, stdout, stderr } = await runCommand(args);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toContain(hint);
  });

  it('refuses a wrong setting with 2 and one line that names it', async () => {
    const args = ['local', '--data', join(data, 'unused')];
    const { code, stderr } = await runCommand(args, { SETTLE_HOURS: 'soon' });
    expect(code).toBe(2);
    expect(stderr.split('\n').filter((line) => line.startsWith('error:'))).toEqual([
      'error: SETTLE_HOURS "soon" must be a whole number; for example SETTLE_HOURS=72',
    ]);
  });

  it('--help and --version end with 0', async () => {
    expect((await runCommand(['--help'])).code).toBe(0);
    expect((await runCommand(['--version'])).stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
  });
});

describe('pstn local', () => {
  const range = ['--from', '2026-03-02T06:00:00Z', '--to', '2026-03-03T00:00:00Z'];
  let first: Record<string, unknown>;
  let csv: string;

  it('reads a range of the simulated tenant and leaves files and totals', async () => {
    const { code, stdout, stderr } = await runCommand(['local', '--data', data, '--json', ...range]);
    expect({ code, failed: stderr.includes('error') }).toEqual({ code: 0, failed: false });
    first = JSON.parse(stdout) as Record<string, unknown>;
    expect(first).toMatchObject({
      from: '2026-03-02T06:00:00Z',
      to: '2026-03-03T00:00:00Z',
      windows: 18,
      windowsRead: 18,
      failed: [],
      rejected: 0,
    });
    expect(first['calls']).toBeGreaterThan(1000);
    const day = join(data, 'pstn-raw/ndjson/v1/callDate=2026-03-02');
    const files = await readdir(day);
    const texts = await Promise.all(files.map((file) => readFile(join(day, file), 'utf8')));
    const lines = texts.flatMap((text) => text.split('\n').slice(0, -1));
    expect(lines).toHaveLength(first['calls'] as number);
    csv = await readFile(join(data, 'daily-totals.csv'), 'utf8');
    const calls = csv
      .split('\r\n')
      .slice(1, -1)
      .map((line) => Number(line.split(',')[6]));
    expect(calls.reduce((sum, one) => sum + one, 0)).toBe(first['calls']);
  });

  it('a second time changes no file and no total', async () => {
    const { code, stdout } = await runCommand(['local', '--data', data, '--json', ...range]);
    expect(code).toBe(0);
    const second = JSON.parse(stdout) as Record<string, unknown>;
    expect(second).toMatchObject({ calls: first['calls'], money: first['money'], files: { changed: 0 } });
    expect(await readFile(join(data, 'daily-totals.csv'), 'utf8')).toBe(csv);
  });

  it('goes on after a kill in the middle: the same totals, nothing left waiting', async () => {
    const folder = join(data, 'killed');
    const staying = await startStaying(['--data', folder]);
    const ended = finish(startCommand(['backfill', ...range], staying.environment));
    // All is landed and told of by then, and the queue with the day's message dies with the process.
    await untilRead(staying.environment['DATA_STORAGE'] ?? '', '2026-03-02', 18);
    await Promise.all([staying.kill(), ended]);
    const { code, stdout } = await runCommand(['local', '--data', folder, '--json', ...range]);
    expect(code).toBe(0);
    const run = JSON.parse(stdout) as Record<string, unknown>;
    expect(run).toMatchObject({ windowsRead: 18, failed: [], unfolded: [], calls: first['calls'] });
    expect(run['money']).toEqual(first['money']);
  }, 90_000);

  it('refuses to mix two sources in one folder', async () => {
    const { code, stderr } = await runCommand([
      ...['local', '--graph', 'http://127.0.0.1:9', '--data', data],
      ...range,
    ]);
    expect(code).toBe(2);
    expect(stderr).toContain('holds calls of another source (simulated, not loopback)');
  });

  it('refuses a data folder that another run uses, and stops cleanly on Ctrl-C', async () => {
    const staying = startCommand(['local', '--stay', '--json', '--data', data]);
    const ended = finish(staying);
    if (staying.stdout === null) throw new Error('no output');
    await once(staying.stdout, 'data');
    const refused = await runCommand(['local', '--data', data, ...range]);
    expect(refused.code).toBe(1);
    expect(refused.stderr).toMatch(/error: .* is in use by process \d+/);
    staying.kill('SIGINT');
    expect((await ended).code).toBe(0);
  });
});
