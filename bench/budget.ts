import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { type BudgetFigures, simulateBudget } from './support/budgetSimulation.ts';
import { simulateScript } from './support/sequentialScript.ts';

const DEFAULT = { marginMs: 2_500, skewMs: 1_000 };
const LONGEST_LIVE_MS = 60_000;
/** What the clocks of instances differ by after their correction, and without it; and tables that are far too slow. */
const CASES = [
  { ...DEFAULT, tableMs: 20, leastShare: 0.95, longestLiveMs: LONGEST_LIVE_MS },
  { marginMs: 4_000, skewMs: 2_000, tableMs: 20, leastShare: 0.92, longestLiveMs: LONGEST_LIVE_MS },
  { ...DEFAULT, tableMs: 500, leastShare: 0.94, longestLiveMs: LONGEST_LIVE_MS },
  // Of many that write at once one is served each time: that work goes on is all that is asked for.
  { ...DEFAULT, tableMs: 2_000, leastShare: 0.75, longestLiveMs: Infinity },
];
const INSTANCES = [1, 4, 40];
const LATENCIES_MS = [200, 2_000, 20_000];
const HEAD = [
  '',
  'latency',
  'of what is allowed',
  'target',
  '429',
  'at once',
  'live within',
  'table calls',
  '',
];

/** Simulates workers that share the budget. Exit code 1 if a target is missed. */
export async function run(args: readonly string[]): Promise<number> {
  const { values } = parseArgs({
    args: [...args],
    options: { minutes: { type: 'string', default: '60' }, seeds: { type: 'string', default: '3' } },
  });
  const minutes = Number(values.minutes);
  const seeds = Array.from({ length: Number(values.seeds) }, (_, i) => i + 1);
  const concurrency = configuredConcurrency();
  const lines: string[][] = [HEAD];
  let isOver = false;
  for (const latencyMs of LATENCIES_MS) {
    const { share, refused } = await simulateScript(latencyMs, minutes);
    lines.push([
      'script on PageIterator',
      seconds(latencyMs),
      percent(share),
      '',
      `${refused}`,
      '1',
      '',
      '',
      '',
    ]);
  }
  for (const { leastShare, longestLiveMs, ...one } of CASES) {
    for (const instances of INSTANCES) {
      for (const latencyMs of LATENCIES_MS) {
        const setting = { ...one, instances, latencyMs, concurrency, minutes };
        const runs = await Promise.all(seeds.map((seed) => simulateBudget({ ...setting, seed })));
        const worst = worstOf(runs);
        const isMet = worst.share >= leastShare && worst.refused === 0 && worst.liveMs <= longestLiveMs;
        isOver ||= !isMet;
        lines.push([
          `${instances} instance(s), margin ${seconds(one.marginMs)}, clocks ${seconds(one.skewMs)} apart, table ${seconds(one.tableMs, 2)}`,
          seconds(latencyMs),
          percent(worst.share),
          `>= ${(leastShare * 100).toFixed(0)} %`,
          `${worst.refused}`,
          worst.running.toFixed(1),
          seconds(worst.liveMs),
          worst.tableCalls.toFixed(1),
          isMet ? 'PASS' : 'over',
        ]);
      }
    }
  }
  print(lines);
  return isOver ? 1 : 0;
}

/** Of several runs, what each figure was at its worst. */
const worstOf = (runs: readonly BudgetFigures[]): BudgetFigures => ({
  share: Math.min(...runs.map(({ share }) => share)),
  refused: Math.max(...runs.map(({ refused }) => refused)),
  running: Math.max(...runs.map(({ running }) => running)),
  liveMs: Math.max(...runs.map(({ liveMs }) => liveMs)),
  tableCalls: Math.max(...runs.map(({ tableCalls }) => tableCalls)),
});

function configuredConcurrency(): number {
  const text = readFileSync(new URL('../host.json', import.meta.url), 'utf8');
  const host = JSON.parse(text) as { extensions: { serviceBus: { maxConcurrentCalls: number } } };
  return host.extensions.serviceBus.maxConcurrentCalls;
}

function print(lines: readonly string[][]): void {
  const widths = HEAD.map((_, column) => Math.max(...lines.map((line) => line[column]?.length ?? 0)));
  for (const line of lines) {
    const cells = line.map((cell, column) =>
      column === 0 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0),
    );
    process.stdout.write(`${cells.join('  ').trimEnd()}\n`);
  }
}

const seconds = (ms: number, digits = 1): string => `${(ms / 1_000).toFixed(digits)} s`;
const percent = (share: number): string => `${(share * 100).toFixed(1)} %`;
