import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { Engine } from './engine.ts';
import { judgeWorld } from './judgeWorld.ts';
import { setLimits } from './limits.ts';
import { randomOf } from './random.ts';
import type { Fault, Schedule } from './schedule.ts';
import { type DaySample, growth, type Week, weeksOf } from './soakReport.ts';
import { soakRows } from './soakRows.ts';
import type { World } from './world.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;
const CALLS_A_DAY = 2_000;
const BACKFILL_DAYS = 30;
const SOURCE_DAYS = 33;
/** Longer than a sweep: what the log became last is read by then. */
const REST_DAYS = 9;
const FAULTS = 150;
const MAX_CALLS = 20_000_000;

export interface Soak {
  days: number;
  seconds: number;
  calls: number;
  weeks: Week[];
  /** What grew that must not. */
  growth: string[];
  /** What is not exact in the end; the first ones. */
  differences: string[];
}

/**
 * Three months of a tenant whose log is never at rest, by the settings that the app has by itself: exact in the end,
 * and no day costs more than the days before.
 */
export async function soak(days: number, seed: number, onDay: (line: string) => void): Promise<Soak> {
  const beganMs = performance.now();
  const schedule = makeSoak(days, seed);
  setLimits(schedule.pace.transactionOperations);
  const engine = new Engine(schedule, { keptSteps: 200, maxCalls: MAX_CALLS, isWatched: false });
  const { world } = engine;
  const { startMs, restMs } = schedule;
  const endMs = startMs + restMs + REST_DAYS * DAY_MS;
  world.time.at(startMs + restMs, () => {
    world.faults.isOn = false;
  });
  engine.armTicks(endMs);
  const samples: DaySample[] = [];
  let before = new Map<string, number>();
  for (let day = 0; world.time.nowMs < endMs && world.broken.length === 0; day += 1) {
    await engine.live(startMs + (day + 1) * DAY_MS);
    const counts = new Map(world.gate.counts);
    forgetVersions(world);
    const sample = sampleOf(world, day, counts, before);
    samples.push(sample);
    before = counts;
    onDay(`day ${day}: ${sample.operations} operations, ${sample.controlBlobs} control blobs`);
  }
  await engine.close();
  const differences = world.broken.length > 0 ? world.broken : judgeWorld(world, engine.instances.lastTickMs);
  const weeks = weeksOf(samples.slice(0, days));
  return {
    days: samples.length,
    seconds: (performance.now() - beganMs) / 1_000,
    calls: engine.calls,
    weeks,
    growth: growth(weeks),
    differences: differences.slice(0, 20),
  };
}

function makeSoak(days: number, seed: number): Schedule {
  const random = randomOf(seed).fork('soak');
  const startMs = Date.parse('2026-11-23T06:20:00Z');
  const restMs = days * DAY_MS;
  const coverFromMs = Math.floor(startMs / DAY_MS) * DAY_MS - BACKFILL_DAYS * DAY_MS;
  return {
    seed,
    startMs,
    restMs,
    settings: { INITIAL_BACKFILL_DAYS: String(BACKFILL_DAYS), SOURCE_DAYS: String(SOURCE_DAYS) },
    pace: {
      tickMinutes: 60,
      restTickMinutes: 60,
      lockMs: 5 * MINUTE_MS,
      pageSize: 1_000,
      transactionOperations: 100,
      bufferBytes: 8 * 1024 * 1024,
      callMs: 20,
      slow: { job: 'fetch', ms: 0 },
      jumpChance: 0,
      stickyChance: 0.5,
      reorderChance: 0.1,
      doubleChance: 0,
    },
    instances: [
      { clockMs: 2_000, concurrency: 4 },
      { clockMs: -1_500, concurrency: 4 },
    ],
    rows: soakRows(random, {
      fromMs: coverFromMs - startMs,
      toMs: restMs,
      startMs,
      callsADay: CALLS_A_DAY,
    }),
    commands: [],
    faults: Array.from({ length: FAULTS }, (_, at): Fault => {
      const kind = random.pick(['crashBefore', 'crashAfter', 'lostAnswer', 'refused', 'sentTwice'] as const);
      const nth = at * 5_000 + random.below(5_000);
      return { on: 'call', kind, place: '*', nth, ms: MINUTE_MS };
    }),
    lastFaults: [],
  };
}

/** Versions that no snapshot names any more are of no use to the oracle, and would be all that memory holds. */
function forgetVersions({ history, control, raw }: World): void {
  const named = new Set([...raw.blobs.values()].map(({ etag }) => etag));
  for (const { metadata } of control.blobs.values()) {
    const vector = JSON.parse(metadata['vector'] ?? '{}') as Record<string, string>;
    for (const etag of Object.values(vector)) named.add(etag);
  }
  for (const etag of history.keys()) if (!named.has(etag)) history.delete(etag);
}

function sampleOf(
  world: World,
  day: number,
  counts: ReadonlyMap<string, number>,
  before: ReadonlyMap<string, number>,
): DaySample {
  const { control, raw, windows, dailyTotals, monthlyTotals, budget, broker } = world;
  const kinds: Record<string, number> = {};
  let operations = 0;
  for (const [place, count] of counts) {
    const today = count - (before.get(place) ?? 0);
    const [store = ''] = place.split('.');
    kinds[store] = (kinds[store] ?? 0) + today;
    operations += today;
  }
  const queues = ['pstn-windows', 'pstn-windows-backfill', 'pstn-days'] as const;
  const messages = queues.map((queue) => broker.counts(queue));
  const dates = new Set(windows.all().map(({ partitionKey }) => partitionKey)).size;
  return {
    day,
    operations,
    kinds,
    dates,
    entities: windows.all().length + dailyTotals.all().length + monthlyTotals.all().length,
    budgetRows: budget.all().length,
    rawBlobs: raw.blobs.size,
    controlBlobs: control.blobs.size,
    deadLetters: messages.reduce((sum, { deadLettered }) => sum + deadLettered, 0),
    waiting: messages.reduce((sum, { active, scheduled }) => sum + active + scheduled, 0),
    heapMb: heapMb(),
  };
}

let collect: (() => void) | undefined;

/** What is left after everything was collected that nobody needs. */
function heapMb(): number {
  if (collect === undefined) {
    setFlagsFromString('--expose-gc');
    collect = runInNewContext('gc') as () => void;
    setFlagsFromString('--no-expose-gc');
  }
  collect();
  return process.memoryUsage().heapUsed / 1024 / 1024;
}
