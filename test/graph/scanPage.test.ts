import { isUtf8 } from 'node:buffer';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { COLUMNS } from '../../src/graph/columns.ts';
import { PageRows } from '../../src/graph/pageRows.ts';
import { scanPage } from '../../src/graph/scanPage.ts';
import {
  blanks,
  damaged,
  jsonString,
  jsonValue,
  listOf,
  memberOf,
  objectOf,
  plainString,
  spelled,
} from '../support/jsonTexts.ts';

const COLUMN_NAMES: readonly string[] = COLUMNS.map(({ name }) => name);

/** A row as it is written, and whether it is an object of columns, one or more, each at most once and spelled as usual. */
interface WrittenRow {
  text: string;
  isKnown: boolean;
}

const columnMembers = fc
  .uniqueArray(fc.constantFrom(...COLUMN_NAMES), { maxLength: 5 })
  .chain((names) =>
    fc.tuple(
      ...names.map((name) =>
        memberOf(fc.constant(`"${name}"`), fc.oneof(plainString, jsonValue, fc.constant('[]'))),
      ),
    ),
  );
const knownRow = fc
  .tuple(columnMembers, blanks)
  .map(([members, blank]): WrittenRow => ({ text: objectOf(members, blank), isKnown: members.length > 0 }));

/** A member that leaves the row no object of columns: unknown, doubled, or with an escape in its name. */
const oddName = fc.oneof(
  fc.constantFrom(
    '"Id"',
    '"idx"',
    '"i"',
    '""',
    '"callid"',
    '"@odata.type"',
    '"__proto__"',
    '"additionalProperties"',
  ),
  fc
    .constantFrom(...COLUMN_NAMES)
    .map((name) => `"\\u${name.charCodeAt(0).toString(16).padStart(4, '0')}${name.slice(1)}"`),
  jsonString,
);
const oddRow = fc
  .tuple(columnMembers, memberOf(oddName, jsonValue), fc.nat(5))
  .map(([members, odd, at]): WrittenRow => ({
    text: objectOf(members.toSpliced(at, 0, odd)),
    isKnown: false,
  }));
const doubledRow = fc
  .tuple(columnMembers, fc.constantFrom(...COLUMN_NAMES), jsonValue, jsonValue)
  .map(([members, name, one, other]): WrittenRow => {
    return { text: objectOf([`"${name}":${one}`, ...members, `"${name}":${other}`]), isKnown: false };
  });
const noObject = jsonValue
  .filter((text) => !text.startsWith('{'))
  .map((text): WrittenRow => ({ text, isKnown: false }));
const row = fc.oneof({ weight: 4, arbitrary: knownRow }, oddRow, doubledRow, noObject);

/** What a member `value` holds; undefined if that is no list. */
interface WrittenMember {
  text: string;
  value?: WrittenRow[] | undefined;
}

const rowsMember = fc
  .tuple(fc.array(row, { maxLength: 4 }), fc.array(blanks, { minLength: 10, maxLength: 10 }))
  .chain(([rows, [blank = '', ...around]]) => {
    const elements = rows.map(
      ({ text }, index) => `${around[2 * index] ?? ''}${text}${around[2 * index + 1] ?? ''}`,
    );
    const list = `[${elements.length === 0 ? blank : elements.join(',')}]`;
    return memberOf(spelled('value'), fc.constant(list)).map((text): WrittenMember => ({
      text,
      value: rows,
    }));
  });
const otherValue = memberOf(
  spelled('value'),
  jsonValue.filter((text) => !text.startsWith('[')),
).map((text): WrittenMember => ({ text, value: undefined }));
const otherMember = memberOf(
  fc.oneof(jsonString, spelled('@odata.nextLink'), fc.constantFrom('"Value"', '"value "', '"__proto__"')),
  fc.oneof(jsonValue, listOf(jsonValue, 2), fc.constant('{"value":[{"id":"nested"}]}')),
).map((text): WrittenMember => ({ text }));

