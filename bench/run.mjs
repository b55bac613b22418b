// Runs a benchmark: `node bench/run.mjs fetch`. What it measures is bundled as it is deployed, dependencies included.
import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build } from 'esbuild';

const root = fileURLToPath(new URL('..', import.meta.url));
const [name = '', ...others] = process.argv.slice(2);
const benches = readdirSync(join(root, 'bench')).flatMap((file) => /^(\w+)\.ts$/.exec(file)?.[1] ?? []);
if (!benches.includes(name)) {
  console.error(`usage: node bench/run.mjs <${benches.join('|')}>`);
  process.exit(2);
}

// Below the root, where dependencies are found.
const out = join(root, `dist.bench.${process.pid}`);
const common = {
  absWorkingDir: root,
  bundle: true,
  platform: 'node',
  format: 'esm',
  target: 'node20',
  logLevel: 'warning',
  outdir: out,
};
try {
  await Promise.all([
    build({ ...common, entryPoints: [`bench/${name}.ts`], packages: 'external' }),
    build({
      ...common,
      entryPoints: readdirSync(join(root, 'bench/support'))
        .filter((file) => file.endsWith('Process.ts'))
        .map((file) => `bench/support/${file}`),
      splitting: true,
      sourcemap: 'linked',
      external: ['@azure/functions-core'],
      banner: {
        js: "import { createRequire as makeRequire } from 'node:module'; const require = makeRequire(import.meta.url);",
      },
    }),
  ]);
  const { run } = await import(pathToFileURL(join(out, `${name}.js`)).href);
  process.exitCode = await run(others);
} finally {
  rmSync(out, { recursive: true, force: true });
}
