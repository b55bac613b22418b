import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

export interface AppFolder {
  root: string;
  remove(): Promise<void>;
}

/**
 * Writes a Functions app into a folder of its own.
 * @param files path to content; package.json (main `functions/*.mjs`) and host.json are added unless given
 */
export async function appFolder(files: Record<string, string>): Promise<AppFolder> {
  const root = await mkdtemp(join(tmpdir(), 'functions-app-'));
  await symlink(join(import.meta.dirname, '../../../node_modules'), join(root, 'node_modules'), 'junction');
  const all: Record<string, string> = {
    'package.json': JSON.stringify({ main: 'functions/*.mjs' }),
    'host.json': JSON.stringify({ version: '2.0' }),
    ...files,
  };
  for (const [path, content] of Object.entries(all)) {
    await mkdir(dirname(join(root, path)), { recursive: true });
    await writeFile(join(root, path), content);
  }
  return { root, remove: () => rm(root, { recursive: true, force: true }) };
}

/** An entry file that has the library as `app` and runs `body`. */
export const entry = (body: string): string => `import { app } from '@azure/functions';\n${body}\n`;
