import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { finish, runCommand, startCommand } from '../support/command.ts';

let data: string;

beforeAll(async () => {
  data = await mkdtemp(join(tmpdir(), 'pstn-cli-'));
});
afterAll(() => rm(data, { recursive: true, force: true }));

describe('pstn', () => {
  it.each([
    [['nonsense'], 'unknown command'],
    [['local', '--graph', 'https://graph.microsoft.com'], 'http://127.0.0.1:8080'],
    [['local', '--from', 'yesterday'], '2026-11-23'],
    [['local', '--to', '2026-11-23'], '--to needs --from'],
    [['local', '--from', '2026-11-24', '--to', '2026-11-23'], 'must be before'],
    [['backfill', '--from', '2026-11-23'], '--to'],
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
