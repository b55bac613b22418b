import { describe, expect, it } from 'vitest';
import { describeEstimate, durationText } from '../../../src/cli/estimate/describeEstimate.ts';
import { estimateBackfill, type EstimateInput } from '../../../src/cli/estimate/estimateBackfill.ts';
import { PRICES } from '../../../src/cli/estimate/prices.ts';
import { DAY_MS, type Window, windowsBetween } from '../../../src/windows/grid.ts';

const NOW = Date.parse('2026-11-24T06:00:00Z');
const FROM = Date.parse('2026-08-01T00:00:00Z');
const SPACING_MS = 1_251;

function estimate(days: number, rowsAnHour: number, over: Partial<EstimateInput> = {}) {
  const windows = windowsBetween(FROM, FROM + days * DAY_MS);
  return estimateBackfill({
    windows,
    expected: { of: () => rowsAnHour, known: windows.length },
    read: new Set(windows.map(({ id }) => id)),
    bytesPerRow: 1_000,
    spacingMs: SPACING_MS,
    plannedMs: NOW,
    ripeMs: NOW - 3 * DAY_MS,
    ...over,
  });
}

describe('what a backfill would take', () => {
  it('is a request for each thousand calls, at the pace of the budget', () => {
    const { low, expected, high, basis } = estimate(90, 100_000 / 24);
    expect(basis).toBe('read');
    expect(low).toEqual(high);
    expect(expected?.rows).toBe(9_000_000);
    expect(expected?.requests).toBeGreaterThanOrEqual(9_000);
    expect(expected?.requests).toBeLessThan(9_000 * 1.1);
    expect(expected?.minutes).toBeCloseTo(((expected?.requests ?? 0) * SPACING_MS) / 60_000);
    expect(expected?.rawBytes).toBe(9_000_000_000);
    expect(expected?.cost).toBeGreaterThan(0);
    expect(expected?.storageCostAMonth).toBeCloseTo(9 * PRICES.storedGigabyteMonth);
  });

  it('is one request for a quarter without calls that is known to have none', () => {
    expect(estimate(90, 0).expected).toMatchObject({ requests: 1, jobs: 1, rows: 0, rawBytes: 0 });
  });

  it('is a range where other hours tell of these', () => {
    const { basis, low, expected, high } = estimate(10, 1_000, { read: new Set() });
    expect(basis).toBe('inferred');
    expect([low.rows, expected?.rows, high.rows]).toEqual([120_000, 240_000, 360_000]);
    expect(low.requests).toBeLessThan(high.requests);
  });

  it('is sure for what was read, and a range for the rest', () => {
    const windows: Window[] = windowsBetween(FROM, FROM + 10 * DAY_MS);
    const read = new Set(windows.slice(0, 120).map(({ id }) => id));
    const { low, high, windowsRead } = estimate(10, 1_000, { read });
    expect(windowsRead).toBe(120);
    expect([low.rows, high.rows]).toEqual([180_000, 300_000]);
  });

  it('of an unknown tenant reaches from none to a large one, and says that nobody can say', () => {
    const found = estimate(90, 400, {
      read: new Set(),
      expected: { of: () => 400, known: 0 },
      bytesPerRow: undefined,
    });
    expect(found.basis).toBe('unknown');
    expect(found.expected).toBeUndefined();
    expect(found.low.rows).toBe(0);
    // A day, six days, and the rest: nobody knows before that there is nothing.
    expect(found.low.requests).toBe(3);
    expect(found.high.rows).toBe(9_000_000);
    const lines = describeEstimate(found).join('\n');
    expect(lines).toMatch(/^requests +3 to 9,\d{3}$/m);
    expect(lines).toMatch(/^time +4 s to 3 h \d+ min$/m);
    expect(lines).toMatch(/^raw files +0 kB to 8\.4 GB$/m);
    expect(lines).toContain('not sure at all');
    expect(lines).toContain(`list prices of ${PRICES.region}, ${PRICES.asOf}`);
  });

  it('counts a cost that grows with windows, not with the calls in them', () => {
    const [few, many] = [estimate(10, 10), estimate(100, 10)];
    const ratio = (many.expected?.cost ?? 0) / (few.expected?.cost ?? 1);
    expect(ratio).toBeGreaterThan(8);
    expect(ratio).toBeLessThan(12);
    const { cost = 0 } = estimate(10, 1_000).expected ?? {};
    expect(cost / (few.expected?.cost ?? 1)).toBeLessThan(3);
  });
});

describe('a duration', () => {
  it.each([
    [0.02, '2 s'],
    [0.99, '60 s'],
    [1, '1 min'],
    [59.2, '1 h'],
    [61, '1 h 1 min'],
    [188.4, '3 h 9 min'],
  ])('of %d minutes is told as %s', (minutes, text) => expect(durationText(minutes)).toBe(text));
});
