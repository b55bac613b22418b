import type { Schedule } from '../../runtime/ncrontab.ts';

/** What is remembered of a timer; instants in milliseconds since the epoch. */
export interface TimerStatus {
  /** Undefined before the first run. */
  lastMs: number | undefined;
  nextMs: number;
  /** From when `nextMs` was reckoned. */
  updatedMs: number;
}

/** Keeps the status of timers over restarts, so that a missed occurrence is made up for. */
export interface TimerStatusStore {
  load(name: string): Promise<TimerStatus | undefined>;
  save(name: string, status: TimerStatus): Promise<void>;
}

/** Forgets everything when the process ends: nothing is ever past due. */
export function memoryTimerStatus(): TimerStatusStore {
  const statuses = new Map<string, TimerStatus>();
  return {
    load: (name) => Promise.resolve(statuses.get(name)),
    save: (name, status) => {
      statuses.set(name, status);
      return Promise.resolve();
    },
  };
}

/**
 * The status with which a timer begins, and whether it has missed an occurrence meanwhile. A stored `next`
 * that does not fit the schedule means that the schedule was changed: then nothing counts as missed.
 */
export function statusAtStart(
  stored: TimerStatus | undefined,
  schedule: Schedule,
  nowMs: number,
): { status: TimerStatus; isPastDue: boolean } {
  const fresh = { lastMs: undefined, nextMs: schedule.next(nowMs), updatedMs: nowMs };
  if (stored === undefined) return { status: fresh, isPastDue: false };
  const sinceMs = stored.lastMs ?? stored.updatedMs;
  const expectedMs = schedule.next(sinceMs);
  if (stored.nextMs === expectedMs) return { status: stored, isPastDue: nowMs > stored.nextMs };
  if (nowMs > expectedMs) return { status: fresh, isPastDue: false };
  return { status: { lastMs: undefined, nextMs: expectedMs, updatedMs: sinceMs }, isPastDue: false };
}

/**
 * The status after a run that began at `startedMs`. A timer that fires a little early counts as having run
 * at its time, or the same occurrence would come twice.
 */
export function statusAfterRun(
  before: TimerStatus,
  schedule: Schedule,
  run: { startedMs: number; scheduled: boolean },
): TimerStatus {
  const atMs = run.scheduled ? Math.max(run.startedMs, before.nextMs) : run.startedMs;
  return { lastMs: atMs, nextMs: schedule.next(atMs), updatedMs: atMs };
}

/** True for schedules that come more often than once a minute: the cloud keeps no status for them. */
export function isSubMinute(schedule: Schedule): boolean {
  const first = schedule.next(0);
  return schedule.next(first) - first < 60_000;
}
