import { expect, test } from 'vitest';
import { callOf } from './call.ts';
import { expectedEntities, keyPart } from './entities.ts';
import { expectedRows } from './expectedRows.ts';
import { countedCalls, foldCalls } from './fold.ts';
import { datesOfMonth, monthOfDate } from './hours.ts';
import { type Row, rowOf } from './support/finishedRun.ts';

const START = '2026-11-23T10:00:00.0000001Z';
const call = (id: string | null, change: Row = {}) => {
  const row = rowOf(1, { id, startDateTime: START, ...change });
  return callOf(row, JSON.stringify(row));
};

test('of calls that begin at once, the name of the larger id is the latest', () => {
  const calls = ['a', 'b'].map((id) => call(id, { userDisplayName: `name of ${id}` }));
  for (const inOrder of [calls, calls.toReversed()]) {
    expect(foldCalls(inOrder).users).toMatchObject([{ userDisplayName: 'name of b', calls: 2 }]);
  }
});

test('100 ns decide which call is the latest', () => {
  const later = call('a', { startDateTime: START.replace('1Z', '2Z'), userDisplayName: 'later' });
  expect(foldCalls([later, call('b')]).users).toMatchObject([
    { userDisplayName: 'later', firstCallAt: START },
  ]);
});

test('of equal claims, an id counts from the later window', () => {
  const blob = (windowId: string, currency: string, claim = 3) => ({
    windowId,
    claim,
    calls: [call('a', { currency })],
  });
  const blobs = [blob('2026-11-23T10Z', 'EUR'), blob('2026-11-23T11Z', 'USD')];
  for (const inOrder of [blobs, blobs.toReversed()]) {
    expect(countedCalls(inOrder)).toMatchObject([{ currency: 'USD' }]);
  }
  expect(countedCalls([...blobs, blob('2026-11-23T09Z', 'JPY', 4)])).toMatchObject([{ currency: 'JPY' }]);
});

test('calls without an id are never taken for each other', () => {
  expect(
    countedCalls([{ windowId: '2026-11-23T10Z', claim: 1, calls: [call(null), call('')] }]),
  ).toHaveLength(2);
});

test('sums of no currency come first, then by currency', () => {
  const calls = ['USD', null, 'EUR'].map((currency) => call(null, { currency }));
  expect(foldCalls(calls).currencies.map(({ currency }) => currency)).toEqual([null, 'EUR', 'USD']);
});

test('keys encode what a key may not hold, and never meet', () => {
  expect(keyPart(null, '-')).toBe('-');
  expect(keyPart('-', '-')).toBe('%2D');
  expect(keyPart('!a/b|c%', '-')).toBe('%21a%2Fb%7Cc%25');
  expect(keyPart('x'.repeat(201), '-')).toMatch(/^x{135}~[0-9a-f]{64}$/);
  const { totals, breakdowns } = expectedEntities(foldCalls([call('a', { userId: null, currency: ' ' })]));
  expect([...totals.keys()]).toEqual(['-|---']);
  expect([...breakdowns.keys()]).toContain('!by|licenseCapability|MCOPSTN1|---');
});

test('rows that came twice are one, by id or by all that they say', () => {
  const rows = [
    rowOf(1),
    rowOf(1),
    rowOf(2, { id: null }),
    rowOf(2, { id: null }),
    rowOf(3, { id: '' }),
    rowOf(4, { id: '' }),
  ];
  const { fitting } = expectedRows(rows.map((row) => JSON.stringify(row)));
  expect([...fitting.values()].flat()).toHaveLength(4);
});

test('a billing month is named after the date on which it begins', () => {
  expect(monthOfDate('2026-03-01', 28)).toBe('2026-02');
  expect(monthOfDate('2027-01-02', 3)).toBe('2026-12');
  expect(datesOfMonth('2026-02', 28)).toHaveLength(28);
  expect(datesOfMonth('2026-01', 28).at(-1)).toBe('2026-02-27');
  expect(datesOfMonth('2026-12', 1).at(-1)).toBe('2026-12-31');
});