const byteOrderMark = fc.constantFrom('', '', '', '\ufeff');
const page = fc
  .tuple(
    byteOrderMark,
    blanks,
    fc.array(
      fc.oneof({ weight: 4, arbitrary: rowsMember }, otherValue, { weight: 3, arbitrary: otherMember }),
      {
        maxLength: 4,
      },
    ),
    blanks,
  )
  .map(([mark, before, members, after]) => ({
    text: `${mark}${before}${objectOf(members.map(({ text }) => text))}${after}`,
    rows: members.findLast((member) => 'value' in member)?.value,
  }));

const parse = (text: string): { json: unknown } | undefined => {
  try {
    return { json: JSON.parse(text) };
  } catch {
    return undefined;
  }
};

const valueOf = (json: unknown): unknown =>
  typeof json === 'object' && json !== null && !Array.isArray(json) && Object.hasOwn(json, 'value')
    ? (json as { value: unknown }).value
    : undefined;

/** Plain as the docstring of `isPlain` has it, told from the text of a value. */
const isPlainText = (text: string): boolean =>
  text === 'null' || text === '[]' || /^[-0-9]/.test(text) || /^"[^"\\\u2028\u2029]*"$/.test(text);

/** The bytes inside of a larger buffer, where more that looks like a page follows. */
const embedded = (bytes: Uint8Array): Buffer => {
  const around = Buffer.from('{"value":[{"id":"beside"}]}');
  return Buffer.concat([around, bytes, around]).subarray(around.length, around.length + bytes.length);
};

/** One for all: nothing of a page may be left in the next. */
const rows = new PageRows();

/** Scans, and compares what is found with what JSON.parse makes of the whole. @returns whether it is a page */
function scanAsParsed(bytes: Buffer): boolean {
  const envelope = scanPage(bytes, rows);
  const whole = parse(bytes.toString().replace(/^\ufeff/, ''));
  if (whole === undefined) {
    expect(envelope === undefined ? undefined : parse(envelope)).toBeUndefined();
    return false;
  }
  const value = valueOf(whole.json);
  if (!Array.isArray(value)) {
    expect(envelope).toBeUndefined();
    return false;
  }
  expect(parse(envelope ?? '')).toStrictEqual({ json: { ...(whole.json as object), value: [] } });
  expect(rows.length).toBe(value.length);
  value.forEach((parsed: unknown, index) => {
    expect(JSON.parse(rows.textOf(index))).toStrictEqual(parsed);
    expectValues(index, rows.isKnown(index) ? (parsed as Readonly<Record<string, unknown>>) : {});
  });
  return true;
}

/** The values that are known of a row are exactly these. */
function expectValues(index: number, parsed: Readonly<Record<string, unknown>>): void {
  const found: Record<string, unknown> = {};
  COLUMN_NAMES.forEach((name, column) => {
    if (rows.valueFrom(index, column) === 0) return;
    const text = rows.valueText(index, column);
    found[name] = JSON.parse(text);
    expect(text).toBe(text.trim());
    expect([text, rows.isPlain(index, column)]).toEqual([text, isPlainText(text)]);
  });
  expect(found).toStrictEqual(parsed);
}

