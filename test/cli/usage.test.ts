import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SETTINGS, type SettingName } from '../../src/config/schema.ts';
import { runInProcess } from '../support/inProcess.ts';

const LOCAL = {
  DATA_STORAGE: 'UseDevelopmentStorage=true',
  ServiceBusConnection: SETTINGS.ServiceBusConnection.example,
  GRAPH_ENDPOINT: 'http://127.0.0.1:1',
};
const AZURE = {
  DATA_STORAGE__blobServiceUri: SETTINGS.DATA_STORAGE__blobServiceUri.example,
  DATA_STORAGE__tableServiceUri: SETTINGS.DATA_STORAGE__tableServiceUri.example,
  ServiceBusConnection__fullyQualifiedNamespace:
    SETTINGS.ServiceBusConnection__fullyQualifiedNamespace.example,
};

/** One broken value of every setting. */
const BROKEN: Record<SettingName, string> = {
  GRAPH_CLOUD: 'china',
  GRAPH_API_VERSION: 'v2',
  GRAPH_ENDPOINT: 'https://graph.microsoft.com',
  GRAPH_REQUESTS_PER_MINUTE: 'fifty',
  GRAPH_APP_REQUESTS_PER_MINUTE: '9'.repeat(400),
  GRAPH_BUDGET_MARGIN_MS: '-1',
  PLAN_SCHEDULE: '*/15 * * * *',
  REREAD_HOURS: '72,48',
  SWEEP_DAYS: '0',
  SETTLE_HOURS: '72h',
  SHRINK_CONFIRM_MINUTES: 'an hour',
  SOURCE_DAYS: '1000',
  INITIAL_BACKFILL_DAYS: '85 days',
  RAW_RETENTION_DAYS: 'ever',
  BILLING_DAY: '31',
  DATA_STORAGE: 'AccountName=x;AccountKey=c2VjcmV0',
  DATA_STORAGE__blobServiceUri: 'https://x.blob.core.windows.net/pstn-raw',
  DATA_STORAGE__tableServiceUri: 'https://x.table.core.windows.net?sig=c2VjcmV0',
  CURATED_STORAGE__blobServiceUri: 'http://x.blob.core.windows.net',
  ServiceBusConnection: 'Endpoint=sb://x;SharedAccessKey=c2VjcmV0',
  ServiceBusConnection__fullyQualifiedNamespace: 'sb://x.servicebus.windows.net',
  ServiceBusConnection__credential: 'key',
  ServiceBusConnection__clientId: 'me',
  LOCAL_CLOCK: 'yesterday',
};
const RANGE = ['--from', '2026-03-02', '--to', '2026-03-03'];

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'pstn-usage-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

describe.each([['backfill', RANGE] as const, ['status', []] as const])('pstn %s', (command, args) => {
  it.each(Object.entries(BROKEN))(
    'with a broken %s ends with 2 and one line that names it',
    async (name, text) => {
      const base = name in AZURE ? AZURE : LOCAL;
      const { code, stdout, errors, stderr } = await runInProcess([command, ...args], {
        ...base,
        [name]: text,
      });
      expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
      expect(errors).toEqual([expect.stringMatching(new RegExp(`^${name}\\b.* for example ${name}=`))]);
      expect(stderr).toBe(`error: ${errors[0] ?? ''}\n`);
      expect(stderr).not.toContain('c2VjcmV0');
    },
  );

  it('without any setting names all that are needed, and the way without Azure', async () => {
    const { code, errors } = await runInProcess([command, ...args], {
      DATA_STORAGE: '',
      ServiceBusConnection: ' ',
    });
    expect(code).toBe(2);
    expect(errors).toEqual([
      expect.stringMatching(
        /^DATA_STORAGE__blobServiceUri and DATA_STORAGE__tableServiceUri .*pstn local --stay/,
      ),
      expect.stringMatching(/^ServiceBusConnection__fullyQualifiedNamespace /),
    ]);
  });

  it('with two ways to the same service says so', async () => {
    const { code, errors } = await runInProcess([command, ...args], { ...LOCAL, ...AZURE });
    expect(code).toBe(2);
    expect(errors.map((line) => line.split(' ')[0])).toEqual(['DATA_STORAGE', 'ServiceBusConnection']);
  });
});

describe('pstn local', () => {
  const local = (environment: Record<string, string>, ...more: string[]) =>
    runInProcess(['local', '--data', join(folder, 'unused'), ...more], environment);

  it.each(Object.entries(BROKEN).filter(([name]) => !(name in AZURE)))(
    'with a broken %s ends with 2 and one line that names it, and has started and made nothing',
    async (name, text) => {
      const { code, errors, stderr } = await local({ [name]: text });
      expect(code).toBe(2);
      expect(errors).toEqual([expect.stringMatching(new RegExp(`^${name}\\b.* for example ${name}=`))]);
      expect(stderr).toBe(`error: ${errors[0] ?? ''}\n`);
      expect(existsSync(join(folder, 'unused'))).toBe(false);
    },
  );

  it('beside settings of Azure says which one cannot be served here', async () => {
    const { code, errors } = await local(AZURE);
    expect(code).toBe(2);
    expect(errors).toEqual(
      Object.keys(AZURE).map((name) => expect.stringMatching(new RegExp(`^${name} is set`)) as string),
    );
    const both = await local({ ...AZURE, ...LOCAL });
    expect(both.errors.map((line) => line.split(' ')[0])).toEqual(['DATA_STORAGE', 'ServiceBusConnection']);
  });

  it('with --graph of a cloud has no use for a clock of simulated data', async () => {
    const { code, errors } = await local(
      { LOCAL_CLOCK: 'offset:1', GRAPH_ENDPOINT: 'http://127.0.0.1:1' },
      '--graph',
      'global',
    );
    expect(code).toBe(2);
    expect(errors).toEqual([expect.stringMatching(/^LOCAL_CLOCK is only for simulated data/)]);
  });
});

