import { isMainThread } from 'node:worker_threads';
import { makeSchedule } from './makeSchedule.ts';
import { type Options, readOptions } from './options.ts';
import { createPool, type Pool } from './pool.ts';
import { describeFailure, describeSummary, Tally } from './report.ts';
import type { Schedule } from './schedule.ts';
import type { Failure } from './shrink.ts';
import { soak } from './soak.ts';
import { describeWeeks } from './soakReport.ts';
import { outcomeOf, work } from './worker.ts';

/** So many failures are shrunk, each for so long. */
const SHRUNK = 3;
const SHRINK_MS = 90_000;
const STEPS_OF_A_REPLAY = 100_000;
const PROGRESS_MS = 10_000;

const print = (lines: readonly string[]): void => {
  process.stdout.write(`${lines.join('\n')}\n`);
};

/** @returns the exit code */
export async function run(args: readonly string[]): Promise<number> {
  const options = readOptions(args);
  if (options.soak) return runSoak(options);
  if (options.schedule !== undefined || (options.isReplay && !options.failFast)) return replay(options);
  const pool = createPool(new URL(import.meta.url), Math.min(options.workers, options.schedules));
  try {
    return await runAll(options, pool);
  } finally {
    await pool.close();
  }
}

/** Three months of one tenant. */
async function runSoak({ seed, json, days }: Options): Promise<number> {
  const progress = (line: string): void => {
    process.stderr.write(`${line}\n`);
  };
  const result = await soak(days, seed, progress);
  const { weeks, growth, differences, seconds, calls } = result;
  print(
    json
      ? [JSON.stringify(result)]
      : [
          ...describeWeeks(weeks),
          `${result.days} simulated days and ${calls} calls in ${seconds.toFixed(0)} s`,
          ...growth.map((text) => `GREW: ${text}`),
          ...(differences.length === 0 ? ['the end is exact'] : differences.map((text) => `WRONG: ${text}`)),
        ],
  );
  return growth.length + differences.length === 0 ? 0 : 1;
}

/** One schedule, with every step that is still known. */
async function replay({ schedule: text, seed }: Options): Promise<number> {
  const schedule = text === undefined ? makeSchedule(seed) : (JSON.parse(text) as Schedule);
  const outcome = await outcomeOf(schedule, STEPS_OF_A_REPLAY);
  const again = await outcomeOf(schedule);
  const isSame = outcome.fingerprint === again.fingerprint;
  print([
    JSON.stringify(schedule),
    ...outcome.trace,
    `fingerprint ${outcome.fingerprint}${isSame ? '' : `, and ${again.fingerprint} the second time`}`,
    ...(outcome.looks > 1
      ? [`exact only at look ${outcome.looks}; at first:`, ...outcome.atFirst.slice(0, 12)]
      : []),
    ...(outcome.differences.length === 0 ? ['exact'] : outcome.differences),
  ]);
  return outcome.differences.length === 0 && isSame ? 0 : 1;
}

async function runAll(
  { seed: first, schedules, workers, failFast, json }: Options,
  pool: Pool,
): Promise<number> {
  const beganMs = performance.now();
  const seconds = (): number => (performance.now() - beganMs) / 1_000;
  const tally = new Tally();
  const failures: Failure[] = [];
  let next = first;
  let shownMs = beganMs;
  const isOver = (): boolean => failFast && failures.length > 0;

  const runOne = async (): Promise<void> => {
    while (next < first + schedules && !isOver()) {
      const seed = next;
      next += 1;
      const answer = await pool.run({ kind: 'run', seed }).catch((error: unknown) => {
        throw new Error(`seed ${seed} ended its worker`, { cause: error });
      });
      if (answer.kind !== 'ran' || isOver()) continue;
      tally.add(answer.outcome);
      if (answer.outcome.differences.length > 0) {
        failures.push({ schedule: makeSchedule(seed), outcome: answer.outcome });
      }
      if (!json && performance.now() - shownMs > PROGRESS_MS) {
        shownMs = performance.now();
        print([`${tally.schedules} of ${schedules}, ${tally.failures} failed, ${seconds().toFixed(0)} s`]);
      }
    }
  };
  await Promise.all(Array.from({ length: workers }, runOne));
  const summary = tally.summary(first, seconds());
  if (failFast) {
    const [failure] = failures;
    const seed = failure?.outcome.seed;
    const found = { caught: failure !== undefined, seed, schedules: tally.schedules, seconds: seconds() };
    const why = failure?.outcome.differences[0];
    print([
      json
        ? JSON.stringify({ ...found, why })
        : failure === undefined
          ? `nothing failed in ${tally.schedules} schedules`
          : `seed ${seed ?? 0} failed, after ${tally.schedules} schedules: ${why ?? ''}`,
    ]);
    return failure === undefined ? 0 : 1;
  }
  const shown = failures.sort((a, b) => a.outcome.seed - b.outcome.seed).slice(0, SHRUNK);
  const shrunk = await Promise.all(
    shown.map(async (failure): Promise<string[]> => {
      const answer = await pool.run({ kind: 'shrink', failure, withinMs: SHRINK_MS });
      return answer.kind === 'shrunk' ? describeFailure(answer.failure, failure.outcome.seed) : [];
    }),
  );
  print(
    json
      ? [JSON.stringify({ ...summary, failures: shown.map(({ outcome }) => outcome.differences) })]
      : describeSummary(summary),
  );
  if (!json) print(shrunk.flat());
  return failures.length === 0 ? 0 : 1;
}

if (!isMainThread && process.argv.includes('--worker')) work();
