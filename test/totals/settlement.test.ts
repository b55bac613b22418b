import { describe, expect, it } from 'vitest';
import { settlementOf } from '../../src/totals/settlement.ts';
import { WINDOW_MS, windowsOfDay } from '../../src/windows/grid.ts';
import type { LedgerEntry } from '../../src/windows/ledger.ts';

const DATE = '2026-11-23';
const SETTLE_HOURS = 72;

/** Each window was read exactly as long after its own end as settles it, moved by so many milliseconds. */
const read = (change: (hour: number) => Partial<LedgerEntry> | undefined = () => ({}), moveMs = 0) =>
  windowsOfDay(DATE).flatMap((window): LedgerEntry[] => {
    const changed = change(window.hour);
    const lastReadAt = new Date(window.toMs + SETTLE_HOURS * WINDOW_MS + moveMs).toISOString();
    return changed === undefined
      ? []
      : [
          {
            ...{ window, etag: '', claim: 2, done: 2, attempts: 0, rows: 0, rejected: 0, reads: 2 },
            ...{ state: 'read', lastReadAt, ...changed },
          },
        ];
  });
const state = (entries: LedgerEntry[]) => settlementOf(entries, DATE, SETTLE_HOURS);

describe('a day', () => {
  it('is settled when each hour was read late enough after its own end, to the millisecond', () => {
    expect(state(read())).toBe('settled');
    expect(state(read(() => ({}), -1))).toBe('provisional');
    expect(state(read((hour) => (hour === 7 ? { lastReadAt: '2026-11-26T07:59:59.999Z' } : {})))).toBe(
      'provisional',
    );
  });

  it.each([0, 11, 23])('is not while hour %i is unknown, or was never read', (missing) => {
    expect(state(read((hour) => (hour === missing ? undefined : {})))).toBe('provisional');
    const planned = read().map((entry): LedgerEntry => {
      const { lastReadAt, ...rest } = entry;
      if (entry.window.hour !== missing || lastReadAt === undefined) return entry;
      return { ...rest, state: 'planned', claim: 1, done: 0, reads: 0 };
    });
    expect(state(planned)).toBe('provisional');
  });

  it('is not while a read that lost rows waits to be confirmed', () => {
    expect(state(read((hour) => (hour === 5 ? { state: 'shrunk' } : {})))).toBe('provisional');
  });

  it('is, if a job failed after the read that settled, or a new one has begun', () => {
    expect(state(read((hour) => (hour === 5 ? { state: 'failed' } : {})))).toBe('settled');
    expect(state(read(() => ({ claim: 3 })))).toBe('settled');
  });

  it('is not by what was read of other days', () => {
    expect(settlementOf(read(), '2026-11-24', SETTLE_HOURS)).toBe('provisional');
    expect(settlementOf([], DATE, SETTLE_HOURS)).toBe('provisional');
  });
});
