import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import * as z from 'zod';

/** The folder in which a local pipeline keeps everything. */
export interface DataFolder {
  path: string;
  /** Where the storage emulator keeps its files; it refuses a folder that another process uses. */
  storage: string;
  /** Instant of the first run: simulated data stand at it, so that every run finds the same. */
  firstRunMs: number;
}

/** The folder cannot be used; the message says why and what to do. */
export class DataFolderError extends Error {
  override readonly name = 'DataFolderError';
}

const stateFile = z.object({ firstRunAt: z.iso.datetime() });

/**
 * Opens or makes the folder.
 * @throws DataFolderError if what an earlier run wrote there cannot be read.
 */
export async function openDataFolder(path: string, nowMs: number): Promise<DataFolder> {
  const folder = resolve(path);
  try {
    await mkdir(folder, { recursive: true });
  } catch (cause) {
    throw new DataFolderError(`${folder} cannot be made: choose another folder with --data`, { cause });
  }
  const firstRunMs = await readFirstRun(join(folder, 'state.json'), nowMs);
  return { path: folder, storage: join(folder, 'storage'), firstRunMs };
}

async function readFirstRun(file: string, nowMs: number): Promise<number> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    // Whole seconds: enough to be told apart, and readable.
    const firstRunMs = Math.floor(nowMs / 1000) * 1000;
    await writeFile(file, `${JSON.stringify({ firstRunAt: new Date(firstRunMs).toISOString() })}\n`);
    return firstRunMs;
  }
  try {
    return Date.parse(stateFile.parse(JSON.parse(text)).firstRunAt);
  } catch (cause) {
    throw new DataFolderError(
      `${file} is damaged: delete the folder to start anew, or restore the file, ` +
        'for example {"firstRunAt":"2026-11-24T06:00:00.000Z"}',
      { cause },
    );
  }
}
