import { expect, it } from 'vitest';
import { makeSchedule } from './makeSchedule.ts';
import type { Outcome } from './runSchedule.ts';
import type { Schedule } from './schedule.ts';
import { shrink } from './shrink.ts';

const outcomeOf = (schedule: Schedule, differences: string[]): Outcome => ({
  seed: schedule.seed,
  differences,
  faults: new Map(),
  calls: 0,
  simulatedMs: 0,
  fingerprint: '',
  trace: [],
  looks: 1,
  atFirst: [],
  commands: 0,
});

it('of a schedule that fails nothing is left but what it fails by', async () => {
  const schedule = makeSchedule(5);
  const [row] = schedule.rows;
  const [fault] = schedule.faults;
  let runs = 0;
  const run = (candidate: Schedule): Promise<Outcome> => {
    runs += 1;
    const fails =
      candidate.rows.some(({ order }) => order === row?.order) && candidate.faults.includes(fault as never);
    return Promise.resolve(outcomeOf(candidate, fails ? ['wrong'] : []));
  };
  const failure = { schedule, outcome: outcomeOf(schedule, ['wrong']) };
  const smallest = await shrink(failure, { run, nowMs: () => 0, withinMs: 1 });
  expect(smallest.outcome.differences).toEqual(['wrong']);
  expect(smallest.schedule.faults).toEqual([fault]);
  expect(smallest.schedule.rows.map(({ order }) => order)).toEqual([row?.order]);
  expect(smallest.schedule.commands).toEqual([]);
  expect(smallest.schedule.instances).toHaveLength(1);
  expect(runs).toBeLessThan(2_000);
});
