import { describe, expect, test } from 'vitest';
import { parseNcrontab } from '../../../src/runtime/ncrontab.ts';
import { isSubMinute, statusAfterRun, statusAtStart } from '../../../src/local/host/timerStatus.ts';

const quarter = parseNcrontab('0 */15 * * * *');
const at = (time: string) => Date.parse(`2026-11-23T${time}Z`);

describe('statusAtStart', () => {
  test('without a memory, the next occurrence is due and nothing was missed', () => {
    expect(statusAtStart(undefined, quarter, at('10:07:00'))).toEqual({
      status: { lastMs: undefined, nextMs: at('10:15:00'), updatedMs: at('10:07:00') },
      isPastDue: false,
    });
  });

  test('an occurrence that passed meanwhile is past due', () => {
    const stored = { lastMs: at('10:00:00'), nextMs: at('10:15:00'), updatedMs: at('10:00:00') };
    expect(statusAtStart(stored, quarter, at('10:20:00'))).toEqual({ status: stored, isPastDue: true });
    expect(statusAtStart(stored, quarter, at('10:14:00'))).toEqual({ status: stored, isPastDue: false });
  });

  test('a timer that never ran is past due from the time it was first seen', () => {
    const stored = { lastMs: undefined, nextMs: at('10:15:00'), updatedMs: at('10:07:00') };
    expect(statusAtStart(stored, quarter, at('10:20:00')).isPastDue).toBe(true);
  });

  test('a changed schedule begins anew and misses nothing', () => {
    const stored = { lastMs: at('10:00:00'), nextMs: at('11:00:00'), updatedMs: at('10:00:00') };
    expect(statusAtStart(stored, quarter, at('10:20:00'))).toEqual({
      status: { lastMs: undefined, nextMs: at('10:30:00'), updatedMs: at('10:20:00') },
      isPastDue: false,
    });
    expect(statusAtStart(stored, quarter, at('10:02:00'))).toEqual({
      status: { lastMs: undefined, nextMs: at('10:15:00'), updatedMs: at('10:00:00') },
      isPastDue: false,
    });
  });
});

describe('statusAfterRun', () => {
  const before = { lastMs: at('10:00:00'), nextMs: at('10:15:00'), updatedMs: at('10:00:00') };

  test('a run that began a little early counts as the one that was due', () => {
    const startedMs = at('10:14:59.990');
    expect(statusAfterRun(before, quarter, { startedMs, scheduled: true })).toEqual({
      lastMs: at('10:15:00'),
      nextMs: at('10:30:00'),
      updatedMs: at('10:15:00'),
    });
  });

  test('a run outside the schedule leaves the next occurrence', () => {
    const startedMs = at('10:07:00');
    expect(statusAfterRun(before, quarter, { startedMs, scheduled: false }).nextMs).toBe(at('10:15:00'));
  });

  test('occurrences that passed while it waited are not made up for one by one', () => {
    const startedMs = at('11:02:00');
    expect(statusAfterRun(before, quarter, { startedMs, scheduled: true }).nextMs).toBe(at('11:15:00'));
  });
});

test('schedules that come more often than once a minute are told apart', () => {
  expect(isSubMinute(parseNcrontab('*/30 * * * * *'))).toBe(true);
  expect(isSubMinute(parseNcrontab('0 * * * * *'))).toBe(false);
});
