import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The project's root, which is a Functions app after a build: the nearest folder above with `host.json`. */
export function findAppRoot(from: string = fileURLToPath(import.meta.url)): string {
  for (let folder = dirname(from); ; folder = dirname(folder)) {
    if (existsSync(join(folder, 'host.json'))) return folder;
    if (dirname(folder) === folder) throw new Error(`no host.json in any folder above ${from}`);
  }
}

/** The version that `package.json` of the root names. */
export function versionOf(appRoot: string): string {
  const { version } = JSON.parse(readFileSync(join(appRoot, 'package.json'), 'utf8')) as { version: string };
  return version;
}
