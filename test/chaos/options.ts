import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';

export interface Options {
  /** Seeds `[seed, seed + schedules)`. */
  seed: number;
  schedules: number;
  workers: number;
  failFast: boolean;
  json: boolean;
  soak: boolean;
  /** Simulated days of the soak, before its log rests. */
  days: number;
  /** A schedule in JSON to be run instead. */
  schedule: string | undefined;
  /** One seed is shown in full. */
  isReplay: boolean;
}

const SCHEDULES = 1_000;
const MAX_WORKERS = 4;
const SOAK_DAYS = 90;

/** @throws TypeError naming the option that is unknown or wrong */
export function readOptions(args: readonly string[]): Options {
  const { values } = parseArgs({
    args: [...args],
    options: {
      schedules: { type: 'string' },
      seed: { type: 'string' },
      workers: { type: 'string' },
      schedule: { type: 'string' },
      'fail-fast': { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
      soak: { type: 'boolean', default: false },
      days: { type: 'string' },
    },
  });
  const number = (name: 'schedules' | 'seed' | 'workers' | 'days', otherwise: number): number => {
    const text = values[name];
    if (text === undefined) return otherwise;
    if (!/^\d{1,9}$/.test(text)) throw new TypeError(`--${name} ${text} is no whole number`);
    return Number(text);
  };
  const isReplay = values.seed !== undefined && values.schedules === undefined;
  return {
    seed: number('seed', 1),
    schedules: isReplay ? 1 : number('schedules', SCHEDULES),
    workers: Math.max(1, number('workers', Math.min(MAX_WORKERS, availableParallelism()))),
    failFast: values['fail-fast'],
    json: values.json,
    soak: values.soak,
    days: number('days', SOAK_DAYS),
    schedule: values.schedule,
    isReplay,
  };
}
