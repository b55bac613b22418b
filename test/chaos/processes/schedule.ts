import { type Random, randomOf } from '../../../src/local/graph/random.ts';
import type { Traps } from '../../../src/local/graph/traps/traps.ts';
import type { Lane } from '../../../src/queues/names.ts';
import type { WireRow } from '../../support/plainGraph.ts';
import { firstLog, laterLog, type LogPlan } from './callLog.ts';

/** When a fault hits a host: a time from now on, or one of its calls to the storage. */
export type Moment = { afterMs: number } | { call: 'before' | 'after'; skip: number; writes: boolean };

export type Fault =
  /** SIGKILL. */
  | { kind: 'kill'; host: number; at: Moment }
  /** SIGKILL while a call is under way that reaches the storage only when another host has gone on. */
  | { kind: 'killLate'; host: number; skip: number; lateMs: number }
  /** SIGTERM. */
  | { kind: 'terminate'; host: number; at: Moment }
  /** SIGSTOP, longer than a lock lasts, and SIGCONT. */
  | { kind: 'freeze'; host: number; at: Moment; beyondLockMs: number }
  /** The storage has done it, and its answer never comes. */
  | { kind: 'loseAnswer'; host: number; skip: number }
  /** The storage is busy. */
  | { kind: 'refuse'; host: number; skip: number }
  /** The connection to the queues breaks when they have got so much more. */
  | { kind: 'cutBus'; host: number; afterPieces: number }
  /** Messages that wait are sent a second time, and so are some that are long done. */
  | { kind: 'duplicate'; most: number; delayMs: number }
  /** Messages that wait for their time come at once. */
  | { kind: 'hasten' }
  /** The timer fires on all hosts at once. */
  | { kind: 'tick' }
  /** A message that is none. */
  | { kind: 'badMessage' };
export type FaultKind = Fault['kind'];

export type Step =
  /** Jobs over the whole day. */
  | { do: 'read'; windowsAJob: number; lane: Lane }
  /** Graph serves the next version of the log. */
  | { do: 'publish' }
  | { do: 'fault'; fault: Fault };

/** Where a schedule's calls come from: in every version that is served one after the other. */
export type Source =
  | { from: 'rows'; versions: WireRow[][]; pageRows: number }
  | { from: 'tenant'; seed: number; callsAWeek: number; atMs: number[]; traps: Partial<Traps> };

/** All that is decided beforehand. What it meets in the processes is theirs. */
export interface Schedule {
  seed: number;
  date: string;
  source: Source;
  steps: Step[];
}

/** Away from midnight: a call that moves there may have gone to the neighbour, which is another schedule's day. */
const FIRST_HOUR = 2;
const LAST_HOUR = 22;
const HOUR_MS = 3_600_000;
const STREAM = 100;
const HOSTS = 2;

/** @param dateOf the day that is this schedule's own */
export function scheduleOf(seed: number, date: string): Schedule {
  const random = randomOf(seed, STREAM);
  const fromHour = random.between(FIRST_HOUR, LAST_HOUR - 5);
  const toHour = random.between(fromHour + 3, Math.min(fromHour + 10, LAST_HOUR));
  const changes = random.between(0, 2);
  const source = random.chance(0.7)
    ? rowsSource(
        { date, fromHour, toHour, rows: random.between(40, 400), users: random.pick([3, 40, 160]) },
        changes,
        random,
      )
    : tenantSource(date, changes, random);
  return { seed, date, source, steps: stepsOf(changes, random) };
}

function rowsSource(plan: LogPlan, changes: number, random: Random): Source {
  let log = firstLog(plan, random);
  const versions = [log];
  for (let change = 0; change < changes; change += 1) {
    log = laterLog(plan, log, random);
    versions.push(log);
  }
  return { from: 'rows', versions, pageRows: random.pick([17, 60, 1000]) };
}

