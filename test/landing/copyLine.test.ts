import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type ColumnKind, COLUMNS } from '../../src/graph/columns.ts';
import { copyLine, roomFor } from '../../src/landing/copyLine.ts';
import { hourAt } from '../../src/landing/hourAt.ts';
import { toLine } from '../../src/landing/toLine.ts';
import {
  blanks,
  jsonNumber,
  jsonString,
  jsonValue,
  listOf,
  memberOf,
  objectOf,
  plainString,
} from '../support/jsonTexts.ts';
import { pageOfTexts } from '../support/pages.ts';

const START = '2026-11-23T10:15:30.1234567Z';
/** Stands where nobody has written. */
const UNTOUCHED = 0xee;
const BESIDE = 4_096;
const START_COLUMN = COLUMNS.findIndex(({ name }) => name === 'startDateTime');

/** The line that is copied of a row; undefined if it is not. Looks that nothing is written beside its room. */
function copied(text: string, at = 3): string | undefined {
  const { rows } = pageOfTexts([text]);
  const room = roomFor(rows, 0);
  const out = Buffer.alloc(at + room + BESIDE, UNTOUCHED);
  const end = copyLine(rows, 0, out, at);
  const beside = Buffer.concat([out.subarray(0, at), out.subarray(at + room)]);
  expect(beside.equals(Buffer.alloc(at + BESIDE, UNTOUCHED))).toBe(true);
  expect(end === 0 || (end > at && end <= at + room)).toBe(true);
  return end === 0 ? undefined : out.toString('utf8', at, end);
}

const encoded = (text: string) => toLine(JSON.parse(text), () => text);

/** What `toLine` makes of a row that has to fit. */
function lineOf(text: string): string {
  const row = encoded(text);
  if (row.kind !== 'line') throw new Error(`rejected: ${row.reason}`);
  return row.line;
}

/** Whether the row's start is one of which the hour is known without parsing: no other row is ever copied. */
function hasUsualStart(text: string): boolean {
  const { rows } = pageOfTexts([text]);
  const [from, end] = [rows.valueFrom(0, START_COLUMN), rows.valueEnd(0, START_COLUMN)];
  return rows.isPlain(0, START_COLUMN) && !Number.isNaN(hourAt(rows.bytes, from + 1, end - 1));
}

const usualMoney = fc.oneof(
  fc.constantFrom(
    '0',
    '0.0',
    '0.10',
    '0.0120',
    '0.012000',
    '999999999',
    '999999999.999999',
    '123456789.123456',
  ),
  fc
    .tuple(fc.nat(999_999_999), fc.stringMatching(/^(\.\d{1,6})?$/))
    .map(([whole, decimals]) => `${whole}${decimals}`),
);
const usualValue: Record<ColumnKind, fc.Arbitrary<string>> = {
  text: fc.oneof(plainString, fc.constant('null')),
  instant: fc.constantFrom(`"${START}"`, '"2026-11-23T10:15:30Z"'),
  seconds: fc.oneof(fc.nat(999_999_999).map(String), fc.constant('null')),
  money: fc.oneof(usualMoney, fc.constant('null')),
  collection: fc.constantFrom('[]', 'null'),
};

const rightValue: Record<ColumnKind, fc.Arbitrary<string>> = {
  text: fc.oneof(usualValue.text, jsonString),
  instant: fc.oneof({ weight: 20, arbitrary: usualValue.instant }, jsonString, fc.constant('null')),
  seconds: fc.oneof({ weight: 4, arbitrary: usualValue.seconds }, jsonNumber),
  money: fc.oneof({ weight: 4, arbitrary: usualValue.money }, jsonNumber),
  collection: fc.oneof(
    { weight: 2, arbitrary: usualValue.collection },
    listOf(jsonValue, 3),
    fc.constant('[{"id":"x","name":null}]'),
  ),
};

const tight = (name: string, value: fc.Arbitrary<string>) => value.map((text) => `"${name}":${text}`);

/** Members in the order of the columns; which are left out, and what the others hold, is arbitrary. */
const membersWith = (
  valueOf: (kind: ColumnKind) => fc.Arbitrary<string>,
  member: (name: string, value: fc.Arbitrary<string>) => fc.Arbitrary<string>,
): fc.Arbitrary<string[]> =>
  fc
    .tuple(
      ...COLUMNS.map(({ name, kind }) => {
        const written = member(name, valueOf(kind));
        return name === 'id' || name === 'startDateTime' ? written : fc.option(written, { nil: undefined });
      }),
    )
    .map((members) => members.filter((text) => text !== undefined));

