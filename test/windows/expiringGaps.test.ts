import { describe, expect, it } from 'vitest';
import { expiringGaps } from '../../src/windows/expiringGaps.ts';
import { datesBetween, toInstant, windowsBetween } from '../../src/windows/grid.ts';
import type { LedgerEntry } from '../../src/windows/ledger.ts';
import { entryOf, ms, readEntry } from './memoryLedger.ts';

const nowMs = ms('2026-11-24T06:30:00Z');
const readAt = '2026-11-01T00:00:00Z';

/** Gaps with these entries, 10 days back: calls from 14 November 06:30 on can be asked for. */
function gaps(entries: readonly LedgerEntry[], coverageFrom = '2026-11-01T00:00:00Z') {
  const dates = datesBetween(ms('2026-11-10T00:00Z'), nowMs);
  const days = new Map(
    dates.map((date) => [date, entries.filter(({ window }) => window.date === date)] as const),
  );
  const found = expiringGaps(days, { nowMs, coverageFromMs: ms(coverageFrom), sourceDays: 10 });
  return found.map(({ fromMs, toMs }) => `${toInstant(fromMs)} ${toInstant(toMs)}`);
}

const readWindows = (from: string, to: string) =>
  windowsBetween(ms(from), ms(to)).map((window) => readEntry(window, readAt));

describe('windows that soon cannot be read any more', () => {
  it('are those within two days of that, which were never read', () => {
    expect(gaps([])).toEqual(['2026-11-14T07:00:00Z 2026-11-16T07:00:00Z']);
    expect(gaps(readWindows('2026-11-14T00:00:00Z', '2026-11-17T00:00:00Z'))).toEqual([]);
    expect(gaps(readWindows('2026-11-14T10:00:00Z', '2026-11-16T05:00:00Z'))).toEqual([
      '2026-11-14T07:00:00Z 2026-11-14T10:00:00Z',
      '2026-11-16T05:00:00Z 2026-11-16T07:00:00Z',
    ]);
  });

  it('are not those before the start of coverage, unless a command asked for them', () => {
    expect(gaps([entryOf('2026-11-15T10Z')], '2026-11-20T00:00:00Z')).toEqual([
      '2026-11-15T10:00:00Z 2026-11-15T11:00:00Z',
    ]);
  });

  it('are also those that failed, or whose read never ended', () => {
    const read = readWindows('2026-11-14T00:00:00Z', '2026-11-16T06:00:00Z');
    expect(gaps([...read, entryOf('2026-11-16T06Z', { state: 'failed', claim: 3 })])).toEqual([
      '2026-11-16T06:00:00Z 2026-11-16T07:00:00Z',
    ]);
  });
});
