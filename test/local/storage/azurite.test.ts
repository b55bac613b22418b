import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { TableClient } from '@azure/data-tables';
import { BlobServiceClient } from '@azure/storage-blob';
import { build } from 'esbuild';
import { afterEach, describe, expect, test } from 'vitest';
import { startAzurite, type Azurite } from '../../../src/local/storage/azurite.ts';
import { LOCK_FILE } from '../../../src/local/storage/folderLock.ts';

const started: Azurite[] = [];
const folders: string[] = [];

async function start(folder?: string): Promise<Azurite> {
  const azurite = await startAzurite(folder === undefined ? {} : { folder });
  started.push(azurite);
  return azurite;
}

async function newFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'azurite-test-'));
  folders.push(folder);
  return folder;
}

afterEach(async () => {
  await Promise.all(started.splice(0).map((azurite) => azurite.stop()));
  await Promise.all(folders.splice(0).map((folder) => rm(folder, { recursive: true, force: true })));
});

const container = (azurite: Azurite) =>
  BlobServiceClient.fromConnectionString(azurite.connectionString).getContainerClient('box');
const table = (azurite: Azurite) =>
  TableClient.fromConnectionString(azurite.connectionString, 'shelf', { allowInsecureConnection: true });

async function fill(azurite: Azurite, text: string): Promise<void> {
  await container(azurite).createIfNotExists();
  await container(azurite).getBlockBlobClient('note').upload(text, Buffer.byteLength(text));
  await table(azurite).createTable();
  await table(azurite).submitTransaction(
    Array.from({ length: 100 }, (_, i) => [
      'create' as const,
      { partitionKey: 'p', rowKey: String(i), n: i },
    ]),
  );
}

async function read(azurite: Azurite): Promise<{ text: string; rows: number }> {
  const text = (await container(azurite).getBlockBlobClient('note').downloadToBuffer()).toString();
  let rows = 0;
  for await (const entity of table(azurite).listEntities()) if (entity.partitionKey === 'p') rows++;
  return { text, rows };
}

describe('startAzurite', () => {
  test('keeps what was written just before an orderly stop', async () => {
    const folder = await newFolder();
    const first = await start(folder);
    await fill(first, 'kept');
    await first.stop();

    const second = await start(folder);
    expect(await read(second)).toEqual({ text: 'kept', rows: 100 });
    await second.stop();
    expect(await readdir(folder)).not.toContain(LOCK_FILE);
  });

  test('runs twice at once in memory, each with data of its own, and tolerates a second stop', async () => {
    const [one, two] = await Promise.all([start(), start()]);
    await Promise.all([fill(one, 'one'), fill(two, 'two')]);
    expect((await read(one)).text).toBe('one');
    expect((await read(two)).text).toBe('two');
    await one.stop();
    await one.stop();
    await expect(
      BlobServiceClient.fromConnectionString(one.connectionString, { retryOptions: { maxTries: 1 } })
        .getContainerClient('box')
        .exists(),
    ).rejects.toThrow(/ECONNREFUSED/);
    expect((await read(two)).text).toBe('two');
  });

  test('ends in order, with all data saved, when the process that started it is killed', async () => {
    const folder = await newFolder();
    const source = join(import.meta.dirname, '../../../src/local/storage/azurite.ts');
    await symlink(join(import.meta.dirname, '../../../node_modules'), join(folder, 'node_modules'));
    await build({
      stdin: {
        resolveDir: import.meta.dirname,
        contents: `import { startAzurite } from ${JSON.stringify(source)};
          const azurite = await startAzurite({ folder: ${JSON.stringify(join(folder, 'data'))} });
          console.log(azurite.connectionString);
          setInterval(() => undefined, 1000);`,
      },
      bundle: true,
      platform: 'node',
      format: 'esm',
      external: ['azurite'],
      outfile: join(folder, 'parent.mjs'),
    });
    const parent = spawn(process.execPath, [join(folder, 'parent.mjs')], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const [line] = (await once(parent.stdout.setEncoding('utf8'), 'data')) as [string];
    const orphan: Azurite = { connectionString: line.trim(), stop: () => Promise.resolve() };
    await fill(orphan, 'orphaned');
    parent.kill('SIGKILL');

    // The start waits for the orphan to end; it would report a folder in use if that did not happen.
    const next = await start(join(folder, 'data'));
    expect(await read(next)).toEqual({ text: 'orphaned', rows: 100 });
  });

  test('says why it cannot start', async () => {
    const folder = await newFolder();
    await writeFile(join(folder, '__azurite_db_table__.json'), 'not a database');
    await expect(startAzurite({ folder })).rejects.toThrow(/Azurite ended while it started[^]*It wrote/);
    expect(await readdir(folder)).not.toContain(LOCK_FILE);
  });
});
