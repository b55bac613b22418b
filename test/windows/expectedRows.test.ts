import { describe, expect, it } from 'vitest';
import { expectedRows, UNKNOWN_WINDOW_ROWS } from '../../src/windows/expectedRows.ts';
import { windowOfId } from '../../src/windows/grid.ts';
import type { LedgerEntry } from '../../src/windows/ledger.ts';
import { entryOf, readEntry } from './memoryLedger.ts';

const window = windowOfId('2026-11-23T10Z');
const SETTLED = '2026-11-26T11:00:00Z';
const EARLY = '2026-11-23T12:00:00Z';

function expected(...entries: LedgerEntry[]): number {
  const days = new Map<string, LedgerEntry[]>();
  for (const entry of entries) {
    days.set(entry.window.date, [...(days.get(entry.window.date) ?? []), entry]);
  }
  return expectedRows(days, 72)(window);
}
const weekBefore = (rows: number) => readEntry('2026-11-16T10Z', '2026-11-20T00:00:00Z', { rows });
const twoWeeksBefore = (rows: number) => readEntry('2026-11-09T10Z', '2026-11-13T00:00:00Z', { rows });

describe('the rows to expect in a window', () => {
  it('are a fixed number when nothing is known', () => {
    expect(expected()).toBe(UNKNOWN_WINDOW_ROWS);
    expect(expected(entryOf(window))).toBe(UNKNOWN_WINDOW_ROWS);
  });

  it('are its own once a read of it is final, even if they are none', () => {
    expect(expected(readEntry(window, SETTLED, { rows: 7 }), weekBefore(500))).toBe(7);
    expect(expected(readEntry(window, SETTLED, { rows: 0 }), weekBefore(500))).toBe(0);
  });

  it('are the mean of the same hour in earlier weeks while it was not read', () => {
    expect(expected(weekBefore(500))).toBe(500);
    expect(expected(weekBefore(500), twoWeeksBefore(601))).toBe(551);
    expect(expected(weekBefore(0))).toBe(0);
  });

  it('are not concluded from weeks that were planned and never read, nor from other hours', () => {
    expect(expected(entryOf('2026-11-16T10Z'))).toBe(UNKNOWN_WINDOW_ROWS);
    expect(expected(readEntry('2026-11-16T11Z', SETTLED, { rows: 3 }))).toBe(UNKNOWN_WINDOW_ROWS);
    expect(expected(readEntry('2026-11-22T10Z', SETTLED, { rows: 3 }))).toBe(UNKNOWN_WINDOW_ROWS);
  });

  it('are the larger of both while rows still come late', () => {
    expect(expected(readEntry(window, EARLY, { rows: 3 }), weekBefore(500))).toBe(500);
    expect(expected(readEntry(window, EARLY, { rows: 900 }), weekBefore(500))).toBe(900);
    expect(expected(readEntry(window, EARLY, { rows: 3 }))).toBe(3);
  });
});
