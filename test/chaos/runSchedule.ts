import { Engine } from './engine.ts';
import type { FaultCounts } from './faultPlan.ts';
import { coverFromMs, coverToMs, judgeWorld } from './judgeWorld.ts';
import { setLimits } from './limits.ts';
import type { Schedule } from './schedule.ts';

export interface Outcome {
  seed: number;
  /** What is wrong, in words; empty if all is exact. */
  differences: string[];
  faults: FaultCounts;
  calls: number;
  simulatedMs: number;
  /** Equal for runs that did the same. */
  fingerprint: string;
  /** The last steps. */
  trace: string[];
  /** How often it had to be looked at until all was exact. */
  looks: number;
  /** What was not exact at the first look. */
  atFirst: string[];
  commands: number;
}

const HOUR_MS = 3_600_000;
/** From rest to the first look, and from look to look: some of what is left undone is found once a day only. */
const REST_MS = 50 * HOUR_MS;
const MORE_MS = 26 * HOUR_MS;
const MAX_LOOKS = 3;
const MAX_CALLS = 400_000;

/**
 * Runs a schedule to its end, and has an oracle look at what is there then.
 * @param keptSteps how many of the last steps are kept in words
 */
export async function runSchedule(schedule: Schedule, keptSteps = 200): Promise<Outcome> {
  const { startMs, restMs, seed, commands } = schedule;
  setLimits(schedule.pace.transactionOperations);
  const engine = new Engine(schedule, { keptSteps, maxCalls: MAX_CALLS });
  const { world } = engine;
  world.time.at(startMs + restMs, () => {
    world.faults.isOn = false;
  });
  const found = await act(engine, startMs + restMs + REST_MS).catch((error: unknown) => ({
    differences: [error instanceof Error ? (error.stack ?? error.message) : String(error)],
    looks: 0,
    atFirst: [],
  }));
  return {
    ...found,
    seed,
    differences: [...world.broken, ...found.differences],
    faults: world.faults.counts,
    calls: engine.calls,
    simulatedMs: world.time.nowMs - startMs,
    fingerprint: world.trace.fingerprint,
    trace: world.trace.last,
    commands: commands.length,
  };
}

async function act(
  engine: Engine,
  firstLookMs: number,
): Promise<Pick<Outcome, 'differences' | 'looks' | 'atFirst'>> {
  const { world, instances } = engine;
  let atFirst: string[] = [];
  for (let [looks, endMs] = [1, firstLookMs]; ; looks += 1, endMs = world.time.nowMs + MORE_MS) {
    engine.armTicks(endMs);
    await engine.live(endMs);
    await engine.close();
    if (world.broken.length > 0) return { differences: [], looks, atFirst };
    const differences = judgeWorld(world, instances.lastTickMs);
    if (looks === 1) atFirst = differences;
    if (differences.length === 0) return { differences: await lastAct(engine), looks, atFirst };
    if (looks === MAX_LOOKS) return { differences, looks, atFirst };
  }
}

/**
 * What only the timer's look finds: that the last window has become final where its rows are as they were, and that
 * a claim was left behind of a read that another one has overtaken, though it had replaced a blob before it died.
 */
const WITHOUT_TIMER =
  /: (still (provisional|without a head), though|read \d+ has not ended \(done \d+\) and was not planned again$|the blob is of read \d+, done is \d+$)/;

/**
 * The log changes once more, and an operator has all of it read again. No timer fires: messages alone have to bring
 * it about that all is exact.
 */
async function lastAct(engine: Engine): Promise<string[]> {
  const { world, instances } = engine;
  const { schedule, time, graph, faults, trace } = world;
  const { lastTickMs } = instances;
  trace.add(time.nowMs, 'the last act');
  graph.isLastAct = true;
  faults.plan(schedule.lastFaults);
  faults.isOn = true;
  const [fromMs, toMs] = [coverFromMs(world), coverToMs(lastTickMs)];
  const range = { fromMs: fromMs - schedule.startMs, toMs: toMs - schedule.startMs };
  instances.command({ atMs: 0, kind: 'backfill', ...range });
  await engine.drain();
  return judgeWorld(world, lastTickMs)
    .filter((text) => !WITHOUT_TIMER.test(text))
    .map((text) => `by messages alone: ${text}`);
}
