// The command line from a checkout: builds what is stale, then runs it in this very process, so that
// signals reach it and nothing is left behind.
import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const built = join(root, 'dist/cli/pstn.js');
const sources = ['src', 'functions', 'scripts', 'package-lock.json'];

function newestMs(path) {
  const stat = statSync(path);
  if (!stat.isDirectory()) return stat.mtimeMs;
  return Math.max(0, ...readdirSync(path).map((name) => newestMs(join(path, name))));
}

const stale =
  !existsSync(built) || sources.some((name) => newestMs(join(root, name)) > statSync(built).mtimeMs);
if (stale) {
  const { buildAll } = await import('./build.mjs');
  await buildAll();
}
await import('../dist/cli/pstn.js');
