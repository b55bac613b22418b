import { describe, expect, it } from 'vitest';
import { makeSchedule } from './makeSchedule.ts';
import { runSchedule } from './runSchedule.ts';
import type { Schedule } from './schedule.ts';

const SEED = 12;

/** A schedule in which nothing goes wrong. */
const calm = (seed: number): Schedule => ({
  ...makeSchedule(seed),
  faults: [],
  lastFaults: [],
  commands: [],
});

describe('a schedule', () => {
  it('is the same for the same seed', () => {
    expect(makeSchedule(SEED)).toEqual(makeSchedule(SEED));
    expect(makeSchedule(SEED)).not.toEqual(makeSchedule(SEED + 1));
  });

  it('survives JSON, so that what failed can be run again', () => {
    const schedule = makeSchedule(SEED);
    expect(JSON.parse(JSON.stringify(schedule))).toEqual(schedule);
  });

  it('goes the same way each time, call by call', async () => {
    const first = await runSchedule(makeSchedule(SEED));
    const second = await runSchedule(makeSchedule(SEED));
    expect(second.fingerprint).toBe(first.fingerprint);
    expect(second.calls).toBe(first.calls);
    expect(first.differences).toEqual([]);
  });

  it('ends exact where nothing goes wrong', async () => {
    const outcome = await runSchedule(calm(SEED));
    expect(outcome.differences).toEqual([]);
    expect(outcome.calls).toBeGreaterThan(1_000);
  });

  it('that befalls a call with a fault says so', async () => {
    const schedule: Schedule = {
      ...calm(SEED),
      faults: [{ on: 'call', kind: 'crashAfter', place: 'tick:control.put', nth: 0, ms: 1_000 }],
    };
    const outcome = await runSchedule(schedule);
    expect([...outcome.faults].filter(([key]) => key.startsWith('crashAfter'))).toEqual([
      ['crashAfter tick:control.put', 1],
    ]);
    expect(outcome.differences).toEqual([]);
  });
});
