// Runs the chaos suite: `node test/chaos/run.mjs [--schedules N] [--seed S] [--workers W] [--fail-fast] [--json]`.
// `--mutation FILE` puts faults into the source first: FILE holds [{"file", "from", "to"}], each text to be replaced
// where it stands, once. The files themselves stay as they are.
import { readFileSync, rmSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build } from 'esbuild';

const root = fileURLToPath(new URL('../..', import.meta.url));
const args = process.argv.slice(2);
const at = args.indexOf('--mutation');
const [, file] = at < 0 ? [] : args.splice(at, 2);
const mutations = file === undefined ? [] : JSON.parse(readFileSync(file, 'utf8'));

/** Limits that a schedule sets, see `limits.ts`. */
const limits = [
  {
    file: 'src/totals/batches.ts',
    from: 'group.length + 1 === MAX_TRANSACTION_OPERATIONS',
    to: 'group.length + 1 >= (globalThis.chaosLimits?.transactionOperations ?? MAX_TRANSACTION_OPERATIONS)',
  },
];
const edits = [...mutations, ...limits];

/** Replaces texts of source files in what is bundled. */
const mutate = {
  name: 'mutate',
  setup({ onLoad, onEnd }) {
    const applied = new Set();
    onLoad({ filter: /\.ts$/, namespace: 'file' }, ({ path }) => {
      const name = relative(root, path).split(sep).join('/');
      const ofFile = edits.filter((edit) => edit.file === name);
      if (ofFile.length === 0) return undefined;
      let contents = readFileSync(path, 'utf8');
      for (const edit of ofFile) {
        const times = contents.split(edit.from).length - 1;
        if (times !== 1)
          throw new Error(`${name} holds the text to be replaced ${times} times: ${edit.from}`);
        contents = contents.split(edit.from).join(edit.to);
        applied.add(edit);
      }
      return { contents, loader: 'ts' };
    });
    onEnd(() => {
      const left = edits.filter((edit) => !applied.has(edit));
      if (left.length > 0)
        throw new Error(`not part of what is tested: ${left.map(({ file: name }) => name)}`);
    });
  },
};

// Below the root, where dependencies are found.
const out = join(root, `dist.chaos.${process.pid}`);
try {
  await build({
    absWorkingDir: root,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    logLevel: 'warning',
    outdir: out,
    packages: 'external',
    entryPoints: ['test/chaos/main.ts'],
    plugins: [mutate],
  });
  const { run } = await import(pathToFileURL(join(out, 'main.js')).href);
  process.exitCode = await run(args);
} finally {
  rmSync(out, { recursive: true, force: true });
}
