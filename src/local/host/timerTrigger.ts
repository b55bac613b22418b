import type { Clock } from '../../runtime/clock.ts';
import type { Log } from '../../runtime/log.ts';
import type { RpcTypedData } from './coreTypes.ts';
import type { Schedule } from '../../runtime/ncrontab.ts';
import {
  isSubMinute,
  statusAfterRun,
  statusAtStart,
  type TimerStatus,
  type TimerStatusStore,
} from './timerStatus.ts';
import { toRpcTimer } from './toRpcTimer.ts';

export interface TimerTrigger {
  /** Begins the schedule. Resolves when the first run is set; missed runs begin at once. */
  start(): Promise<void>;
  /** Runs the function now, or as soon as the run at work has ended; the schedule stays as it is. */
  invokeNow(): Promise<void>;
  /** No run begins after this. */
  stop(): void;
}

export interface TimerTriggerOptions {
  name: string;
  schedule: Schedule;
  runOnStartup: boolean;
  useMonitor: boolean;
  clock: Clock;
  store: TimerStatusStore;
  invoke(input: RpcTypedData): Promise<unknown>;
  log: Log;
}

/** A long wait is cut into pieces: clocks are set, and laptops sleep. */
const LONGEST_WAIT_MS = 60_000;

/**
 * Runs a function by a schedule, one run at a time. A run that takes longer than the schedule's step is
 * followed by one more at once, not by all that were missed. A clock that stands still never fires.
 */
export function timerTrigger(options: TimerTriggerOptions): TimerTrigger {
  const { name, schedule, clock, store } = options;
  const monitored = options.useMonitor && !isSubMinute(schedule);
  let status: TimerStatus | undefined;
  let timer: NodeJS.Timeout | undefined;
  let stopped = false;
  let lock: Promise<unknown> = Promise.resolve();

  const invoke = (isPastDue: boolean): Promise<unknown> => {
    const turn = lock.then(() => options.invoke(toRpcTimer(monitored ? current() : undefined, isPastDue)));
    lock = turn.catch(() => undefined);
    return turn;
  };

  const current = (): TimerStatus => (status ??= statusAtStart(undefined, schedule, clock.nowMs()).status);

  const fire = async (run: { isPastDue: boolean; scheduled: boolean }): Promise<void> => {
    const startedMs = clock.nowMs();
    // A failure was logged where it was invoked, and the schedule goes on.
    await invoke(run.isPastDue).catch(() => undefined);
    status = statusAfterRun(current(), schedule, { startedMs, scheduled: run.scheduled });
    await save(status);
    wait();
  };

  const save = async (newStatus: TimerStatus): Promise<void> => {
    if (!monitored) return;
    try {
      await store.save(name, newStatus);
    } catch (error) {
      // The schedule goes on; at worst, a run that was missed is not made up for after the next start.
      options.log.error('timer status not saved', { function: name, error: String(error) });
    }
  };

  const wait = (): void => {
    if (stopped) return;
    const leftMs = current().nextMs - clock.nowMs();
    if (leftMs <= 0) void fire({ isPastDue: false, scheduled: true });
    else timer = setTimeout(wait, Math.min(leftMs, LONGEST_WAIT_MS));
  };

  return {
    async start() {
      const stored = monitored ? await store.load(name) : undefined;
      const begin = statusAtStart(stored, schedule, clock.nowMs());
      status = begin.status;
      await save(status);
      if (begin.isPastDue || options.runOnStartup) {
        void fire({ isPastDue: begin.isPastDue, scheduled: false });
      } else wait();
    },
    async invokeNow() {
      await invoke(false);
    },
    stop() {
      stopped = true;
      clearTimeout(timer);
    },
  };
}
