import { describe, expect, it } from 'vitest';
import type { DayHead } from '../../src/windows/dayHeads.ts';
import { staleDay } from '../../src/windows/staleDay.ts';

const listing = new Map([
  ['2026-11-23T10Z', 'A'],
  ['2026-11-23T11Z', 'B'],
]);
const source = { listing, rejected: 2, isSettled: false };
const nothing = { listing: new Map<string, string>(), rejected: 0, isSettled: false };
const folded = { '2026-11-23T10Z': 'A', '2026-11-23T11Z': 'B' };
const head = (values: Partial<DayHead> = {}): DayHead => ({
  etag: 'h1',
  complete: true,
  state: 'provisional',
  open: false,
  vector: folded,
  rejected: 2,
  ...values,
});

describe('a day', () => {
  it('without blobs and without totals needs nothing', () => {
    expect(staleDay(nothing, undefined, undefined)).toBeUndefined();
  });

  it('with blobs and without totals was never folded', () => {
    expect(staleDay(source, undefined, undefined)).toBe('never folded');
  });

  it('whose totals count exactly its blobs needs nothing', () => {
    expect(staleDay(source, head(), 'h0')).toBeUndefined();
  });

  it.each([
    { what: 'a blob was replaced', vector: { ...folded, '2026-11-23T10Z': 'A0' } },
    { what: 'a blob is new', vector: { '2026-11-23T10Z': 'A' } },
    { what: 'a blob is gone', vector: { ...folded, '2026-11-23T12Z': 'C' } },
    { what: 'one is new and one gone', vector: { '2026-11-23T10Z': 'A', '2026-11-23T12Z': 'B' } },
  ])('is folded again when $what', ({ vector }) => {
    expect(staleDay(source, head({ vector }), undefined)).toBe('raw changed');
  });

  it('is folded again when other rows than its head counts do not fit', () => {
    expect(staleDay(source, head({ rejected: 1 }), undefined)).toBe('rejected changed');
    expect(staleDay({ ...nothing, rejected: 2 }, undefined, undefined)).toBe('never folded');
  });

  it('is folded once more when its last window is settled, and not again', () => {
    const settled = { ...source, isSettled: true };
    expect(staleDay(settled, head(), undefined)).toBe('settlement due');
    expect(staleDay(settled, head({ state: 'settled' }), undefined)).toBeUndefined();
    expect(staleDay(settled, head({ state: 'restated' }), undefined)).toBeUndefined();
    expect(staleDay({ ...nothing, isSettled: true }, undefined, undefined)).toBe('never folded');
  });

  it('whose raw blobs have expired keeps its totals', () => {
    expect(staleDay(nothing, head({ frozen: true, complete: false }), undefined)).toBeUndefined();
  });

  it('is folded again when its totals are half written and nobody writes', () => {
    expect(staleDay(source, head({ complete: false }), undefined)).toBe('incomplete');
  });

  it('is left to a fold at work as long as its head moves', () => {
    const open = head({ open: true, complete: false, vector: {} });
    expect(staleDay(source, open, undefined)).toBeUndefined();
    expect(staleDay(source, open, 'h0')).toBeUndefined();
    expect(staleDay(source, open, 'h1')).toBe('stuck');
  });

  it('is taken for stuck even if its totals are right, or its head would stay open for good', () => {
    expect(staleDay(source, head({ open: true }), 'h1')).toBe('stuck');
  });
});
