// Proves that the chaos suite can fail: `npm run test:mutations [-- --only TEXT] [--schedules N] [--seed S] [--markdown]`.
// Applies each mutation to the source in memory and runs schedules until one fails. The last line is `caught / total`.
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { MUTATIONS } from './list.mjs';

const { values } = parseArgs({
  options: {
    only: { type: 'string', default: '' },
    schedules: { type: 'string', default: '600' },
    seed: { type: 'string', default: '1' },
    markdown: { type: 'boolean', default: false },
  },
});
const suite = fileURLToPath(new URL('../run.mjs', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'pstn-mutations-'));

/** @returns what the suite printed as JSON */
function chaos(edits, index) {
  const file = join(folder, `${index}.json`);
  writeFileSync(file, JSON.stringify(edits));
  const flags = [
    '--mutation',
    file,
    '--fail-fast',
    '--json',
    '--schedules',
    values.schedules,
    '--seed',
    values.seed,
  ];
  const child = spawn(process.execPath, [suite, ...flags], { stdio: ['ignore', 'pipe', 'inherit'] });
  let text = '';
  child.stdout.setEncoding('utf8').on('data', (piece) => (text += piece));
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => {
      try {
        resolve({ code, ...JSON.parse(text) });
      } catch {
        reject(new Error(`the suite ended with ${code} and printed no JSON: ${text.slice(-500)}`));
      }
    });
  });
}

const rows = [];
try {
  for (const [index, mutation] of MUTATIONS.entries()) {
    if (!mutation.name.includes(values.only)) continue;
    const beganMs = Date.now();
    const result = await chaos(mutation.edits, index);
    const caught = result.code === 1 && result.caught === true;
    const seconds = ((Date.now() - beganMs) / 1_000).toFixed(0);
    rows.push({ ...mutation, caught, seed: result.seed, schedules: result.schedules, seconds });
    console.error(
      `${caught ? 'caught' : 'MISSED'}  ${mutation.name} (${result.schedules} schedules, ${seconds} s): ${result.why ?? ''}`,
    );
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}

const cells = [
  ['mutation', 'what goes wrong', 'seed', 'schedules'],
  ...rows.map(({ name, why, caught, seed, schedules }) => [
    name,
    why,
    caught ? String(seed) : 'missed',
    String(schedules),
  ]),
];
const widths = cells[0].map((_, column) => Math.max(...cells.map((line) => line[column].length)));
const line = (row) => `| ${row.map((cell, column) => cell.padEnd(widths[column])).join(' | ')} |`;
console.log(line(cells[0]));
if (values.markdown) console.log(`| ${widths.map((width) => '-'.repeat(width)).join(' | ')} |`);
for (const row of cells.slice(1)) console.log(line(row));
const caught = rows.filter((row) => row.caught).length;
console.log(`caught ${caught} / ${rows.length} = ${((100 * caught) / rows.length).toFixed(0)} %`);
process.exitCode = caught === rows.length && rows.length > 0 ? 0 : 1;
