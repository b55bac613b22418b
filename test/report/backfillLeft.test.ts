import { describe, expect, it } from 'vitest';
import { backfillLeft } from '../../src/report/backfillLeft.ts';
import {
  dateOf,
  datesBetween,
  DAY_MS,
  type Window,
  WINDOW_MS,
  windowsOfDay,
} from '../../src/windows/grid.ts';
import type { LedgerEntry } from '../../src/windows/ledger.ts';
import { plannerSettings } from '../../src/windows/plannerSettings.ts';
import { configOf } from '../windows/settings.ts';

const NOW = Date.parse('2026-11-24T06:30:00Z');
const REAL_NOW = Date.parse('2026-12-24T00:00:00Z');
const settings = plannerSettings(configOf());
const iso = (ms: number): string => new Date(ms).toISOString();

const entry = (window: Window, over: Partial<LedgerEntry> = {}): LedgerEntry => ({
  ...{ window, etag: 'e', state: 'planned', claim: 0, done: 0, attempts: 0, rows: 0, rejected: 0, reads: 0 },
  lane: 'backfill',
  plannedAt: iso(NOW - WINDOW_MS),
  ...over,
});
const read = (window: Window, over: Partial<LedgerEntry> = {}): LedgerEntry =>
  entry(window, {
    ...{ state: 'read', claim: 1, done: 1, reads: 1, rows: 100 },
    lastReadAt: iso(NOW - WINDOW_MS / 2),
    claimedAt: iso(NOW - WINDOW_MS / 2),
    ...over,
  });

/** Days whose windows all have the same entry. */
function left(make: (window: Window) => LedgerEntry | undefined, days = 4, coverageFromMs?: number) {
  const toMs = NOW - 10 * DAY_MS;
  const dates = datesBetween(toMs - days * DAY_MS, toMs).slice(0, days);
  return backfillLeft({
    days: new Map(dates.map((date) => [date, windowsOfDay(date).flatMap((one) => make(one) ?? [])])),
    nowMs: NOW,
    realNowMs: REAL_NOW,
    coverageFromMs,
    settings,
    spacingMs: 1_251,
  });
}

describe('what the backfill lane still has to read', () => {
  it('is nothing once all that was asked for was read', () => {
    expect(left(read)).toEqual({ windows: 0, requests: 0, minutes: 0, completeAt: undefined });
  });

  it('are windows that were asked for and not answered, by the requests that they are expected to take', () => {
    // 72 windows of 100 calls known: those that are left will have as many.
    const { windows, requests, minutes, completeAt } = left(
      (one) => (one.date === dateOf(NOW - 12 * DAY_MS) ? entry(one) : read(one)),
      4,
    );
    expect(windows).toBe(24);
    expect(requests).toBe(3);
    expect(minutes).toBeCloseTo((3 * 1_251) / 60_000);
    expect(completeAt).toBe(iso(REAL_NOW + 3 * 1_251));
  });

  it('are windows that are asked for again by command, though they were read before', () => {
    expect(left((one) => read(one, { plannedAt: iso(NOW - 60_000) })).windows).toBe(96);
  });

  it('are windows that the planner will ask for, inside the coverage', () => {
    expect(left(() => undefined, 4, NOW - 30 * DAY_MS).windows).toBe(96);
    expect(left(() => undefined, 4).windows).toBe(0);
  });

  it('are not those of the live lane, nor those that failed and wait for their time', () => {
    expect(left((one) => entry(one, { lane: 'live' })).windows).toBe(0);
    expect(left((one) => entry(one, { state: 'failed', attempts: 10 })).windows).toBe(0);
  });
});
