import { describe, expect, it } from 'vitest';
import { type Measured, measure } from '../../src/telemetry/measure.ts';
import { METRICS, type Measurement } from '../../src/telemetry/metrics.ts';
import { entryOf, readEntry } from '../windows/memoryLedger.ts';

const NOW = '2026-11-24T06:20:00.000Z';
const NOW_MS = Date.parse(NOW);

const hour = (index: number): string =>
  `${new Date(Date.parse('2026-11-24T00:00:00.000Z') + index * 3_600_000).toISOString().slice(0, 13)}Z`;

const measured = (changes: Partial<Measured> = {}): Measured => ({
  entries: [0, 1, 2, 3, 4, 5].map((index) => readEntry(hour(index), NOW, { rows: 10 })),
  coverageFromMs: Date.parse('2026-11-24T00:00:00.000Z'),
  nowMs: NOW_MS,
  sourceDays: 88,
  budget: { lastHour: { live: 30, backfill: 570 }, requestsPerMinute: 50 },
  ...changes,
});

const valueOf = (
  measurements: readonly Measurement[],
  name: string,
  attribute?: string,
): number | undefined =>
  measurements.find(
    (one) =>
      one.name === name &&
      (attribute === undefined || Object.values(one.attributes ?? {}).includes(attribute)),
  )?.value;

describe('what a tick tells', () => {
  it('has every metric that there is, and no other', () => {
    const told = new Set(measure(measured()).map(({ name }) => name));
    expect([...told].sort()).toEqual(Object.keys(METRICS).sort());
  });

  it('counts the tick', () => {
    expect(valueOf(measure(measured()), 'pstn.planner.ticks')).toBe(1);
  });

  it('has no gap where every hour was read that has been over for two hours', () => {
    expect(valueOf(measure(measured()), 'pstn.coverage.gap')).toBe(0);
    const [, , , , ...rest] = measured().entries;
    expect(valueOf(measure(measured({ entries: rest })), 'pstn.coverage.gap')).toBe(4);
  });

  it('counts an hour that nobody planned as a gap, and one that was planned and not read', () => {
    const entries = [0, 2, 3, 4].map((index) => readEntry(hour(index), NOW));
    expect(valueOf(measure(measured({ entries })), 'pstn.coverage.gap')).toBe(1);
    const planned = measure(measured({ entries: [...entries, entryOf(hour(1))] }));
    expect(valueOf(planned, 'pstn.coverage.gap')).toBe(1);
  });

  it('counts no hour that Graph no longer answers, for its alert would never end', () => {
    const told = measure(measured({ entries: [], sourceDays: 0.125 }));
    expect(valueOf(told, 'pstn.coverage.gap')).toBe(0);
    expect(valueOf(measure(measured({ entries: [], sourceDays: 0.2 })), 'pstn.coverage.gap')).toBe(2);
  });

  it('has no gap before the first planning', () => {
    expect(valueOf(measure(measured({ entries: [], coverageFromMs: undefined })), 'pstn.coverage.gap')).toBe(
      0,
    );
  });

  it('has the hours since the end of the newest hour that was read, and none where nothing was', () => {
    expect(valueOf(measure(measured()), 'pstn.coverage.lag')).toBeCloseTo(1 / 3);
    expect(valueOf(measure(measured({ entries: [] })), 'pstn.coverage.lag')).toBeUndefined();
  });

  it('counts windows by state, rows, and rows that do not fit', () => {
    const told = measure(
      measured({
        entries: [
          readEntry(hour(0), NOW, { rows: 7, rejected: 2 }),
          readEntry(hour(1), NOW, { rows: 5, rejected: 1, state: 'shrunk' }),
          entryOf(hour(2), { state: 'failed' }),
          entryOf(hour(3)),
        ],
      }),
    );
    for (const state of ['planned', 'read', 'shrunk', 'failed'])
      expect(valueOf(told, 'pstn.windows', state)).toBe(1);
    expect(valueOf(told, 'pstn.rows.stored')).toBe(12);
    expect(valueOf(told, 'pstn.rows.rejected')).toBe(3);
  });

  it('has requests by lane, and what part of the budget they are', () => {
    const told = measure(measured());
    expect(valueOf(told, 'pstn.requests', 'live')).toBe(30);
    expect(valueOf(told, 'pstn.requests', 'backfill')).toBe(570);
    expect(valueOf(told, 'pstn.budget.used')).toBe(20);
    const full = measure(
      measured({ budget: { lastHour: { live: 9000, backfill: 0 }, requestsPerMinute: 50 } }),
    );
    expect(valueOf(full, 'pstn.budget.used')).toBe(100);
  });
});
