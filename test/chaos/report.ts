import type { FaultCounts } from './faultPlan.ts';
import type { Outcome } from './runSchedule.ts';
import type { Failure } from './shrink.ts';

const DAY_MS = 86_400_000;
const SHOWN_DIFFERENCES = 12;
const SHOWN_STEPS = 80;

/** What all schedules together came to. */
export interface Summary {
  schedules: number;
  failed: number[];
  seeds: { first: number; last: number };
  seconds: number;
  simulatedDays: number;
  calls: number;
  commands: number;
  /** Schedules that had to be looked at more than once. */
  slow: number[];
  faults: { kinds: Record<string, number>; places: Record<string, number> };
}

export class Tally {
  readonly #faults: FaultCounts = new Map();
  readonly #failed: number[] = [];
  readonly #slow: number[] = [];
  #schedules = 0;
  #simulatedMs = 0;
  #calls = 0;
  #commands = 0;

  add(outcome: Outcome): void {
    this.#schedules += 1;
    this.#simulatedMs += outcome.simulatedMs;
    this.#calls += outcome.calls;
    this.#commands += outcome.commands;
    if (outcome.differences.length > 0) this.#failed.push(outcome.seed);
    else if (outcome.looks > 1) this.#slow.push(outcome.seed);
    for (const [key, count] of outcome.faults) this.#faults.set(key, (this.#faults.get(key) ?? 0) + count);
  }

  get schedules(): number {
    return this.#schedules;
  }

  get failures(): number {
    return this.#failed.length;
  }

  summary(firstSeed: number, seconds: number): Summary {
    const kinds = new Map<string, number>();
    const places = new Map<string, number>();
    for (const [key, count] of this.#faults) {
      const [kind = '', place = ''] = key.split(' ');
      kinds.set(kind, (kinds.get(kind) ?? 0) + count);
      places.set(place, (places.get(place) ?? 0) + count);
    }
    return {
      schedules: this.#schedules,
      failed: this.#failed.sort(ascending),
      seeds: { first: firstSeed, last: firstSeed + this.#schedules - 1 },
      seconds: Math.round(seconds * 10) / 10,
      simulatedDays: Math.round(this.#simulatedMs / DAY_MS),
      calls: this.#calls,
      commands: this.#commands,
      slow: this.#slow.sort(ascending),
      faults: { kinds: byCount(kinds), places: byCount(places) },
    };
  }
}

const ascending = (a: number, b: number): number => a - b;

const byCount = (counts: ReadonlyMap<string, number>): Record<string, number> =>
  Object.fromEntries([...counts].sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1)));

export function describeSummary(summary: Summary): string[] {
  const { schedules, failed, seeds, seconds, simulatedDays, calls, commands, slow, faults } = summary;
  const total = Object.values(faults.kinds).reduce((sum, count) => sum + count, 0);
  return [
    `${schedules} schedules, seeds ${seeds.first} to ${seeds.last}, in ${seconds} s ` +
      `(${(schedules / Math.max(seconds, 0.1)).toFixed(1)} a second)`,
    `${simulatedDays} simulated days, ${calls} calls of storage, queues and Graph, ${commands} commands`,
    `${total} faults`,
    ...table('  by kind', faults.kinds),
    ...table('  by place', faults.places),
    ...(slow.length > 0 ? [`at rest only after another day: ${slow.join(', ')}`] : []),
    failed.length === 0 ? 'every schedule ended exact' : `FAILED: ${failed.join(', ')}`,
  ];
}

/** As many on a line as fit. */
function table(title: string, counts: Readonly<Record<string, number>>): string[] {
  const lines: string[] = [];
  let line = `${title}:`;
  for (const [name, count] of Object.entries(counts)) {
    const item = ` ${name} ${count},`;
    if (line.length + item.length > 110) {
      lines.push(line);
      line = '   ';
    }
    line += item;
  }
  return [...lines, line.replace(/,$/, '')];
}

/** What a person needs to understand one failure. */
export function describeFailure({ schedule, outcome }: Failure, seed: number): string[] {
  const { differences, trace } = outcome;
  return [
    '',
    `FAILED: seed ${seed} (again: node test/chaos/run.mjs --seed ${seed})`,
    ...differences.slice(0, SHOWN_DIFFERENCES).map((text) => `  ${text}`),
    ...(differences.length > SHOWN_DIFFERENCES
      ? [`  and ${differences.length - SHOWN_DIFFERENCES} more`]
      : []),
    `what is left of the schedule (again: node test/chaos/run.mjs --schedule '<this>'):`,
    JSON.stringify(schedule),
    'the last steps:',
    ...trace.slice(-SHOWN_STEPS).map((step) => `  ${step}`),
  ];
}
