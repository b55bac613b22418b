import { randomOf } from '../../../src/local/graph/random.ts';
import { firstLog } from './callLog.ts';
import type { Fault, Schedule, Step } from './schedule.ts';

const STREAM = 101;
const ROWS = 30_000;
const USERS = 250;
const KILLS = 6;

/** A busy day of a larger tenant, under which each host is killed three times, with messages sent twice in between. */
export function largeSchedule(seed: number, date: string): Schedule {
  const random = randomOf(seed, STREAM);
  const faults = Array.from({ length: KILLS }, (_, kill): Fault[] => [
    {
      kind: 'kill',
      host: kill % 2,
      at: { call: random.pick(['before', 'after']), skip: random.below(15), writes: true },
    },
    { kind: 'duplicate', most: random.between(2, 5), delayMs: random.pick([0, 500]) },
  ]).flat();
  return {
    seed,
    date,
    source: {
      from: 'rows',
      versions: [firstLog({ date, fromHour: 2, toHour: 22, rows: ROWS, users: USERS }, random)],
      pageRows: 1000,
    },
    steps: [
      { do: 'read', windowsAJob: 2, lane: 'backfill' },
      ...faults.map((fault): Step => ({ do: 'fault', fault })),
    ],
  };
}