/** The last instant is one at which nothing changes any more. */
function tenantSource(date: string, changes: number, random: Random): Source {
  const midnightMs = Date.parse(`${date}T00:00:00Z`);
  const later = Array.from({ length: changes }, () => midnightMs + random.between(30, 70) * HOUR_MS);
  const once = { probability: 0.5, first: 2 };
  const transport: Partial<Traps>[] = [
    { cutBody: once },
    { cutConnection: once },
    { reset: once },
    { htmlWith200: once },
    { status503: once, retryAfterSeconds: 1 },
    { status429: once, retryAfterSeconds: 1 },
    { slowBody: once, slowBodyMs: 500 },
    { nextLinkElsewhere: once },
  ];
  const data: Partial<Traps>[] = [
    { boundaryRows: true },
    { nullProperties: true, idNull: true },
    { moneyEdge: true, wrongTypes: true },
    { startNull: true, startOutside: true },
    { offsetInstants: true, unknownProperties: true },
    { repeatRowOnNextPage: true, shuffledRows: true },
  ];
  return {
    from: 'tenant',
    seed: random.below(1_000_000),
    callsAWeek: random.pick([700, 2_500]),
    atMs: [...later.sort((a, b) => a - b), midnightMs + 8 * 24 * HOUR_MS],
    traps: { ...random.pick(transport), ...random.pick(data) },
  };
}

/** A read, faults, changes that are read again, and after the last read faults once more. */
function stepsOf(changes: number, random: Random): Step[] {
  const steps: Step[] = [read(random)];
  const faults = (most: number): Step[] =>
    Array.from({ length: random.between(1, most) }, (): Step => ({ do: 'fault', fault: faultOf(random) }));
  for (let change = 0; change < changes; change += 1) {
    steps.push(...faults(2), { do: 'publish' }, ...(random.chance(0.3) ? faults(1) : []), read(random));
  }
  return [...steps, ...faults(3)];
}

const read = (random: Random): Step => ({
  do: 'read',
  windowsAJob: random.pick([3, 6, 12, 24]),
  lane: random.chance(0.25) ? 'live' : 'backfill',
});

const KINDS: readonly { kind: FaultKind; weight: number }[] = [
  { kind: 'kill', weight: 7 },
  { kind: 'killLate', weight: 2 },
  { kind: 'terminate', weight: 2 },
  { kind: 'freeze', weight: 4 },
  { kind: 'loseAnswer', weight: 3 },
  { kind: 'refuse', weight: 1 },
  { kind: 'cutBus', weight: 1 },
  { kind: 'duplicate', weight: 3 },
  { kind: 'hasten', weight: 2 },
  { kind: 'tick', weight: 1 },
  { kind: 'badMessage', weight: 1 },
];

function faultOf(random: Random): Fault {
  const host = random.below(HOSTS);
  const { kind } = random.weighted(KINDS);
  switch (kind) {
    case 'kill':
    case 'terminate':
      return { kind, host, at: momentOf(random) };
    case 'killLate':
      return { kind, host, skip: skipOf(random), lateMs: random.between(500, 3_000) };
    case 'freeze':
      return { kind, host, at: momentOf(random), beyondLockMs: random.between(200, 1_000) };
    case 'loseAnswer':
    case 'refuse':
      return { kind, host, skip: skipOf(random) };
    case 'cutBus':
      return { kind, host, afterPieces: random.below(12) };
    case 'duplicate':
      return { kind, most: random.between(1, 4), delayMs: random.pick([0, 0, 500, 2_000]) };
    case 'hasten':
    case 'tick':
    case 'badMessage':
      return { kind };
  }
}

function momentOf(random: Random): Moment {
  if (random.chance(0.35)) return { afterMs: random.below(1_200) };
  return { call: random.pick(['before', 'after']), skip: skipOf(random), writes: random.chance(0.8) };
}

const skipOf = (random: Random): number => random.below(random.pick([3, 8, 20]));
