import { createWriteStream, existsSync } from 'node:fs';
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join, resolve, sep } from 'node:path';
import { pipeline } from 'node:stream/promises';
import * as z from 'zod';
import type { BlobContainer } from '../../storage/blobs.ts';

export interface CopiedFiles {
  /** Files that now lie in the folder. */
  files: number;
  /** Of these, new or changed since the last copy. */
  changed: number;
}

/**
 * Makes `folder` an exact copy of a container, as ordinary files: what has not changed since the last copy is
 * not read again, what is gone is deleted. Which version was copied stands in `<folder>.index.json`.
 */
export async function copyContainer(container: BlobContainer, folder: string): Promise<CopiedFiles> {
  const indexFile = `${folder}.index.json`;
  const before = await readIndex(indexFile);
  const after: Record<string, string> = {};
  let changed = 0;
  for await (const { name, etag } of container.list('')) {
    const file = pathBelow(folder, name);
    after[name] = etag;
    if (before[name] === etag && existsSync(file)) continue;
    const content = await container.read(name);
    // Replaced or gone since it was listed: the next copy takes it.
    if (content === undefined) continue;
    after[name] = content.etag;
    await mkdir(dirname(file), { recursive: true });
    // Renamed into place: whoever reads the folder meanwhile finds whole files.
    await pipeline(content.chunks, createWriteStream(`${file}.part`));
    await rename(`${file}.part`, file);
    changed += 1;
  }
  for (const name of Object.keys(before)) {
    if (after[name] === undefined) await rm(pathBelow(folder, name), { force: true });
  }
  await mkdir(folder, { recursive: true });
  await writeFile(indexFile, JSON.stringify(after));
  return { files: Object.keys(after).length, changed };
}

/** @throws RangeError for a name that would lead out of the folder. */
function pathBelow(folder: string, name: string): string {
  const root = resolve(folder);
  const path = resolve(join(root, ...name.split('/')));
  if (!path.startsWith(root + sep)) throw new RangeError(`a blob's name leads out of ${folder}: ${name}`);
  return path;
}

const index = z.record(z.string(), z.string());

async function readIndex(file: string): Promise<Record<string, string>> {
  try {
    return index.parse(JSON.parse(await readFile(file, 'utf8')));
  } catch (error) {
    // Without a usable index all is copied again.
    if ((error as NodeJS.ErrnoException).code === 'ENOENT' || error instanceof SyntaxError) return {};
    if (error instanceof z.ZodError) return {};
    throw error;
  }
}