const usualRow = membersWith((kind) => usualValue[kind], tight).map((members) => objectOf(members));

/** Mostly right, so that a row often fits as a whole. */
const anyRow = fc
  .tuple(
    membersWith(
      (kind) => fc.oneof({ weight: 150, arbitrary: rightValue[kind] }, jsonValue),
      (name, value) =>
        fc.oneof({ weight: 9, arbitrary: tight(name, value) }, memberOf(fc.constant(`"${name}"`), value)),
    ),
    fc.oneof(
      { weight: 8, arbitrary: fc.constant(undefined) },
      memberOf(fc.oneof(jsonString, fc.constantFrom(...COLUMNS.map(({ name }) => `"${name}"`))), jsonValue),
    ),
    fc.array(fc.tuple(fc.nat(28), fc.nat(28)), { maxLength: 3 }),
    fc.boolean(),
  )
  .map(([members, more, moves, isWithoutId]) => {
    const row = isWithoutId && members.length % 8 === 0 ? members.slice(1) : [...members];
    if (more !== undefined) row.splice(row.length >>> 1, 0, more);
    for (const [from, to] of moves) row.splice(to, 0, ...row.splice(from, 1));
    return objectOf(row);
  });

/** The row that Graph sends, with some members written in another way. */
const rowWith = (members: Readonly<Record<string, string>>): string => {
  const all: Record<string, string> = { id: '"i"', startDateTime: `"${START}"`, ...members };
  return objectOf(Object.entries(all).map(([name, value]) => `"${name}":${value}`));
};

