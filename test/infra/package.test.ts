import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { unzipSync } from 'fflate';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { externalPackages, filesOf, stage, zip } from '../../scripts/package.mjs';
import { loadApp } from '../../src/local/host/loadApp.ts';
import { silentLog } from '../../src/runtime/log.ts';

describe('the package that is deployed', () => {
  let scratch: string;
  let folder: string;
  let unpacked: string;
  let zipped: Uint8Array;
  const text = (file: string): string => readFileSync(join(unpacked, file), 'utf8');

  beforeAll(async () => {
    // Not below this repository: what is missing would be found there.
    scratch = mkdtempSync(join(tmpdir(), 'package-'));
    folder = join(scratch, 'staged');
    unpacked = join(scratch, 'unpacked');
    await stage(folder);
    zipped = zip(folder);
    for (const [file, content] of Object.entries(unzipSync(zipped))) {
      mkdirSync(dirname(join(unpacked, file)), { recursive: true });
      writeFileSync(join(unpacked, file), content);
    }
  });
  afterAll(() => rmSync(scratch, { recursive: true, force: true }));

  it('has host.json and package.json at its root, as Flex Consumption wants it', () => {
    expect(filesOf(unpacked)).toEqual(filesOf(folder));
    expect(JSON.parse(text('host.json'))).toMatchObject({ version: '2.0' });
    expect(JSON.parse(text('package.json'))).toMatchObject({ type: 'module', main: 'dist/functions/*.js' });
  });

  it('registers every function, with nothing of this repository within reach', async () => {
    const { functions } = await loadApp(unpacked, silentLog);
    const names = functions.map(({ name }) => name);
    expect(names).toEqual(expect.arrayContaining(['planWindows', 'fetchWindows', 'aggregateDay', 'health']));
  });

  it('has nothing of what stands in for Azure, of the command line, or of the tests', () => {
    const scripts = filesOf(unpacked).filter((file) => file.endsWith('.js'));
    expect(scripts.length).toBeGreaterThan(5);
    // The bundler writes above each module where it came from.
    const modules = scripts.flatMap((file) =>
      [...text(file).matchAll(/^\/\/ (\S+\.[cm]?[jt]s)$/gm)].map(([, name]) => name),
    );
    expect(modules).toContain('src/app/functionApp.ts');
    expect(modules.filter((name) => /^(src\/(local|cli)|test|bench|scripts)\//.test(name ?? ''))).toEqual([]);
    const folders = new Set(filesOf(unpacked).map((file) => file.split('/')[0]));
    expect([...folders].sort()).toEqual(['.funcignore', 'LICENSE', 'dist', 'host.json', 'package.json']);
  });

  it('has no source maps and no secrets', () => {
    expect(filesOf(unpacked).filter((file) => /\.map$|settings\.json$|\.env/.test(file))).toEqual([]);
  });

  it('is small: an instance fetches it before it can start', () => {
    expect(zipped.length).toBeLessThan(5_000_000);
  });

  it('has the same bytes each time', () => {
    expect(Buffer.from(zip(folder)).equals(Buffer.from(zipped))).toBe(true);
  });
});

describe('packages beside the bundle', () => {
  const metafile = (...paths: string[]) => ({
    outputs: {
      'a.js': {
        bytes: 1,
        inputs: {},
        exports: [],
        imports: paths.map((path) => ({ path, kind: 'dynamic-import' as const, external: true })),
      },
    },
  });

  it('are those that the bundle leaves outside, with their versions', () => {
    const found = externalPackages(
      metafile('node:fs', 'events', '@azure/functions-core', '@duckdb/node-api/lib.js', 'sharp'),
      {
        dependencies: { '@duckdb/node-api': '1.4.0', sharp: '^1.0.0', other: '1.0.0' },
      },
    );
    expect(found).toEqual({ '@duckdb/node-api': '1.4.0', sharp: '^1.0.0' });
  });

  it('must be dependencies', () => {
    expect(() => externalPackages(metafile('sharp'), { dependencies: {} })).toThrow('sharp');
  });
});
