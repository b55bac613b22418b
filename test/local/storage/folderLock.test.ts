import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { FolderInUseError, LOCK_FILE, lockFolder } from '../../../src/local/storage/folderLock.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'lock-test-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

async function deadPid(): Promise<number> {
  const child = spawn(process.execPath, ['--version'], { stdio: 'ignore' });
  await once(child, 'exit');
  return child.pid ?? 0;
}

describe('lockFolder', () => {
  test('gives a folder to one holder, and to the next after release', async () => {
    const lock = await lockFolder(folder);
    const refused = lockFolder(folder, 0);
    await expect(refused).rejects.toThrow(FolderInUseError);
    await expect(refused).rejects.toThrow(folder);
    await lock.release();
    const next = await lockFolder(folder, 0);
    await next.release();
    expect(await readdir(folder)).toEqual([]);
  });

  test('waits for a holder that is about to release', async () => {
    const lock = await lockFolder(folder);
    const waiting = lockFolder(folder);
    await lock.release();
    await (await waiting).release();
  });

  test('ignores a holder that has died, and one that died before it wrote its number', async () => {
    await writeFile(join(folder, LOCK_FILE), String(await deadPid()));
    await (await lockFolder(folder, 0)).release();
    await writeFile(join(folder, LOCK_FILE), '');
    await (await lockFolder(folder, 0)).release();
  });

  test('is handed over to another process', async () => {
    const lock = await lockFolder(folder);
    const dead = await deadPid();
    await lock.handOver(dead);
    expect(await readFile(join(folder, LOCK_FILE), 'utf8')).toBe(String(dead));
    await (await lockFolder(folder, 0)).release();
  });
});
