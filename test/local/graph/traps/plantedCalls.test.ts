import { describe, expect, it } from 'vitest';

import { COLUMNS } from '../../../../src/graph/columns.ts';
import { createTenant } from '../../../../src/local/graph/tenant.ts';
import type { DataTraps } from '../../../../src/local/graph/traps/traps.ts';
import { rowJson, type WireRow } from '../../../../src/local/graph/wire.ts';
import { literalOf, rowsOf, rowsOfDay, textOf } from '../support.ts';

const OPTIONS = { seed: 5, users: 20, callsAWeek: 200 };
const DATE = '2026-11-10';
const plain = createTenant(OPTIONS);
const tenantWith = (...names: (keyof DataTraps)[]) =>
  createTenant({ ...OPTIONS, traps: Object.fromEntries(names.map((name) => [name, true])) });

/** The rows that a trap adds to a day. */
const planted = (name: keyof DataTraps): WireRow[] => {
  const known = new Set(rowsOfDay(plain, DATE).map((row) => rowJson(row, 'beta')));
  return rowsOfDay(tenantWith(name), DATE).filter((row) => !known.has(rowJson(row, 'beta')));
};
const column = (name: keyof DataTraps, property: string) => planted(name).map((row) => row[property]);

describe('a data trap', () => {
  it('leaves all other rows as they are, on every day the same', () => {
    const all = rowsOfDay(tenantWith('moneyEdge', 'idNull'), DATE);
    expect(all).toEqual(expect.arrayContaining(rowsOfDay(plain, DATE)));
    expect(rowsOfDay(tenantWith('moneyEdge', 'idNull'), DATE)).toEqual(all);
    expect(all.length).toBe(
      rowsOfDay(plain, DATE).length + planted('moneyEdge').length + planted('idNull').length,
    );
  });

  it('boundaryRows: on the stroke of the hour and in its last tick, found by both windows that touch them', () => {
    const starts = column('boundaryRows', 'startDateTime');
    expect(starts).toEqual(
      expect.arrayContaining([
        '2026-11-10T10:00:00.0000000Z',
        '2026-11-10T10:59:59.9999999Z',
        '2026-11-10T23:59:59.9999999Z',
      ]),
    );
    const tenant = tenantWith('boundaryRows');
    const onTheStroke = (rows: WireRow[]) =>
      rows.filter((row) => row.startDateTime === '2026-11-10T10:00:00.0000000Z').length;
    expect(onTheStroke(rowsOf(tenant, '2026-11-10T09:00:00Z', '2026-11-10T10:00:00Z'))).toBe(1);
    expect(onTheStroke(rowsOf(tenant, '2026-11-10T10:00:00Z', '2026-11-10T11:00:00Z'))).toBe(1);
  });

  it('nullProperties: every property null in some row, and one row of nulls alone', () => {
    const rows = planted('nullProperties');
    for (const { name } of COLUMNS) {
      const lacking = rows.filter((row) => row[name] === null);
      expect(lacking.length, name).toBeGreaterThanOrEqual(2);
    }
    expect(rows.filter((row) => Object.values(row).every((value) => value === null)).length).toBe(1);
  });

  it('idNull: rows without an id that differ from each other', () => {
    const rows = planted('idNull');
    expect(rows.map((row) => row.id)).toEqual([null, null, null]);
    expect(new Set(rows.map((row) => rowJson(row, 'v1.0'))).size).toBe(3);
  });

  it('startNull and startOutside: no usable start, or one that was not asked for', () => {
    expect(column('startNull', 'startDateTime')).toEqual(
      expect.arrayContaining([null, '', 'soon', '2026-02-30T10:00:00Z']),
    );
    expect(column('startOutside', 'startDateTime')).toEqual(['0001-01-01T00:00:00Z']);
  });

  it('unknownProperties: text, numbers, objects and nulls that the reference does not have', () => {
    const known = new Set<string>(COLUMNS.map(({ name }) => name));
    const unknown = planted('unknownProperties').map((row) =>
      Object.keys(row).filter((name) => !known.has(name)),
    );
    expect(unknown.flat().sort()).toEqual([
      'futureNull',
      'futureText',
      'isEmergency',
      'networkQuality',
      'ratingTags',
    ]);
  });

  it('moneyEdge: literals exactly as written, 0 to 7 decimals and the largest', () => {
    const literals = planted('moneyEdge').map((row) => literalOf(row.charge));
    expect(literals).toEqual(
      expect.arrayContaining(['0', '0.000001', '0.1234567', '1e-7', '999999999.999999', '1e9']),
    );
    expect(
      planted('moneyEdge')
        .map((row) => rowJson(row, 'v1.0'))
        .join(),
    ).toContain('"charge":1e-7,');
  });

  it('offsetInstants: the same instants in other words', () => {
    const starts = column('offsetInstants', 'startDateTime').map(textOf);
    expect(starts.length).toBe(7);
    for (const pattern of [/\d\dZ$/, /\.\dZ$/, /\.\d{3}\+00:00$/, /\.\d{9}Z$/, /\+02:00$/, /-08:00$/]) {
      expect(
        starts.some((text) => pattern.test(text)),
        String(pattern),
      ).toBe(true);
    }
    for (const text of starts) expect(new Date(text).toISOString().slice(0, 10)).toBe(DATE);
  });

  it('wrongTypes and awkwardText', () => {
    expect(column('wrongTypes', 'duration')).toEqual(expect.arrayContaining(['61', 1.5]));
    expect(column('wrongTypes', 'charge')).toContain('0.50');
    expect(column('awkwardText', 'userId')).toContain('a/b\\c#d?e%f|g');
    expect(planted('awkwardText').map((row) => textOf(row.userDisplayName).length)).toContain(40_000);
  });

  it('is published late like any other row', () => {
    const rows = rowsOfDay(tenantWith('moneyEdge'), DATE, Date.parse('2026-11-11T00:00:00Z'));
    expect(rows).toEqual([]);
  });
});
