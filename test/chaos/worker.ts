import { parentPort } from 'node:worker_threads';
import { makeSchedule } from './makeSchedule.ts';
import { type Outcome, runSchedule } from './runSchedule.ts';
import type { Schedule } from './schedule.ts';
import { type Failure, shrink } from './shrink.ts';

/** What a worker is asked to do. */
export type Task = { kind: 'run'; seed: number } | { kind: 'shrink'; failure: Failure; withinMs: number };
export type Answer = { kind: 'ran'; outcome: Outcome } | { kind: 'shrunk'; failure: Failure };

/** Does what it is asked, one task after the other. */
export function work(): void {
  parentPort?.on('message', (task: Task) => {
    perform(task).then(
      (answer) => parentPort?.postMessage(answer),
      (error: unknown) => {
        throw error;
      },
    );
  });
}

async function perform(task: Task): Promise<Answer> {
  if (task.kind === 'run') return { kind: 'ran', outcome: await outcomeOf(makeSchedule(task.seed)) };
  const { failure, withinMs } = task;
  return {
    kind: 'shrunk',
    failure: await shrink(failure, {
      run: (schedule) => outcomeOf(schedule),
      nowMs: () => performance.now(),
      withinMs,
    }),
  };
}

/** What the engine itself fails with is an outcome as well. */
export async function outcomeOf(schedule: Schedule, keptSteps?: number): Promise<Outcome> {
  return runSchedule(schedule, keptSteps);
}