describe('the line copied from a page', () => {
  it('is byte for byte the line that toLine makes, or none, for rows of any shape', () => {
    fc.assert(
      fc.property(anyRow, fc.nat(9), (text, at) => {
        const line = copied(text, at);
        if (line === undefined) return;
        const row = encoded(text);
        if (row.kind === 'line') expect(line).toBe(row.line);
        // The start is not looked at: who copies has looked before.
        else
          expect([row.reason, hasUsualStart(text)]).toEqual([
            expect.stringMatching(/^startDateTime: (null|no)[^;]*$/),
            false,
          ]);
      }),
      { numRuns: 3_000 },
    );
  });

  it('is made of every row as Graph writes it, whatever it leaves out', () => {
    fc.assert(
      fc.property(usualRow, (text) => {
        expect(copied(text)).toBe(lineOf(text));
      }),
      { numRuns: 1_000 },
    );
  });

  it('is made also of members in another order, and with blanks between', () => {
    const rows = membersWith(
      (kind) => usualValue[kind],
      (name, value) => memberOf(fc.constant(`"${name}"`), value),
    ).chain((members) => fc.shuffledSubarray(members, { minLength: members.length }));
    fc.assert(
      fc.property(rows, blanks, (members, blank) => {
        const text = `{${blank}${members.join(',')}${blank}}`;
        expect(copied(text)).toBe(lineOf(text));
      }),
    );
  });

  it.each([
    ['no decimals', { charge: '1' }, '"charge":1.000000,'],
    ['some decimals', { charge: '0.10' }, '"charge":0.100000,'],
    ['all decimals', { connectionCharge: '0.012345' }, '"connectionCharge":0.012345,'],
    ['decimals that are nothing', { charge: '0.1000000' }, '"charge":0.100000,'],
    ['the largest amount', { charge: '999999999.999999' }, '"charge":999999999.999999,'],
    ['a credit', { charge: '-0.5' }, '"charge":-0.500000,'],
    ['no credit', { charge: '-0' }, '"charge":0.000000,'],
    ['an exponent', { charge: '12e-1', duration: '1e2' }, '"duration":100,"charge":1.200000,'],
    ['the largest duration', { duration: '2147483647' }, '"duration":2147483647,'],
    ['a negative duration', { duration: '-0' }, '"duration":0,'],
    ['an empty list', { administrativeUnitInfos: '[]' }, '"administrativeUnitInfos":"[]",'],
    ['an empty list with a blank', { administrativeUnitInfos: '[ ]' }, '"administrativeUnitInfos":"[]",'],
    [
      'administrative units',
      { administrativeUnitInfos: '[ {"name":"\\u0041","id":7} ]' },
      String.raw`"administrativeUnitInfos":"[{\"id\":7,\"name\":\"A\"}]",`,
    ],
    ['emoji', { operator: '"\u{1F4DE}"' }, '"operator":"\u{1F4DE}",'],
    ['an escape that need not be', { calleeNumber: String.raw`"\u002B49\/7"` }, '"calleeNumber":"+49/7",'],
    ['an escape that has to be', { operator: String.raw`"a\"b\u000A"` }, String.raw`"operator":"a\"b\n",`],
    ['a line separator', { operator: '"a\u2028b"' }, String.raw`"operator":"a\u2028b",`],
    ['half an emoji', { operator: String.raw`"\uD83D"` }, String.raw`"operator":"\ud83d",`],
    ['no id', { id: 'null' }, '{"id":null,'],
  ])('is made of a row with %s', (_, members, expected) => {
    const text = rowWith(members);
    expect(copied(text)).toContain(expected);
    expect(copied(text)).toBe(lineOf(text));
  });

  it.each([
    ['too many decimals', rowWith({ charge: '0.1234567' })],
    ['more money than a double tells apart', rowWith({ charge: '1000000000' })],
    ['ten digits', rowWith({ charge: '12345678901' })],
    ['a duration beyond 32 bits', rowWith({ duration: '2147483648' })],
    ['half a second', rowWith({ duration: '0.5' })],
    ['money as text', rowWith({ charge: '"1"' })],
    ['a number as text', rowWith({ operator: '7' })],
    ['a list as text', rowWith({ operator: '[]' })],
    ['a list as a duration', rowWith({ duration: '[]' })],
    ['text as a list', rowWith({ administrativeUnitInfos: '"[]"' })],
    ['false as text', rowWith({ operator: 'false' })],
    ['numbers whose digits no double holds', rowWith({ administrativeUnitInfos: '[{"weight":0.10}]' })],
    ['no member id', `{"startDateTime":"${START}"}`],
    ['an unknown member', rowWith({ later: 'null' })],
    ['a name in another case', rowWith({ Charge: '1' })],
    ['a doubled member', `{"id":"a","startDateTime":"${START}","id":"b"}`],
    ['an escape in a name', String.raw`{"\u0069d":"a","startDateTime":"${START}"}`],
    ['no members', '{}'],
    ['no object', '[]'],
  ])('is left to toLine for a row with %s', (_, text) => {
    expect(copied(text)).toBeUndefined();
  });

  it('is left to toLine for what is nested deeper than any stack', () => {
    const deep = '['.repeat(200_000) + ']'.repeat(200_000);
    expect(copied(rowWith({ administrativeUnitInfos: deep }))).toBeUndefined();
    const levels = (count: number) => '['.repeat(count) + ']'.repeat(count);
    expect(copied(rowWith({ administrativeUnitInfos: levels(101) }))).toBeUndefined();
    const text = rowWith({ operator: `"${'x'.repeat(600)}"`, administrativeUnitInfos: levels(100) });
    expect(copied(text)).toBe(lineOf(text));
  });

  it('never needs more than its room, whatever becomes longer when it is written', () => {
    const long = (unit: string) => `"${unit.repeat(500)}"`;
    const growing = [
      rowWith({ administrativeUnitInfos: `[${long(String.raw`\"`)}]` }),
      rowWith({ administrativeUnitInfos: `[${long('\u2028')}]` }),
      // Seventeen bytes of five.
      rowWith({ administrativeUnitInfos: `[${'1e15,'.repeat(500)}0]` }),
      rowWith({ callId: long('\u2028'), callType: long('\u2028'), operator: long('\u2028') }),
      rowWith({ operator: long(String.raw`\u0001`) }),
      rowWith({ operator: long(String.raw`\uD83D`) }),
      rowWith({ operator: long(String.raw`\n\u3042`) }),
      rowWith({ operator: long('a').replace('a', String.raw`\/`) }),
      rowWith({ charge: '1e8', connectionCharge: '1e8', administrativeUnitInfos: '[]' }),
      rowWith({ charge: '1', connectionCharge: '1', administrativeUnitInfos: '[]' }),
    ];
    for (const row of growing) expect([undefined, lineOf(row)]).toContain(copied(row));
  });
});
