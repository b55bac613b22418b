import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { glob, isDynamicPattern } from 'tinyglobby';
import * as z from 'zod';
import type { Log } from '../../runtime/log.ts';
import { collectRegistrations, emptyRegistry, type AppRegistry } from './fakeCore.ts';
import { HostError } from './hostError.ts';
import { toAppFunction, type AppFunction } from './registeredFunction.ts';

export interface LoadedApp {
  /** In the order of their names. */
  functions: AppFunction[];
  registry: AppRegistry;
}

const packageJson = z.looseObject({
  main: z.string('names no entry file: its "main" must be a file or a pattern'),
});

/** Modules are evaluated once per URL; a number in the URL lets an app be loaded again. */
let loads = 0;

/**
 * Loads a Functions app as the cloud's worker does: every file that `main` of its package.json names is
 * imported, and what the files register is collected. Nothing is started. The cloud shows zero functions and
 * no error when the pattern matches nothing; here that is an error.
 *
 * Apps that are loaded twice in one process share the modules that their entry files import.
 * @param appRoot folder with package.json
 * @throws HostError if there is no entry file, one of them fails, or no function is registered
 */
export async function loadApp(appRoot: string, log: Log): Promise<LoadedApp> {
  const files = await entryFiles(appRoot);
  const library = { streams: false };
  const registry = emptyRegistry((level, category, message) => {
    if (message.includes('HTTP streaming enabled')) library.streams = true;
    if (level === 'warning') log.warn('functions library', { category, message });
    if (level === 'error' || level === 'critical') log.error('functions library', { category, message });
  });
  const load = loads++;
  await collectRegistrations(registry, async () => {
    for (const file of files) await importEntry(join(appRoot, file), load);
  });
  if (registry.functions.length === 0) {
    throw new HostError(
      `${files.join(', ')} in ${appRoot} registered no function. If @azure/functions was used in this process ` +
        'before the app was loaded, it has switched to its test mode and registers nothing',
    );
  }
  if (library.streams) {
    throw new HostError(
      `${appRoot} enables HTTP streams in app.setup: the library would listen on all network interfaces, ` +
        'so the local host does not support it',
    );
  }
  const functions = registry.functions
    .map(toAppFunction)
    .sort((a, b) => (a.name.toLowerCase() < b.name.toLowerCase() ? -1 : 1));
  const double = functions.find((fn, i) => fn.name.toLowerCase() === functions[i + 1]?.name.toLowerCase());
  if (double !== undefined)
    throw new HostError(`Two functions are named ${double.name} (case does not count)`);
  return { functions, registry };
}

async function entryFiles(appRoot: string): Promise<string[]> {
  const file = join(appRoot, 'package.json');
  let parsed;
  try {
    parsed = packageJson.safeParse(JSON.parse(await readFile(file, 'utf8')));
  } catch (cause) {
    throw new HostError(`${file} cannot be read: ${String(cause)}`, { cause });
  }
  if (!parsed.success) throw new HostError(`${file} ${parsed.error.issues[0]?.message ?? 'is not valid'}`);
  const { main } = parsed.data;
  const files = await glob(main, { cwd: appRoot, expandDirectories: false });
  if (files.length === 0) {
    const what = isDynamicPattern(main) ? `no file matches "${main}"` : `there is no file "${main}"`;
    throw new HostError(`${file}: ${what} (its "main"); was the app built?`);
  }
  return files.sort();
}

async function importEntry(path: string, load: number): Promise<void> {
  const url = pathToFileURL(path);
  if (load > 0) url.searchParams.set('load', String(load));
  // CommonJS modules are remembered by their path, whatever the URL.
  const { cache } = createRequire(url);
  Reflect.deleteProperty(cache, path);
  try {
    await import(/* @vite-ignore */ url.href);
  } catch (cause) {
    const message = cause instanceof Error ? cause.message : String(cause);
    throw new HostError(`The entry file ${path} failed while it was loaded: ${message}`, { cause });
  }
}