describe('the scan of a page', () => {
  it('finds what JSON.parse finds, and knows the values of rows that are objects of columns', () => {
    fc.assert(
      fc.property(page, ({ text, rows: written }) => {
        expect(scanAsParsed(embedded(Buffer.from(text)))).toBe(written !== undefined);
        const known = (written ?? []).map((_, index) => rows.isKnown(index));
        expect(known).toEqual((written ?? []).map(({ isKnown }) => isKnown));
        expect((written ?? []).map((_, index) => rows.textOf(index))).toEqual(
          (written ?? []).map(({ text }) => text),
        );
      }),
      { numRuns: 1_000 },
    );
  });

  it('takes no damaged text for a page, nor reads another one from it than JSON.parse', () => {
    const texts = page
      .chain(({ text }) => damaged(Buffer.from(text)))
      // Bodies that are no UTF-8 are refused before.
      .filter((bytes) => isUtf8(bytes));
    fc.assert(
      fc.property(texts, (bytes) => {
        scanAsParsed(embedded(bytes));
      }),
      { numRuns: 3_000 },
    );
  });

  it('takes no other JSON for a page', () => {
    fc.assert(
      fc.property(blanks, jsonValue, (blank, text) => {
        expect(scanAsParsed(embedded(Buffer.from(blank + text + blank)))).toBe(
          Array.isArray(valueOf(JSON.parse(text))),
        );
      }),
    );
  });

  it.each([
    '{"value":[1,2],"value":[]}',
    '{"value":[{"id":"a"}],"v\\u0061lue":[{"id":"b"},7]}',
    '{"value":7,"value":[{"id":"a"}]}',
    '\ufeff {"value" : [ ] }\n',
    '{"value":[{}, {"id" : "a" , "charge":0.10}]}',
    '{"a":"\\\\","value":[{"id":"\\""}],"b":"]}"}',
  ])('takes %s', (text) => {
    expect(scanAsParsed(embedded(Buffer.from(text)))).toBe(true);
  });

  it.each([
    '{"value":[1],"value":7}',
    '{"value":[1],}',
    '{"value":[1,]}',
    '{"value":[,1]}',
    '{"value":[1 2]}',
    '{"value":[1]]}',
    '{"value":[1]}}',
    '{"value":[1]} {}',
    '{"value":[01]}',
    '{"value":[{"charge":01}]}',
    '{"value":[{"charge":1.}]}',
    '{"value":[{"charge":-}]}',
    '{"value":[{"charge":1e}]}',
    '{"value":[{"charge":.5}]}',
    '{"value":[{"charge":+1}]}',
    '{"value":[{"charge":1e+}]}',
    '{"value":[{"id":nul}]}',
    '{"value":[{"id":nulx}]}',
    '{"value":[{"id":nulll}]}',
    '{"value":[{"id":"a\tb"}]}',
    '{"value":[{"id":"a\\x"}]}',
    '{"value":[{"id":"a"},]}',
    '{"value":[{"id":"a",}]}',
    '{"value":[{"id":"a" "callId":"b"}]}',
    '{"value":[{"id":}]}',
    '{"value":[{"id"}]}',
    '{"value":[{"id":"a"]}',
    '{"value":[{"administrativeUnitInfos":[}]}]}',
    '{"value":[{"administrativeUnitInfos":[1}}]}',
    '{"value":[bad],"value":[]}',
    '{"value":[',
    '{"value":[]',
    '{"value"',
    '{"val\\x":1,"value":[]}',
    '{',
    '',
    '\ufeff',
    '\ufeff\ufeff{"value":[]}',
  ])('refuses %s', (text) => {
    expect(scanAsParsed(embedded(Buffer.from(text)))).toBe(false);
  });

  it('takes pages of more rows than any before, and small ones afterwards', () => {
    const many = Array.from({ length: 5_000 }, (_, index) => ({ id: `row ${index}`, duration: index }));
    expect(scanAsParsed(Buffer.from(JSON.stringify({ value: many })))).toBe(true);
    expect(many.every((_, index) => rows.isKnown(index))).toBe(true);
    expect(scanAsParsed(Buffer.from('{"value":[{"callId":"c"}]}'))).toBe(true);
    expect(() => rows.textOf(1)).toThrow(RangeError);
    expect(() => rows.textOf(-1)).toThrow(RangeError);
  });

  it('takes what is nested deeper than any stack', () => {
    const deep = '['.repeat(200_000) + ']'.repeat(200_000);
    const text = `{"before":${deep},"value":[{"id":"a","administrativeUnitInfos":${deep}},${deep},{"other":${deep}}]}`;
    expect(scanPage(Buffer.from(text), rows)).toBe(`{"before":${deep},"value":[]}`);
    expect([0, 1, 2].map((index) => rows.isKnown(index))).toEqual([true, false, false]);
    expect(rows.textOf(1)).toBe(deep);
  });
});
