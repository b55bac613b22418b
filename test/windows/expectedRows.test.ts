import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { expectedRows, UNKNOWN_WINDOW_ROWS } from '../../src/windows/expectedRows.ts';
import { DAY_MS, windowAt, windowOfId } from '../../src/windows/grid.ts';
import type { LedgerEntry } from '../../src/windows/ledger.ts';
import { entryOf, iso, readEntry } from './memoryLedger.ts';

/** Ten o'clock on a Monday. */
const window = windowOfId('2026-11-23T10Z');
const SETTLED = '2026-11-26T11:00:00Z';
const EARLY = '2026-11-23T12:00:00Z';
const LONG_AFTER = '2027-06-01T00:00:00Z';

function daysOf(entries: readonly LedgerEntry[]): Map<string, LedgerEntry[]> {
  const days = new Map<string, LedgerEntry[]>();
  for (const entry of entries) {
    days.set(entry.window.date, [...(days.get(entry.window.date) ?? []), entry]);
  }
  return days;
}
const expected = (...entries: LedgerEntry[]): number => expectedRows(daysOf(entries), 72).of(window);
/** Read when its rows hardly moved any more. */
const known = (id: string, rows: number) => readEntry(id, LONG_AFTER, { rows });

describe('the rows to expect in a window', () => {
  it('are a fixed number when nothing is known', () => {
    expect(expected()).toBe(UNKNOWN_WINDOW_ROWS);
    expect(expected(entryOf(window))).toBe(UNKNOWN_WINDOW_ROWS);
  });

  it('are its own once a read of it is final, even if they are none', () => {
    expect(expected(readEntry(window, SETTLED, { rows: 7 }), known('2026-11-16T10Z', 500))).toBe(7);
    expect(expected(readEntry(window, SETTLED, { rows: 0 }), known('2026-11-16T10Z', 500))).toBe(0);
  });

  it('are the mean of the same hour in the two nearest weeks, before or after', () => {
    expect(expected(known('2026-11-16T10Z', 500))).toBe(500);
    expect(expected(known('2026-11-30T10Z', 500))).toBe(500);
    expect(expected(known('2026-11-16T10Z', 500), known('2026-11-09T10Z', 601))).toBe(550.5);
    expect(expected(known('2026-11-16T10Z', 500), known('2026-11-30T10Z', 100))).toBe(300);
    expect(
      expected(known('2026-11-02T10Z', 9), known('2026-12-07T10Z', 30), known('2026-11-30T10Z', 10)),
    ).toBe(20);
    expect(expected(known('2026-11-16T10Z', 0))).toBe(0);
  });

  it('are else the mean of the same hour on other working days, for a working day', () => {
    const other = [known('2026-11-20T10Z', 30), known('2026-11-24T10Z', 50)];
    expect(expected(...other, known('2026-11-22T10Z', 1), known('2026-11-24T09Z', 999))).toBe(40);
    expect(expected(...other, known('2026-11-16T10Z', 7))).toBe(7);
  });

  it('are else the mean of the same hour at weekends, for a weekend', () => {
    const sunday = windowOfId('2026-11-22T10Z');
    const days = daysOf([known('2026-11-21T10Z', 2), known('2026-11-20T10Z', 300)]);
    expect(expectedRows(days, 72).of(sunday)).toBe(2);
  });

  it('are else the mean of all windows that are known, those without calls included', () => {
    expect(expected(known('2026-11-22T10Z', 3), known('2026-11-24T11Z', 0))).toBe(1.5);
  });

  it('are not concluded from windows that were planned and never read, or read too early', () => {
    expect(expected(entryOf('2026-11-16T10Z'))).toBe(UNKNOWN_WINDOW_ROWS);
    expect(expected(readEntry('2026-11-16T10Z', '2026-11-19T10:59:59Z', { rows: 3 }))).toBe(
      UNKNOWN_WINDOW_ROWS,
    );
    expect(expected(readEntry('2026-11-16T10Z', '2026-11-19T11:00:00Z', { rows: 3 }))).toBe(3);
  });

  it('are not concluded from old windows in which nothing was found, for they may have had calls', () => {
    expect(expected(readEntry('2026-11-16T10Z', LONG_AFTER, { unverified: true }))).toBe(UNKNOWN_WINDOW_ROWS);
  });

  it('are concluded from what a lost table was given back', () => {
    const restored = entryOf('2026-11-16T10Z', { state: 'read', reads: 1, rows: 60, unverified: true });
    expect(expected(restored)).toBe(60);
    expect(expected({ ...restored, window })).toBe(60);
  });

  it('are the larger of both while rows still come late', () => {
    const weekBefore = known('2026-11-16T10Z', 500);
    expect(expected(readEntry(window, EARLY, { rows: 3 }), weekBefore)).toBe(500);
    expect(expected(readEntry(window, EARLY, { rows: 900 }), weekBefore)).toBe(900);
    expect(expected(readEntry(window, EARLY, { rows: 3 }))).toBe(3);
  });

  it('follow a week that repeats itself exactly, however much of it is known', () => {
    const first = Date.parse('2026-10-05T00:00:00Z');
    const input = fc.record({
      hourOfWeek: fc.array(fc.integer({ min: 0, max: 5_000 }), { minLength: 168, maxLength: 168 }),
      weeks: fc.uniqueArray(fc.integer({ min: 0, max: 11 }), { minLength: 1, maxLength: 4 }),
      at: fc.integer({ min: 0, max: 12 * 168 - 1 }),
    });
    fc.assert(
      fc.property(input, ({ hourOfWeek, weeks, at }) => {
        const entries = weeks.flatMap((week) =>
          hourOfWeek.map((rows, hour) =>
            readEntry(windowAt(first + (week * 168 + hour) * 3_600_000), iso(first + 200 * DAY_MS), { rows }),
          ),
        );
        const rows = expectedRows(daysOf(entries), 72);
        expect(rows.known).toBe(entries.length);
        expect(rows.of(windowAt(first + at * 3_600_000))).toBe(hourOfWeek[at % 168]);
      }),
      { numRuns: 30 },
    );
  });
});
