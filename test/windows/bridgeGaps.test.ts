import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bridgeGaps } from '../../src/windows/bridgeGaps.ts';
import type { ExpectedRows } from '../../src/windows/expectedRows.ts';
import { type Window, WINDOW_MS, windowAt, windowOfId, windowsOfDay } from '../../src/windows/grid.ts';
import type { LedgerEntry } from '../../src/windows/ledger.ts';
import { entryOf, ms, readEntry } from './memoryLedger.ts';

const READ = '2026-11-26T00:00:00Z';
const expecting = (rows: number, known = 24): ExpectedRows => ({ known, of: () => rows });
const due = ['2026-11-23T02Z', '2026-11-23T05Z'].map(windowOfId);

/** All windows of two days were read, but for what `changes` says of some. */
function bridge(
  windows: readonly Window[],
  expected: ExpectedRows,
  changes: Record<string, Partial<LedgerEntry> | undefined> = {},
): string[] {
  const days = new Map(
    ['2026-11-22', '2026-11-23', '2026-11-24'].map((date) => [
      date,
      windowsOfDay(date).flatMap((window) =>
        window.id in changes && changes[window.id] === undefined
          ? []
          : [readEntry(window, READ, { rows: 10, ...changes[window.id] })],
      ),
    ]),
  );
  return bridgeGaps(windows, days, expected).map(({ id }) => id);
}

describe('windows that are due near each other', () => {
  it('are read together with those between, if one page holds all', () => {
    const all = ['02', '03', '04', '05'].map((hour) => `2026-11-23T${hour}Z`);
    expect(bridge(due, expecting(250))).toEqual(all);
    expect(bridge(due, expecting(250.1))).toEqual(due.map(({ id }) => id));
  });

  it('are read apart if they lie further apart than a day', () => {
    const far = (to: string) => ['2026-11-22T02Z', to].map(windowOfId);
    expect(bridge(far('2026-11-23T03Z'), expecting(1))).toHaveLength(26);
    expect(bridge(far('2026-11-23T04Z'), expecting(1))).toHaveLength(2);
  });

  it('are read apart while little is known', () => {
    expect(bridge(due, expecting(1, 23))).toHaveLength(2);
  });

  it.each([
    ['nobody asked for', undefined],
    ['was planned and never read', { ...entryOf('2026-11-23T03Z'), reads: 0 }],
    ['failed', { state: 'failed' as const }],
    ['was tried in vain', { attempts: 1 }],
    ['lost rows', { state: 'shrunk' as const }],
    ['is being read', { claim: 2 }],
  ])('are read apart where one between %s', (_what, change) => {
    expect(bridge(due, expecting(1), { '2026-11-23T03Z': change })).toEqual(due.map(({ id }) => id));
  });

  it('are joined as far as the page reaches', () => {
    const three = ['2026-11-23T02Z', '2026-11-23T05Z', '2026-11-23T08Z'].map(windowOfId);
    expect(bridge(three, expecting(200)).map((id) => id.slice(11, 13))).toEqual([
      '02',
      '03',
      '04',
      '05',
      '08',
    ]);
    expect(bridge(three, expecting(100))).toHaveLength(7);
  });

  it('never lead to a window that nobody read, and each due one stays', () => {
    const base = ms('2026-11-22T00:00Z');
    const input = fc.record({
      due: fc.uniqueArray(fc.integer({ min: 0, max: 99 }), { maxLength: 30 }),
      known: fc.array(fc.boolean(), { minLength: 100, maxLength: 100 }),
      rows: fc.integer({ min: 0, max: 400 }),
    });
    fc.assert(
      fc.property(input, ({ due: offsets, known, rows }) => {
        const entries = known.flatMap((isKnown, hour) =>
          isKnown ? [readEntry(windowAt(base + hour * WINDOW_MS), READ)] : [],
        );
        const windows = offsets.map((hour) => windowAt(base + hour * WINDOW_MS));
        const bridged = bridgeGaps(windows, new Map([['all', entries]]), expecting(rows));
        const ids = bridged.map(({ id }) => id);
        expect(ids).toEqual([...new Set(ids)].sort());
        for (const { id } of windows) expect(ids).toContain(id);
        const ofDue = new Set(windows.map(({ id }) => id));
        const ofKnown = new Set(entries.map(({ window }) => window.id));
        for (const id of ids) expect(ofDue.has(id) || ofKnown.has(id), id).toBe(true);
      }),
    );
  });
});
