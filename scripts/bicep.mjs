// The Bicep compiler: finds it, checks infra/ with it, writes the snapshots.
//
//     node scripts/bicep.mjs check       format, lint, build, parameter files, snapshots; changes nothing
//     node scripts/bicep.mjs snapshot    writes the snapshots anew: their diff is what a deployment would change
//     node scripts/bicep.mjs format      formats the sources in place
//     node scripts/bicep.mjs restore     fetches the compiler from NuGet (needs the .NET SDK, Linux on x64)
//
// Exit codes: 0 fine; 1 something is wrong; 2 wrong usage, or there is no compiler.
import { spawnSync } from 'node:child_process';
import { chmodSync, cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { delimiter, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const infra = join(root, 'infra');
const PACKAGE = join(root, 'node_modules/.cache/bicep/azure.bicep.commandline.linux-x64');

/** Parameter sets whose snapshots are under version control. */
export const PARAMETER_SETS = ['default', 'private-network', 'hierarchical-namespace'];

/** Snapshots are made as if deployed here, so that they are the same on every machine. */
const PLACE = [
  ['--tenant-id', '00000000-0000-0000-0000-000000000002'],
  ['--subscription-id', '00000000-0000-0000-0000-000000000001'],
  ['--resource-group', 'rg-pstn'],
  ['--location', 'westeurope'],
  ['--deployment-name', 'pstn'],
].flat();

export const NO_COMPILER =
  'There is no Bicep compiler on this machine. Set BICEP to one, install it (bicep, or az bicep install), or, on ' +
  'Linux with the .NET SDK: node scripts/bicep.mjs restore';

/** Path of the compiler: $BICEP, on the PATH, that of the Azure CLI, the restored package. Undefined without one. */
export function findBicep(environment = process.env) {
  if (environment.BICEP) return environment.BICEP;
  const named = process.platform === 'win32' ? 'bicep.exe' : 'bicep';
  const folders = (environment.PATH ?? '').split(delimiter).filter((folder) => folder !== '');
  const versions = existsSync(PACKAGE) ? readdirSync(PACKAGE).sort() : [];
  return [
    ...folders.map((folder) => join(folder, named)),
    join(environment.AZURE_CONFIG_DIR ?? join(homedir(), '.azure'), 'bin', named),
    ...versions.map((version) => join(PACKAGE, version, 'tools', 'bicep')).reverse(),
  ].find((file) => existsSync(file));
}

/** Fetches the compiler from NuGet. @throws Error with what dotnet said. */
export function restoreBicep() {
  const { status, stdout, stderr, error } = spawnSync('dotnet', ['restore', join(infra, 'compiler')], {
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(`dotnet restore failed\n${error?.message ?? `${stdout}${stderr}`}`);
  const bicep = findBicep({ PATH: '', AZURE_CONFIG_DIR: infra });
  if (bicep === undefined) throw new Error(`dotnet restore left no compiler in ${PACKAGE}`);
  // An archive of NuGet does not always keep the bit.
  chmodSync(bicep, 0o755);
  return bicep;
}

/** Runs the compiler in infra/ to its end. Warnings count as errors: `ok` is false if it said anything of that kind. */
export function runBicep(bicep, bicepArguments, cwd = infra) {
  const { status, stdout, stderr, error } = spawnSync(bicep, bicepArguments, {
    cwd,
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
  });
  const said = error?.message ?? stderr.trim();
  return { ok: status === 0 && !/ : (Warning|Error) /.test(said), stdout: stdout ?? '', said };
}

const allFiles = () =>
  readdirSync(infra, { recursive: true })
    .map(String)
    .filter((file) => /\.bicep(param)?$/.test(file))
    .sort();

/** What is built: the modules come with main.bicep; graph/ needs an extension from a registry, and is not tried. */
export const ENTRY_FILES = [
  'main.bicep',
  ...PARAMETER_SETS.map((set) => join('params', `${set}.bicepparam`)),
];

/** Sources that the formatter would change. */
export function unformatted(bicep) {
  const copy = mkdtempSync(join(tmpdir(), 'bicep-'));
  try {
    cpSync(infra, copy, { recursive: true });
    formatAll(bicep, copy);
    const text = (folder, file) => readFileSync(join(folder, file), 'utf8');
    return allFiles().filter((file) => text(copy, file) !== text(infra, file));
  } finally {
    rmSync(copy, { recursive: true, force: true });
  }
}

function formatAll(bicep, folder) {
  for (const ending of ['bicep', 'bicepparam']) {
    const { ok, said } = runBicep(bicep, ['format', '--pattern', `**/*.${ending}`], folder);
    if (!ok) throw new Error(said);
  }
}

/** Snapshot of a parameter set: `validate` compares it with the one that is stored, `overwrite` stores it. */
export const snapshot = (bicep, set, mode, folder = infra) =>
  runBicep(bicep, ['snapshot', join('params', `${set}.bicepparam`), '--mode', mode, ...PLACE], folder);

/** Builds a template or a parameter file into nowhere. */
export function compile(bicep, file) {
  const scratch = mkdtempSync(join(tmpdir(), 'bicep-'));
  try {
    const command = file.endsWith('param') ? 'build-params' : 'build';
    return runBicep(bicep, [command, file, '--no-restore', '--outfile', join(scratch, 'built.json')]);
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

function check(bicep) {
  const faults = unformatted(bicep).map((file) => `${file}: not formatted; node scripts/bicep.mjs format`);
  const expectOk = (what, { ok, said, stdout }) => {
    console.log(`${ok ? 'ok    ' : 'FAILED'} ${what}`);
    if (!ok) faults.push(`${what}\n${said}\n${stdout}`.trim());
  };
  expectOk('lint main.bicep', runBicep(bicep, ['lint', 'main.bicep', '--no-restore']));
  for (const file of ENTRY_FILES) expectOk(`build ${file}`, compile(bicep, file));
  for (const set of PARAMETER_SETS) expectOk(`snapshot ${set}`, snapshot(bicep, set, 'validate'));
  return faults;
}

function main([command]) {
  const commands = ['check', 'snapshot', 'format', 'restore'];
  if (!commands.includes(command)) {
    console.error(`usage: node scripts/bicep.mjs ${commands.join('|')}`);
    return 2;
  }
  if (command === 'restore') {
    console.log(restoreBicep());
    return 0;
  }
  const bicep = findBicep();
  if (bicep === undefined) {
    console.error(NO_COMPILER);
    return 2;
  }
  console.log(`${runBicep(bicep, ['--version']).stdout.trim()}, ${relative(root, bicep)}`);
  const faults = [];
  if (command === 'check') faults.push(...check(bicep));
  if (command === 'format') formatAll(bicep, infra);
  if (command === 'snapshot') {
    const made = PARAMETER_SETS.map((set) => snapshot(bicep, set, 'overwrite'));
    faults.push(...made.filter(({ ok }) => !ok).map(({ said }) => said));
  }
  for (const fault of faults) console.error(fault);
  return faults.length === 0 ? 0 : 1;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) process.exitCode = main(process.argv.slice(2));
