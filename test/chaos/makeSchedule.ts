import { makeRows } from './makeRows.ts';
import { type Random, randomOf } from './random.ts';
import type { CallFault, CallFaultKind, Command, Fault, GraphFaultKind, Schedule } from './schedule.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

/** The schedule of a seed: the same one each time. */
export function makeSchedule(seed: number): Schedule {
  const random = randomOf(seed).fork('schedule');
  const startMs = makeStart(random);
  const restMs = random.between(2, 14) * HOUR_MS;
  const backfillDays = random.pick([0, 0, 1, 1, 2]);
  const coverFromMs = Math.floor(startMs / DAY_MS) * DAY_MS - backfillDays * DAY_MS;
  const instances = Array.from({ length: random.between(1, 3) }, () => ({
    clockMs: random.chance(0.5) ? 0 : random.between(-30_000, 30_000),
    concurrency: random.between(1, 4),
  }));
  return {
    seed,
    startMs,
    restMs,
    settings: makeSettings(random, backfillDays),
    pace: {
      tickMinutes: random.pick([10, 15, 30, 60]),
      restTickMinutes: random.pick([120, 180, 240]),
      lockMs: random.pick([30_000, 60_000, 300_000]),
      pageSize: random.between(3, 9),
      transactionOperations: random.pick([3, 8, 20, 100]),
      bufferBytes: random.pick([100, 5_000, 8_000_000]),
      callMs: random.pick([5, 50, 500]),
      slow: makeSlow(random),
      jumpChance: random.pick([0, 0.005, 0.02]),
      stickyChance: random.pick([0, 0.5, 0.8, 0.95]),
      reorderChance: random.pick([0, 0.3, 1]),
      doubleChance: random.pick([0, 0.1, 0.4]),
    },
    instances,
    rows: makeRows(random, {
      startMs,
      restMs,
      coverFromMs,
      rows: random.between(8, 70),
      burst: random.chance(0.4) ? random.between(11, 40) : 0,
    }),
    commands: makeCommands(random, startMs, restMs, coverFromMs),
    faults: makeFaults(random, restMs),
    lastFaults: makeLastFaults(random),
  };
}

/** Not close to midnight, so that it is known which day is the first one; now and then at the end of a month. */
function makeStart(random: Random): number {
  const date = random.pick([
    '2026-11-23',
    '2026-12-01',
    '2026-11-30',
    '2027-03-01',
    '2026-12-31',
    '2026-11-15',
  ]);
  return (
    Date.parse(`${date}T00:00:00Z`) + random.between(2 * 60, 22 * 60) * MINUTE_MS + random.below(MINUTE_MS)
  );
}

function makeSettings(random: Random, backfillDays: number): Record<string, string> {
  const [rereads, settle] = random.pick([
    ['1,3,6', '6'],
    ['1,2,4', '3'],
    ['2,5', '1'],
    ['1,6,12', '12'],
  ] as const);
  return {
    REREAD_HOURS: rereads,
    SETTLE_HOURS: settle,
    SWEEP_DAYS: '1',
    SHRINK_CONFIRM_MINUTES: random.pick(['0', '30', '60']),
    SOURCE_DAYS: random.pick(['9', '9', '9', '14', '30']),
    INITIAL_BACKFILL_DAYS: String(backfillDays),
    BILLING_DAY: random.pick(['1', '1', '2', '15', '24', '28']),
    GRAPH_REQUESTS_PER_MINUTE: random.pick(['10', '50', '50', '1000']),
  };
}

/** A fold whose calls last so long that it is taken for dead again and again; other handlers are slow at most. */
function makeSlow(random: Random): Schedule['pace']['slow'] {
  if (random.chance(0.4)) return { job: 'aggregate', ms: random.pick([1_000, 4_000, 15_000, 60_000]) };
  return {
    job: random.pick(['fetch', 'fetchBackfill', 'tick', 'rebuild']),
    ms: random.pick([0, 1_000, 4_000]),
  };
}

function makeCommands(random: Random, startMs: number, restMs: number, coverFromMs: number): Command[] {
  const dateOf = (ms: number): string => new Date(ms).toISOString().slice(0, 10);
  const range = { from: dateOf(coverFromMs - DAY_MS), to: dateOf(startMs + 2 * DAY_MS) };
  const commands: Command[] = [];
  for (let n = random.pick([0, 0, 1, 2, 3, 5]); n > 0; n -= 1) {
    const atMs = random.below(restMs);
    const kind = random.pick([0, 0, 0, 0, 1, 2, 3, 4, 5, 6]);
    if (kind === 0) {
      const fromMs = coverFromMs - startMs + random.below(startMs - coverFromMs - 2 * HOUR_MS);
      commands.push({ atMs, kind: 'backfill', fromMs, toMs: fromMs + random.between(1, 30) * HOUR_MS });
    } else if (kind === 1) commands.push({ atMs, kind: 'rebuild', ...range });
    else if (kind === 2) {
      const daily = random.chance(0.6);
      commands.push({ atMs, kind: 'lostTotals', daily, monthly: !daily || random.chance(0.5), ...range });
    } else if (kind === 3) commands.push({ atMs, kind: 'lostFolds', damaged: random.chance(0.5) });
    else if (kind === 4) commands.push({ atMs, kind: 'lostLedger', ...range });
    else if (kind === 5) commands.push({ atMs, kind: 'lostBlob', pick: random.below(100) });
    else commands.push({ atMs, kind: 'replay' });
  }
  return commands;
}

