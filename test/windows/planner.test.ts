import { describe, expect, it } from 'vitest';
import { DAY_MS, WINDOW_MS, windowOfId } from '../../src/windows/grid.ts';
import type { LedgerEntry } from '../../src/windows/ledger.ts';
import { dueReason, laneOf, neverFinished, planWindows } from '../../src/windows/planner.ts';
import { entryOf, iso, ms, readEntry } from './memoryLedger.ts';
import { settings } from './settings.ts';

const HOUR = WINDOW_MS;
const MINUTE = 60_000;
const window = windowOfId('2026-11-10T10Z');
const end = window.toMs;

/** Why the window is due at an instant after its end, given what the ledger says. */
const due = (afterEndMs: number, entry?: LedgerEntry) => dueReason(window, entry, end + afterEndMs, settings);
const readAt = (afterEndMs: number, values: Partial<LedgerEntry> = {}) =>
  readEntry(window, iso(end + afterEndMs), values);

describe('a window that was never read', () => {
  it('is due from the moment it ends', () => {
    expect(due(-1)).toBeUndefined();
    expect(due(0)).toBe('first');
    expect(due(30 * DAY_MS)).toBe('first');
  });

  it('is not due once Graph may no longer have it', () => {
    const age = settings.sourceDays * DAY_MS - HOUR;
    expect(due(age)).toBe('first');
    expect(due(age + 1)).toBeUndefined();
  });

  it('is not planned again for an hour, while its job may still be read', () => {
    const planned = entryOf(window, { plannedAt: iso(end) });
    expect(due(HOUR - 1, planned)).toBeUndefined();
    expect(due(HOUR, planned)).toBe('first');
  });

  it('is not planned again for a day if it is old: a backfill takes its time', () => {
    const planned = entryOf(window, { plannedAt: iso(end + 20 * DAY_MS) });
    expect(due(21 * DAY_MS - 1, planned)).toBeUndefined();
    expect(due(21 * DAY_MS, planned)).toBe('first');
  });

  it('is not kept waiting by a planning that lies in the future, because a clock ran wrong', () => {
    expect(due(0, entryOf(window, { plannedAt: iso(end + 30 * MINUTE) }))).toBeUndefined();
    expect(due(0, entryOf(window, { plannedAt: iso(end + 300 * DAY_MS) }))).toBe('first');
  });
});

describe('a window that was read', () => {
  it('is due at each re-read hour that its last read did not reach', () => {
    expect(due(HOUR - 1, readAt(0))).toBeUndefined();
    expect(due(HOUR, readAt(0))).toBe('reread@1');
    expect(due(HOUR, readAt(HOUR - 1))).toBe('reread@1');
    expect(due(HOUR, readAt(HOUR))).toBeUndefined();
    expect(due(72 * HOUR - 1, readAt(48 * HOUR))).toBeUndefined();
    expect(due(72 * HOUR, readAt(48 * HOUR))).toBe('reread@72');
  });

  it('is read once for several hours that were missed', () => {
    expect(due(13 * HOUR, readAt(0))).toBe('reread@12');
    expect(due(13 * HOUR, readAt(12 * HOUR))).toBeUndefined();
  });

  it('is due on the stroke, whenever its first read was planned', () => {
    expect(due(HOUR, readAt(1, { plannedAt: iso(end + 300) }))).toBeUndefined();
    expect(due(HOUR, readAt(400, { plannedAt: iso(end + 300) }))).toBe('reread@1');
  });

  it('is swept so many dates after a read that came later than the last re-read hour', () => {
    const lastRead = Date.parse('2026-11-14T16:20:00Z');
    const swept = (now: string) => due(ms(now) - end, readAt(lastRead - end));
    expect(swept('2026-11-20T23:59:59Z')).toBeUndefined();
    expect(swept('2026-11-21T00:00:00Z')).toBe('sweep');
  });

  it('is not swept while a re-read hour is still to come', () => {
    const slow = { ...settings, rereadHours: [1, 240] };
    const entry = readAt(HOUR);
    expect(dueReason(window, entry, end + 240 * HOUR - 1, slow)).toBeUndefined();
    expect(dueReason(window, entry, end + 240 * HOUR, slow)).toBe('reread@240');
  });

  it('is never read again once Graph may no longer have it', () => {
    expect(due(87 * DAY_MS, readAt(72 * HOUR))).toBe('sweep');
    expect(due(88 * DAY_MS, readAt(72 * HOUR))).toBeUndefined();
  });
});

