import { readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

/** The folder is held by another process that runs. */
export class FolderInUseError extends Error {
  override readonly name = 'FolderInUseError';
}

export interface FolderLock {
  /** From now on the folder is held by the process `pid`. */
  handOver(pid: number): Promise<void>;
  release(): Promise<void>;
}

export const LOCK_FILE = 'azurite.pid';
const PAUSE_MS = 50;

/**
 * Takes the folder for this process: two Azurites over one folder would overwrite each other's data. A holder
 * that has died is ignored; one that is just ending is given `waitMs` of real time.
 * @throws FolderInUseError
 */
export async function lockFolder(folder: string, waitMs = 10_000): Promise<FolderLock> {
  const file = join(folder, LOCK_FILE);
  const deadline = performance.now() + waitMs;
  for (;;) {
    if (await create(file)) break;
    const holder = await readHolder(file);
    const late = performance.now() >= deadline;
    // A file that stays empty was left by somebody who died between making and writing it.
    if (holder === undefined ? late : !isRunning(holder)) {
      await rm(file, { force: true });
      continue;
    }
    if (late) {
      throw new FolderInUseError(
        `${folder} is in use by process ${holder}: stop it, or choose another data folder. ` +
          `If that process has nothing to do with this folder, delete ${file}`,
      );
    }
    await delay(PAUSE_MS);
  }
  return {
    handOver: async (pid) => {
      // Renamed into place: a reader must never meet an empty file and take the folder for free.
      await writeFile(`${file}.new`, String(pid));
      await rename(`${file}.new`, file);
    },
    release: () => rm(file, { force: true }),
  };
}

async function create(file: string): Promise<boolean> {
  try {
    await writeFile(file, String(process.pid), { flag: 'wx' });
    return true;
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return false;
    throw error;
  }
}

/** Undefined if the file is gone by now or not yet written. */
async function readHolder(file: string): Promise<number | undefined> {
  try {
    const pid = Number(await readFile(file, 'utf8'));
    return Number.isSafeInteger(pid) && pid > 0 ? pid : undefined;
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // Somebody else's process runs, too: it just may not be signalled.
    return codeOf(error) === 'EPERM';
  }
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined;
}
