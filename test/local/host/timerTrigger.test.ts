import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { parseNcrontab } from '../../../src/runtime/ncrontab.ts';
import { memoryTimerStatus } from '../../../src/local/host/timerStatus.ts';
import { timerTrigger, type TimerTriggerOptions } from '../../../src/local/host/timerTrigger.ts';
import { frozenClock, shiftedClock, systemClock } from '../../../src/runtime/clock.ts';
import { silentLog } from '../../../src/runtime/log.ts';

interface TimerValue {
  ScheduleStatus: { Last: string; Next: string; LastUpdated: string } | null;
  IsPastDue: boolean;
}

beforeEach(() => {
  vi.useFakeTimers({ now: Date.parse('2026-11-23T10:07:00Z') });
});
afterEach(() => {
  vi.useRealTimers();
});

function start(options: Partial<TimerTriggerOptions> & { text?: string }) {
  const runs: { at: string; timer: TimerValue }[] = [];
  const trigger = timerTrigger({
    name: 'tick',
    schedule: parseNcrontab(options.text ?? '0 */15 * * * *'),
    runOnStartup: false,
    useMonitor: true,
    clock: systemClock,
    store: memoryTimerStatus(),
    log: silentLog,
    invoke: (input) => {
      runs.push({
        at: new Date().toISOString().slice(11, 19),
        timer: JSON.parse(input.json ?? '') as TimerValue,
      });
      return Promise.resolve();
    },
    ...options,
  });
  return { trigger, runs, times: () => runs.map((run) => run.at) };
}
const minutes = (count: number) => vi.advanceTimersByTimeAsync(count * 60_000);

describe('timerTrigger', () => {
  test('fires at each occurrence with the status that the cloud gives', async () => {
    const { trigger, runs, times } = start({});
    await trigger.start();
    await minutes(30);
    expect(times()).toEqual(['10:15:00', '10:30:00']);
    expect(runs.map((run) => run.timer)).toEqual([
      {
        Schedule: { AdjustForDST: true },
        ScheduleStatus: {
          Last: '0001-01-01T00:00:00+00:00',
          Next: '2026-11-23T10:15:00+00:00',
          LastUpdated: '2026-11-23T10:07:00+00:00',
        },
        IsPastDue: false,
      },
      {
        Schedule: { AdjustForDST: true },
        ScheduleStatus: {
          Last: '2026-11-23T10:15:00+00:00',
          Next: '2026-11-23T10:30:00+00:00',
          LastUpdated: '2026-11-23T10:15:00+00:00',
        },
        IsPastDue: false,
      },
    ]);
    trigger.stop();
    await minutes(60);
    expect(runs).toHaveLength(2);
  });

  test('goes by the clock that it is given', async () => {
    const { trigger, times } = start({ clock: shiftedClock(7 * 60_000) });
    await trigger.start();
    await minutes(2);
    expect(times()).toEqual(['10:08:00']);
    trigger.stop();
  });

  test('never fires while the clock stands still', async () => {
    const { trigger, runs } = start({ clock: frozenClock(Date.parse('2026-11-23T10:14:59Z')) });
    await trigger.start();
    await minutes(120);
    expect(runs).toEqual([]);
    trigger.stop();
  });

  test('never overlaps: a long run is followed by one more at once, then by the schedule', async () => {
    const starts: string[] = [];
    let running = 0;
    const { trigger } = start({
      invoke: async () => {
        expect(++running).toBe(1);
        starts.push(new Date().toISOString().slice(11, 19));
        if (starts.length === 1) await new Promise((resolve) => setTimeout(resolve, 50 * 60_000));
        running--;
      },
    });
    await trigger.start();
    await minutes(75);
    expect(starts).toEqual(['10:15:00', '11:05:00', '11:15:00']);
    trigger.stop();
  });

  test('an invocation by hand waits for the run at work and leaves the schedule', async () => {
    const order: string[] = [];
    let release: () => void = () => undefined;
    const { trigger } = start({
      invoke: async () => {
        order.push('begin');
        if (order.length === 1) await new Promise<void>((resolve) => (release = resolve));
        order.push('end');
      },
    });
    await trigger.start();
    await minutes(8);
    const byHand = trigger.invokeNow();
    await minutes(1);
    expect(order).toEqual(['begin']);
    release();
    await byHand;
    expect(order).toEqual(['begin', 'end', 'begin', 'end']);
    await minutes(14);
    expect(order).toHaveLength(6);
    trigger.stop();
  });

  test('an invocation by hand rejects with what the function throws; the schedule survives it', async () => {
    let calls = 0;
    const { trigger } = start({
      invoke: () => {
        calls++;
        return Promise.reject(new Error('no storage'));
      },
    });
    await expect(trigger.invokeNow()).rejects.toThrow('no storage');
    await trigger.start();
    await minutes(30);
    expect(calls).toBe(3);
    trigger.stop();
  });

  test('makes up for a missed occurrence once, and says that it is past due', async () => {
    const store = memoryTimerStatus();
    const before = start({ store });
    await before.trigger.start();
    await minutes(9);
    before.trigger.stop();
    await minutes(50);

    const after = start({ store });
    await after.trigger.start();
    await minutes(10);
    expect(after.runs.map((run) => [run.at, run.timer.IsPastDue, run.timer.ScheduleStatus?.Next])).toEqual([
      ['11:06:00', true, '2026-11-23T10:30:00+00:00'],
      ['11:15:00', false, '2026-11-23T11:15:00+00:00'],
    ]);
    after.trigger.stop();
  });

  test('runs at startup only when asked to', async () => {
    const { trigger, times } = start({ runOnStartup: true });
    await trigger.start();
    await minutes(10);
    expect(times()).toEqual(['10:07:00', '10:15:00']);
    trigger.stop();
  });

  test.each([
    ['of less than a minute', { text: '*/30 * * * * *' }],
    ['without monitor', { useMonitor: false }],
  ])('keeps no status for schedules %s', async (_, options) => {
    const { trigger, runs } = start(options);
    await trigger.start();
    await minutes(10);
    expect(runs[0]?.timer.ScheduleStatus).toBe(null);
    trigger.stop();
  });

  test('goes on when the status cannot be kept, and says so', async () => {
    const events: string[] = [];
    const { trigger, runs } = start({
      store: { load: () => Promise.resolve(undefined), save: () => Promise.reject(new Error('disk full')) },
      log: { ...silentLog, error: (event) => events.push(event) },
    });
    await trigger.start();
    await minutes(30);
    expect(runs).toHaveLength(2);
    expect(events).toEqual(['timer status not saved', 'timer status not saved', 'timer status not saved']);
    trigger.stop();
  });
});
