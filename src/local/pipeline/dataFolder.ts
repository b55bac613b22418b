import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import * as z from 'zod';

/** The folder in which a local pipeline keeps everything. */
export interface DataFolder {
  path: string;
  /** Where the storage emulator keeps its files; it refuses a folder that another process uses. */
  storage: string;
  /** Instant of the first run: simulated data stand at it, so that every run finds the same. */
  firstRunMs: number;
  /** Writes down what the first run decides; to be called once it is sure to begin. */
  keep(): Promise<void>;
}

/** The folder cannot be used; the message says why and what to do. */
export class DataFolderError extends Error {
  override readonly name = 'DataFolderError';
}

const stateFile = z.object({
  firstRunAt: z.iso.datetime(),
  /** Where the calls in it came from; older folders do not say. */
  source: z.string().optional(),
});

/**
 * Opens or makes the folder.
 * @param source where calls come from: a folder keeps one source, real money is never mixed with invented.
 * @throws DataFolderError if it cannot be used, or what an earlier run wrote there cannot be read.
 */
export async function openDataFolder(path: string, source: string, nowMs: number): Promise<DataFolder> {
  const folder = resolve(path);
  try {
    await mkdir(folder, { recursive: true });
  } catch (cause) {
    throw unusable(folder, 'is no folder and cannot be made', cause);
  }
  const file = join(folder, 'state.json');
  const known = await readFirstRun(file, source);
  // Whole seconds: enough to be told apart, and readable.
  const firstRunMs = known?.firstRunMs ?? Math.floor(nowMs / 1000) * 1000;
  return {
    path: folder,
    storage: join(folder, 'storage'),
    firstRunMs,
    keep: async () => {
      if (known?.source === undefined) await writeFirstRun(file, source, firstRunMs);
    },
  };
}

async function readFirstRun(
  file: string,
  source: string,
): Promise<{ firstRunMs: number; source: string | undefined } | undefined> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'ENOENT') throw unusable(file, 'cannot be read', cause);
    return undefined;
  }
  let state: z.infer<typeof stateFile>;
  try {
    state = stateFile.parse(JSON.parse(text));
  } catch (cause) {
    throw new DataFolderError(
      `--data: ${file} is damaged: delete the folder to start anew, or restore the file, ` +
        'for example {"firstRunAt":"2026-11-24T06:00:00.000Z"}',
      { cause },
    );
  }
  if (state.source !== undefined && state.source !== source) {
    throw new DataFolderError(
      `--data: ${dirname(file)} holds calls of another source (${state.source}, not ${source}); ` +
        'choose another folder for these',
    );
  }
  return { firstRunMs: Date.parse(state.firstRunAt), source: state.source };
}

async function writeFirstRun(file: string, source: string, firstRunMs: number): Promise<void> {
  try {
    await writeFile(file, `${JSON.stringify({ firstRunAt: new Date(firstRunMs).toISOString(), source })}\n`);
  } catch (cause) {
    throw unusable(file, 'cannot be written', cause);
  }
}

function unusable(path: string, what: string, cause: unknown): DataFolderError {
  const code = (cause as NodeJS.ErrnoException).code ?? String(cause);
  return new DataFolderError(`--data: ${path} ${what} (${code}); choose another folder`, { cause });
}
