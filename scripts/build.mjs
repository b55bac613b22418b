// Bundles the functions and the command line. After it the project's root is a valid Functions app.
import { readdirSync, rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const root = fileURLToPath(new URL('..', import.meta.url));

/**
 * Two bundles: what is deployed (dist/functions and the chunks it shares), and the command line with what stands
 * in for Azure, which is never deployed. Splitting keeps what only one function needs out of the others' start.
 */
export async function buildAll() {
  rmSync(`${root}dist`, { recursive: true, force: true });
  const common = {
    absWorkingDir: root,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    splitting: true,
    sourcemap: 'linked',
    logLevel: 'warning',
    chunkNames: 'chunks/[name]-[hash]',
    // CommonJS dependencies inside an ES module bundle still call require.
    banner: {
      js: "import { createRequire as makeRequire } from 'node:module'; const require = makeRequire(import.meta.url);",
    },
  };
  const functions = readdirSync(`${root}functions`).filter((name) => name.endsWith('.ts'));
  await Promise.all([
    build({
      ...common,
      entryPoints: functions.map((name) => `functions/${name}`),
      outdir: 'dist/functions',
      // Exists only inside the worker of Azure Functions (and in our local host).
      external: ['@azure/functions-core'],
    }),
    build({
      ...common,
      entryPoints: ['src/cli/pstn.ts'],
      outdir: 'dist/cli',
      packages: 'external',
    }),
  ]);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await buildAll();