describe('a read that began and did not end', () => {
  const begun = (atMs: number, values: Partial<LedgerEntry> = {}) =>
    entryOf(window, { claim: 3, done: 2, claimedAt: iso(end + atMs), ...values });

  it('counts as a read while it may still end', () => {
    expect(due(2 * HOUR, begun(HOUR))).toBeUndefined();
    expect(due(3 * HOUR, begun(HOUR))).toBe('reread@3');
  });

  it('is given up after three hours', () => {
    expect(due(4 * HOUR - 1, begun(HOUR))).toBe('reread@3');
    expect(due(4 * HOUR, begun(HOUR))).toBe('unfinished');
  });

  it('is given up although the window was read before', () => {
    const entry = begun(80 * HOUR, { state: 'read', lastReadAt: iso(end + 72 * HOUR) });
    expect(due(82 * HOUR, entry)).toBeUndefined();
    expect(due(83 * HOUR, entry)).toBeUndefined(); // Old by now: it waits for a day.
    expect(due(104 * HOUR, entry)).toBe('unfinished');
  });

  it('is sent again every three hours at most', () => {
    const entry = begun(HOUR, { plannedAt: iso(end + 4 * HOUR) });
    expect(due(7 * HOUR - 1, entry)).toBeUndefined();
    expect(due(7 * HOUR, entry)).toBe('unfinished');
  });
});

describe('a window that failed', () => {
  const failed = (attempts: number, values: Partial<LedgerEntry> = {}) =>
    entryOf(window, {
      state: 'failed',
      attempts,
      claim: attempts,
      claimedAt: iso(end + HOUR),
      plannedAt: iso(end + HOUR),
      lastError: 'status 403',
      ...values,
    });

  it.each([
    { deliveries: 1, waitHours: 1 },
    { deliveries: 10, waitHours: 1 },
    { deliveries: 20, waitHours: 2 },
    { deliveries: 30, waitHours: 4 },
    { deliveries: 50, waitHours: 16 },
    { deliveries: 60, waitHours: 24 },
    { deliveries: 10_000, waitHours: 24 },
  ])('after $deliveries deliveries is tried again $waitHours h later', ({ deliveries, waitHours }) => {
    const afterMs = HOUR + waitHours * HOUR;
    expect(due(afterMs - 1, failed(deliveries))).toBeUndefined();
    expect(due(afterMs, failed(deliveries))).toBe('failed');
  });

  it('waits from its last attempt on', () => {
    expect(due(2 * HOUR, failed(1, { claimedAt: iso(end + 1.5 * HOUR) }))).toBeUndefined();
  });

  it('waits a day if its reads vanished without a word', () => {
    const entry = failed(3, { lastError: neverFinished(3) });
    expect(due(25 * HOUR - 1, entry)).toBeUndefined();
    expect(due(25 * HOUR, entry)).toBe('failed');
  });
});

describe('a window whose read lost rows', () => {
  const shrunk = readAt(72 * HOUR, {
    state: 'shrunk',
    claim: 2,
    done: 2,
    claimedAt: iso(end + 73 * HOUR),
    shrunkAt: iso(end + 73 * HOUR),
  });

  it('is read again if its confirmation is an hour late', () => {
    expect(due(75 * HOUR - 1, shrunk)).toBeUndefined();
    expect(due(75 * HOUR, shrunk)).toBe('confirm');
  });

  it('is not read again for that while a read is under way', () => {
    expect(due(75.5 * HOUR, shrunk)).toBe('confirm');
    expect(due(75.5 * HOUR, { ...shrunk, claim: 3, claimedAt: iso(end + 74 * HOUR) })).toBeUndefined();
  });
});

describe('the lane', () => {
  it('is live until some hours after the last re-read', () => {
    expect(laneOf(window, end, settings)).toBe('live');
    expect(laneOf(window, end + 78 * HOUR, settings)).toBe('live');
    expect(laneOf(window, end + 78 * HOUR + 1, settings)).toBe('backfill');
  });
});

describe('a plan', () => {
  const nowMs = ms('2026-11-24T02:00:00Z');
  const days = (...dates: string[]) => new Map(dates.map((date): [string, LedgerEntry[]] => [date, []]));
  const ids = (due: readonly { window: { id: string } }[]) => due.map(({ window: { id } }) => id);

  it('holds the ended windows of the days it looks at, newest first, by lane', () => {
    const plan = planWindows({
      nowMs,
      days: days('2026-11-24', '2026-11-19', '2026-11-23'),
      coverageFromMs: 0,
      settings,
    });
    expect(ids(plan.live).slice(0, 3)).toEqual(['2026-11-24T01Z', '2026-11-24T00Z', '2026-11-23T23Z']);
    expect(plan.live).toHaveLength(26);
    expect(ids(plan.backfill).slice(0, 1)).toEqual(['2026-11-19T23Z']);
    expect(plan.backfill).toHaveLength(24);
  });

  it('begins with coverage, but heals what a command asked for before that', () => {
    const known = entryOf('2026-11-23T04Z', { plannedAt: iso(nowMs - DAY_MS) });
    const plan = planWindows({
      nowMs,
      days: new Map([['2026-11-23', [known]]]),
      coverageFromMs: ms('2026-11-23T22:00:00Z'),
      settings,
    });
    expect(ids(plan.live)).toEqual(['2026-11-23T23Z', '2026-11-23T22Z', '2026-11-23T04Z']);
  });
});
