// Bundles the functions and the command line. After it the project's root is a valid Functions app.
import { existsSync, readdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const root = fileURLToPath(new URL('..', import.meta.url));
const dist = join(root, 'dist');
const SOURCES = ['src', 'functions', 'scripts', 'package-lock.json'];

const COMMON = {
  absWorkingDir: root,
  bundle: true,
  platform: 'node',
  format: 'esm',
  target: 'node20',
  splitting: true,
  sourcemap: 'linked',
  // The maps name the sources; with all of their text they would be most of what is deployed.
  sourcesContent: false,
  logLevel: 'warning',
  chunkNames: 'chunks/[name]-[hash]',
  // CommonJS dependencies inside an ES module bundle still call require.
  banner: {
    js: "import { createRequire as makeRequire } from 'node:module'; const require = makeRequire(import.meta.url);",
  },
};

/**
 * How the functions are bundled. All entry files are loaded at every start of an instance; what is behind a
 * dynamic import is split off, and loaded by the first call that needs it. Nothing is minified: it saves no
 * time that could be measured, and stack traces in the cloud's log would say nothing.
 */
export function functionsBundle(outdir) {
  const files = readdirSync(join(root, 'functions')).filter((name) => name.endsWith('.ts'));
  return {
    ...COMMON,
    entryPoints: files.map((name) => `functions/${name}`),
    outdir,
    // Exists only inside the worker of Azure Functions (and in our local host).
    external: ['@azure/functions-core'],
  };
}

/**
 * Two bundles: what is deployed (dist/functions and the chunks it shares), and the command line with what stands
 * in for Azure, which is never deployed.
 */
export async function buildAll() {
  const fresh = `${dist}.${process.pid}`;
  const built = await Promise.allSettled([
    build(functionsBundle(join(fresh, 'functions'))),
    build({
      ...COMMON,
      entryPoints: ['src/cli/pstn.ts'],
      outdir: join(fresh, 'cli'),
      packages: 'external',
    }),
  ]);
  const failed = built.find(({ status }) => status === 'rejected');
  if (failed !== undefined) {
    rmSync(fresh, { recursive: true, force: true });
    throw failed.reason;
  }
  // Swapped in at once, so that nobody loads one half of the old and one of the new.
  const old = `${fresh}.old`;
  if (existsSync(dist)) renameSync(dist, old);
  renameSync(fresh, dist);
  rmSync(old, { recursive: true, force: true });
}

/** Builds if a source is newer than what was built. */
export async function buildIfStale() {
  const built = join(dist, 'cli/pstn.js');
  if (!existsSync(built) || SOURCES.some((name) => newestMs(join(root, name)) > statSync(built).mtimeMs)) {
    await buildAll();
  }
}

function newestMs(path) {
  const stat = statSync(path);
  if (!stat.isDirectory()) return stat.mtimeMs;
  // A folder's own time tells of files that were removed.
  return Math.max(stat.mtimeMs, ...readdirSync(path).map((name) => newestMs(join(path, name))));
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await buildAll();
