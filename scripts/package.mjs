// Makes what is deployed, dist/package and dist/package.zip: the built functions and what they need on Linux on x64.
//
//     node scripts/package.mjs [--out <folder>]
//
// Prints sizes and how long an instance takes to load it, on this machine.
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { builtinModules } from 'node:module';
import { join, relative, sep } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { build } from 'esbuild';
import { zipSync } from 'fflate';
import { functionsBundle } from './build.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
/** Comes from the host. */
const HOST_MODULES = ['@azure/functions-core'];
/** The same for every build of the same sources, so that the same package has the same bytes. */
const ZIP_TIME = new Date('2000-01-01T00:00:00');

/**
 * Packages that the bundle leaves outside (native ones), with the versions that package.json asks for.
 * @param metafile what esbuild says of the bundle
 */
export function externalPackages(metafile, manifest) {
  const imported = Object.values(metafile.outputs).flatMap(({ imports }) => imports);
  const names = imported
    .filter(({ external, path }) => external && !path.startsWith('node:') && !builtinModules.includes(path))
    .map(({ path }) =>
      path
        .split('/')
        .slice(0, path.startsWith('@') ? 2 : 1)
        .join('/'),
    )
    .filter((name) => !HOST_MODULES.includes(name));
  return Object.fromEntries(
    [...new Set(names)].sort().map((name) => {
      const version = manifest.dependencies[name];
      if (version === undefined)
        throw new Error(`${name} is loaded by the functions and is no dependency in package.json`);
      return [name, version];
    }),
  );
}

/** Writes the folder that is deployed. @returns the packages that were installed into it */
export async function stage(folder) {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const { metafile } = await build({
    ...functionsBundle(join(folder, 'dist/functions')),
    // Stack traces name the bundle, which is readable; maps would be half of what is deployed.
    sourcemap: false,
    metafile: true,
  });
  const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const dependencies = externalPackages(metafile, manifest);
  const { name, version, license, type, main } = manifest;
  writeFileSync(
    join(folder, 'package.json'),
    `${JSON.stringify({ name, version, license, private: true, type, main, dependencies }, undefined, 2)}\n`,
  );
  for (const file of ['host.json', 'LICENSE']) cpSync(join(root, file), join(folder, file));
  // Without a file of this name, node_modules would be left out by tools that make a package of this folder.
  writeFileSync(join(folder, '.funcignore'), '*.map\n');
  if (Object.keys(dependencies).length > 0) installInto(folder);
  return dependencies;
}

/** What runs there, not here. */
function installInto(folder) {
  const target = ['--os=linux', '--cpu=x64', '--libc=glibc'];
  const { status, stderr, error } = spawnSync(
    'npm',
    ['install', '--omit=dev', '--no-audit', '--no-fund', '--no-package-lock', ...target],
    { cwd: folder, encoding: 'utf8' },
  );
  if (status !== 0) throw new Error(`npm install failed in ${folder}\n${error?.message ?? stderr}`);
}

/** All files of a folder, ascending, with `/` between the parts of their names. */
export const filesOf = (folder) =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)).split(sep).join('/'))
    .sort();

export function zip(folder) {
  const entries = filesOf(folder).map((file) => [
    file,
    [new Uint8Array(readFileSync(join(folder, file))), { mtime: ZIP_TIME, level: 9 }],
  ]);
  return zipSync(Object.fromEntries(entries));
}

/** Milliseconds in which a fresh process loads all functions; the median of several. */
export function startMs(folder, times = 7) {
  const functions = join(folder, 'dist/functions');
  const entries = readdirSync(functions)
    .filter((file) => file.endsWith('.js'))
    .map((file) => pathToFileURL(join(functions, file)).href);
  const program = `const t = performance.now(); await Promise.all(${JSON.stringify(entries)}.map((entry) => import(entry))); console.log('loaded in', performance.now() - t); process.exit(0);`;
  const measured = Array.from({ length: times }, () => {
    const { status, stdout, stderr } = spawnSync(
      process.execPath,
      ['--input-type=module', '--eval', program],
      {
        encoding: 'utf8',
      },
    );
    if (status !== 0) throw new Error(`the package does not load\n${stderr}`);
    return Number(/loaded in ([\d.]+)/.exec(stdout)?.[1]);
  }).sort((a, b) => a - b);
  return measured[Math.floor(times / 2)];
}

async function main(commandLine) {
  const { values } = parseArgs({
    args: commandLine,
    options: { out: { type: 'string', default: join(root, 'dist') } },
  });
  const folder = join(values.out, 'package');
  const dependencies = await stage(folder);
  const packed = zip(folder);
  writeFileSync(`${folder}.zip`, packed);
  const files = filesOf(folder);
  const unpackedBytes = files.reduce((sum, file) => sum + readFileSync(join(folder, file)).length, 0);
  const installed = Object.keys(dependencies);
  console.log(`${folder}.zip: ${kB(packed.length)}; unpacked ${kB(unpackedBytes)} in ${files.length} files`);
  console.log(`packages beside the bundle: ${installed.length === 0 ? 'none' : installed.join(', ')}`);
  console.log(
    `loads in ${Math.round(startMs(folder))} ms (Node.js ${process.version}, this machine, median of 7)`,
  );
}

const kB = (bytes) => `${Math.round(bytes / 1000).toLocaleString('en')} kB`;

if (process.argv[1] === fileURLToPath(import.meta.url)) await main(process.argv.slice(2));
