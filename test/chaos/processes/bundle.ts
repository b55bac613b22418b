import { copyFile, mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { build } from 'esbuild';
import { functionsBundle } from '../../../scripts/build.mjs';
import { findAppRoot } from '../../../src/local/pipeline/appRoot.ts';

const root = findAppRoot();
const SCRIPTS = ['host', 'bus', 'storage', 'graph'];

/**
 * Bundles the functions as they are deployed, and the scripts of the processes, into a folder of its own below the
 * root, where dependencies are found: a build meanwhile changes nothing under the hosts.
 */
export async function bundle(): Promise<string> {
  const folder = join(root, `dist.processes.${process.pid}`);
  const app = join(folder, 'app');
  await mkdir(app, { recursive: true });
  await Promise.all([
    build(functionsBundle(join(app, 'functions'))),
    build({
      absWorkingDir: root,
      bundle: true,
      platform: 'node',
      format: 'esm',
      target: 'node20',
      packages: 'external',
      sourcemap: 'linked',
      logLevel: 'warning',
      outdir: folder,
      entryPoints: SCRIPTS.map((name) => `test/chaos/processes/${name}Process.ts`),
    }),
    copyFile(join(root, 'host.json'), join(app, 'host.json')),
    writeFile(join(app, 'package.json'), '{"type":"module","main":"functions/*.js"}\n'),
  ]);
  return folder;
}

export const removeBundle = (folder: string): Promise<void> => rm(folder, { recursive: true, force: true });
