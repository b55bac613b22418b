import { expect } from 'vitest';
import { expectedDay, type ExpectedTotals, nameWithoutDay } from './expectedDay.ts';
import type { StorageReader, StoredDay } from './storedDay.ts';

/** Raw, rejected and totals of a day against the oracle, and a head and a ledger that know of no trouble. */
export async function expectStored(
  stored: StorageReader,
  date: string,
  rows: readonly string[],
): Promise<void> {
  const expected = await expectRows(stored, date, rows);
  const { head, windows } = await stored.state(date);
  const count = (blobs: Record<string, string[]>) => Object.values(blobs).flat().length;
  expect(head).toEqual({
    complete: true,
    open: false,
    rows: count(expected.raw),
    rejected: count(expected.rejected),
  });
  expect(windows.filter(({ state, lastError }) => state !== 'read' || lastError !== undefined)).toEqual([]);
}

/** Raw, rejected and totals of a day against the oracle. */
export async function expectRows(
  stored: StorageReader,
  date: string,
  rows: readonly string[],
): Promise<StoredDay> {
  const { withoutDay, ...expected } = expectedDay(date, rows);
  const found = await stored.day(date);
  expect(found.raw).toEqual(expected.raw);
  expect(found.rejected).toEqual(expected.rejected);
  const names = new Set(rows.map(nameWithoutDay));
  expect(await stored.withoutDay((name) => names.has(name))).toEqual(withoutDay);
  expect(byKey(found.totals)).toEqual(byKey(expected.totals));
  return expected;
}

const byKey = (totals: readonly ExpectedTotals[]): ExpectedTotals[] =>
  [...totals].sort((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1));
const keyOf = ({ userId, currency }: ExpectedTotals): string => JSON.stringify([userId, currency]);
