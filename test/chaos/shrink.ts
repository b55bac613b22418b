import type { Outcome } from './runSchedule.ts';
import type { Schedule } from './schedule.ts';

/** A schedule that fails, and how. */
export interface Failure {
  schedule: Schedule;
  outcome: Outcome;
}

export interface ShrinkDeps {
  run: (schedule: Schedule) => Promise<Outcome>;
  nowMs: () => number;
  /** It is shrunk no longer than this. */
  withinMs: number;
}

/** What is left out changes who comes when: so many orders are tried before it is taken to matter. */
const ORDERS = 3;

/** Takes away of a failing schedule whatever it fails without. */
export async function shrink(failure: Failure, { run, nowMs, withinMs }: ShrinkDeps): Promise<Failure> {
  const endMs = nowMs() + withinMs;
  let smallest = failure;
  const failsStill = async (candidate: Schedule): Promise<boolean> => {
    for (let order = 0; order < ORDERS && nowMs() < endMs; order += 1) {
      const schedule = { ...candidate, seed: candidate.seed + order };
      const outcome = await run(schedule);
      if (outcome.differences.length === 0) continue;
      smallest = { schedule, outcome };
      return true;
    }
    return false;
  };
  for (let before = Infinity; sizeOf(smallest.schedule) < before && nowMs() < endMs;) {
    before = sizeOf(smallest.schedule);
    const without = async (list: 'faults' | 'lastFaults' | 'commands' | 'rows'): Promise<void> => {
      await shrinkList<unknown>(
        () => smallest.schedule[list],
        (items) => failsStill({ ...smallest.schedule, [list]: items }),
      );
    };
    await without('faults');
    await without('lastFaults');
    await without('commands');
    await without('rows');
    await shrinkList(
      () => smallest.schedule.instances,
      async (instances) => instances.length > 0 && failsStill({ ...smallest.schedule, instances }),
    );
    await shrinkStates(() => smallest.schedule, failsStill);
    await calm(() => smallest.schedule, failsStill);
  }
  return smallest;
}

const sizeOf = ({ faults, lastFaults, commands, rows, instances }: Schedule): number =>
  faults.length +
  lastFaults.length +
  commands.length +
  instances.length +
  rows.reduce((sum, { states, lastly }) => sum + states.length + (lastly === undefined ? 0 : 1), 0);

/** Leaves out halves, quarters, ... and at last single items. */
async function shrinkList<T>(
  itemsOf: () => readonly T[],
  failsStill: (items: readonly T[]) => Promise<boolean>,
): Promise<void> {
  for (let size = Math.ceil(itemsOf().length / 2); size >= 1; size = size === 1 ? 0 : Math.ceil(size / 2)) {
    for (let at = 0; at < itemsOf().length;) {
      const items = itemsOf();
      if (!(await failsStill([...items.slice(0, at), ...items.slice(at + size)]))) at += size;
    }
  }
}

/** Rows that stay as they came first, or are what they become at last. */
async function shrinkStates(
  scheduleOf: () => Schedule,
  failsStill: (schedule: Schedule) => Promise<boolean>,
): Promise<void> {
  for (let at = 0; at < scheduleOf().rows.length; at += 1) {
    const { rows } = scheduleOf();
    const states = rows[at]?.states ?? [];
    if (rows[at]?.lastly !== undefined) {
      const lasting = rows.map((row, index) =>
        index === at ? { order: row.order, states: row.states } : row,
      );
      await failsStill({ ...scheduleOf(), rows: lasting });
    }
    for (let left = 0; states.length > 1 && left < states.length; left += 1) {
      const fewer = states.filter((_, index) => index !== left);
      const changed = rows.map((row, index) => (index === at ? { ...row, states: fewer } : row));
      if (await failsStill({ ...scheduleOf(), rows: changed })) break;
    }
  }
}

/** Everything in its usual order, all clocks right, one message at a time. */
async function calm(
  scheduleOf: () => Schedule,
  failsStill: (schedule: Schedule) => Promise<boolean>,
): Promise<void> {
  const quieter = (pace: Partial<Schedule['pace']>): Schedule => ({
    ...scheduleOf(),
    pace: { ...scheduleOf().pace, ...pace },
  });
  for (const pace of [{ jumpChance: 0 }, { reorderChance: 0 }, { stickyChance: 0.95 }, { callMs: 5 }]) {
    const [[name, value] = ['', 0]] = Object.entries(pace);
    if (Object.entries(scheduleOf().pace).some(([key, now]) => key === name && now !== value)) {
      await failsStill(quieter(pace));
    }
  }
  const right = scheduleOf().instances.map((instance) => ({ ...instance, clockMs: 0 }));
  if (scheduleOf().instances.some(({ clockMs }) => clockMs !== 0)) {
    await failsStill({ ...scheduleOf(), instances: right });
  }
}