describe('a folder for --data', () => {
  const withData = (path: string) => runInProcess(['local', '--data', path, ...RANGE]);

  it('may not be a file, nor lie below one', async () => {
    const file = join(folder, 'file');
    await writeFile(file, 'x');
    for (const path of [file, join(file, 'below')]) {
      const { code, errors, stderr } = await withData(path);
      expect(code).toBe(2);
      expect(errors).toEqual([
        expect.stringMatching(/^--data: .*file.* cannot be made \(E\w+\); choose another folder$/),
      ]);
      expect(stderr).not.toContain('    at ');
    }
  });

  it('must let itself be written to', async () => {
    const path = join(folder, 'unwritable');
    await mkdir(path);
    // Neither there nor to be made, for root as well.
    await symlink(join(folder, 'no', 'such', 'folder'), join(path, 'state.json'));
    const { code, errors } = await withData(path);
    expect(code).toBe(2);
    expect(errors).toEqual([expect.stringMatching(/^--data: .*state\.json cannot be written \(ENOENT\)/)]);
  });

  it.each(['', '{', 'null', '{"firstRunAt":"yesterday"}', '{"firstRunAt":5}'])(
    'with the state %j says that it is damaged, and starts nothing over it',
    async (text) => {
      const path = await mkdtemp(join(folder, 'damaged-'));
      await writeFile(join(path, 'state.json'), text);
      const { code, errors } = await withData(path);
      expect(code).toBe(2);
      expect(errors).toEqual([expect.stringMatching(/^--data: .*state\.json is damaged: delete the folder/)]);
      expect(await readdir(path)).toEqual(['state.json']);
    },
  );

  it('whose state is a folder says so', async () => {
    const path = join(folder, 'strange');
    await mkdir(join(path, 'state.json'), { recursive: true });
    expect((await withData(path)).errors).toEqual([
      expect.stringMatching(/^--data: .*state\.json cannot be read \(EISDIR\)/),
    ]);
  });
});

describe('arguments', () => {
  it.each([
    [[], /Usage: pstn/],
    [['nonsense'], /unknown command 'nonsense'/],
    [['status', '--from', '2026-01-01'], /unknown option '--from'/],
    [['status', 'now'], /too many arguments/],
    [['backfill', ...RANGE, '--form', 'x'], /unknown option '--form'/],
    [['backfill', ...RANGE, '--json=yes'], /unknown option '--json=yes'/],
    [['backfill', '--from', '2026-03-02'], /'--to <instant>' not specified/],
    [['backfill', '--to', '2026-03-02'], /'--from <instant>' not specified/],
    [['backfill', '--from'], /'--from <instant>' argument missing/],
    [['backfill', '--from', '', '--to', '2026-03-02'], /'--from <instant>' argument '' is invalid/],
    [['backfill', '--from', '2026-02-30', '--to', '2026-03-02'], /'--from <instant>' argument '2026-02-30'/],
    [['backfill', '--from', '2026-03-02', '--to', '2026-03-02T24:30:00Z'], /'--to <instant>' argument/],
    [['backfill', '--from', '0001-01-01', '--to', '2026-03-02'], /'--from <instant>' .*years 2000 to 2099/],
    [['backfill', '--from', '2026-03-02', '--to', '9999-12-31'], /'--to <instant>' .*years 2000 to 2099/],
    [['backfill', '--from', '2026-03-03', '--to', '2026-03-02'], /^error: --from .* must be before --to/m],
    [['backfill', '--from', '2026-03-03', '--to', '2026-03-03'], /^error: --from .* must be before --to/m],
    [['backfill', '--from', '2099-01-01', '--to', '2099-02-01'], /^error: nothing to read yet: .* --from/m],
    [['backfill', '--from', '2010-01-01', '--to', '2026-01-01'], /^error: .*longer than 366 days.* --from/m],
    [['local', '--from', '2026-03-03', '--to', '2026-03-02'], /^error: --from .* must be before --to/m],
    [['local', '--to', '2026-03-02'], /^error: --to needs --from/m],
    [['local', '--data'], /'--data <dir>' argument missing/],
    [['local', '--data', ''], /'--data <dir>' argument '' is invalid/],
    [['local', '--graph', ''], /'--graph <source>' argument '' is invalid/],
    [['local', '--graph', 'china'], /'--graph <source>' .*no getPstnCalls/],
    [['local', '--graph', 'http://127.0.0.1:8080/v1.0'], /'--graph <source>' .*without a path/],
    [['local', '--graph', 'http://me@127.0.0.1:8080'], /'--graph <source>'/],
    [['local', '--graph', 'https://graph.microsoft.com'], /'--graph <source>'/],
    [['local', '--stay=1'], /unknown option '--stay=1'/],
  ])('%j end with 2, and the option is named', async (args, hint) => {
    const { code, stdout, stderr } = await runInProcess(args, LOCAL);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(hint);
    expect(stderr).not.toMatch(/^ {4}at /m);
  });
});