const CALL_FAULTS: readonly CallFaultKind[] = [
  'crashBefore',
  'crashAfter',
  'crashAfter',
  'freezeBefore',
  'freezeBefore',
  'freezeBefore',
  'lostAnswer',
  'lostAnswer',
  'refused',
  'sentTwice',
  'slowEffect',
  'slowAnswer',
  'landsAgain',
];

/** Calls that change something, each with how often it comes about in a schedule. */
const PLACES: readonly (readonly [place: string, often: number])[] = [
  ['raw.put', 200],
  ['raw.commit', 60],
  ['raw.stage', 60],
  ['windows.transact', 300],
  ['dailyTotals.transact', 150],
  ['monthlyTotals.transact', 100],
  ['control.put', 400],
  ['control.delete', 20],
  ['queue.send', 300],
  ['queue.complete', 400],
  ['queue.abandon', 10],
  ['graph.page', 200],
  ['tick:control.put', 40],
  ['tick:queue.send', 40],
  ['tick:windows.transact', 40],
  ['fetch:queue.send', 60],
  ['fetch:raw.put', 60],
  ['fetch:raw.put', 20],
  ['fetchBackfill:raw.put', 60],
  ['fetchBackfill:raw.commit', 20],
  ['aggregate:queue.send', 60],
  ['aggregate:dailyTotals.transact', 60],
  ['aggregate:dailyTotals.transact', 200],
  ['aggregate:monthlyTotals.transact', 40],
  ['aggregate:windows.query', 40],
  ['aggregate:raw.list', 40],
  ['rebuild:dailyTotals.transact', 20],
  ['backfill:queue.send', 2],
  ['raw.download', 30],
  ['raw.list', 500],
  ['raw.properties', 500],
  ['dailyTotals.get', 300],
];
const ALL_CALLS = 8_000;

function makeCallFault(random: Random, kinds: readonly CallFaultKind[], ms: number): CallFault {
  const [place, often] = random.chance(0.3) ? (['*', ALL_CALLS] as const) : random.pick(PLACES);
  return { on: 'call', kind: random.pick(kinds), place, nth: random.small(often), ms };
}

/** What messages alone get over: a crash, or an answer that is lost, gives the message back. */
const LAST_FAULTS: readonly CallFaultKind[] = [
  'crashBefore',
  'crashAfter',
  'lostAnswer',
  'refused',
  'sentTwice',
  'landsAgain',
];

function makeLastFaults(random: Random): CallFault[] {
  const count = random.pick([0, 0, 1, 1, 2, 3]);
  const faults = Array.from({ length: count }, () => {
    return makeCallFault(random, LAST_FAULTS, random.between(500, 20_000));
  });
  if (random.chance(0.5)) return faults;
  // A fold that has looked at its sources, and stands still before it says that it is at work.
  const [place, nth, ms] = [
    'aggregate:dailyTotals.transact',
    random.small(12),
    random.between(20_000, 400_000),
  ];
  return [...faults, { on: 'call', kind: 'freezeBefore', place, nth, ms }];
}

const GRAPH_FAULTS: readonly GraphFaultKind[] = [
  'throttled',
  'throttled',
  'unavailable',
  'reset',
  'cutBody',
  'html',
  'elsewhere',
  'forbidden',
  'timeout',
  'emptyPage',
  'emptyLog',
  'staleCopy',
  'staleCopy',
  'staleCopy',
];

function makeFaults(random: Random, restMs: number): Fault[] {
  const faults: Fault[] = [];
  for (let n = random.pick([0, 2, 5, 10, 20]); n > 0; n -= 1) {
    const ms = random.pick([500, 5_000, MINUTE_MS, 10 * MINUTE_MS]) + random.below(30_000);
    faults.push(makeCallFault(random, CALL_FAULTS, ms));
  }
  for (let n = random.pick([0, 0, 1, 3, 6]); n > 0; n -= 1) {
    const count = random.pick([1, 1, 2, 4, 12]);
    const ms = random.pick([1_000, 2_000, 30_000, 61_000, 300_000]);
    faults.push({ on: 'graph', kind: random.pick(GRAPH_FAULTS), nth: random.below(200), count, ms });
  }
  if (random.chance(0.3)) {
    faults.push({
      on: 'graph',
      kind: 'emptyLog',
      nth: random.below(60),
      count: random.pick([1, 1, 3]),
      ms: 0,
    });
  }
  for (let n = random.pick([0, 0, 1, 4]); n > 0; n -= 1) {
    const atMs = random.below(restMs);
    faults.push({ on: 'message', kind: 'duplicated', atMs, queue: random.below(3), pick: random.below(20) });
  }
  for (let n = random.pick([0, 0, 1, 2, 4]); n > 0; n -= 1) {
    const kind = random.pick(['killed', 'terminated', 'frozen', 'frozen'] as const);
    const ms = random.pick([5_000, MINUTE_MS, 10 * MINUTE_MS, 40 * MINUTE_MS]) + random.below(30_000);
    faults.push({ on: 'process', kind, instance: random.below(3), atMs: random.below(restMs), ms });
  }
  if (random.chance(0.2)) faults.push({ on: 'timer', kind: 'doubled', atMs: random.below(restMs) });
  return faults;
}
