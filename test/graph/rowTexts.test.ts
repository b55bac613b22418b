import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { rowTexts } from '../../src/graph/rowTexts.ts';

describe('the text of a row', () => {
  it.each([
    ['more digits than a double holds', '{"charge":1.23456789012345678901}'],
    ['a number beyond all doubles', '{"duration":1e400}'],
    ['the same key twice', '{"charge":1,"charge":2}'],
    ['zeros, exponents and a sign', '{"a":0.00,"b":1E+2,"c":-0}'],
    ['escapes', String.raw`{"a":"\u0041\/\ud83d","b\"":"\\"}`],
    ['blanks and line breaks', '{ "a" :\t[ 1,\r\n2 ] }'],
    ['brackets and quotes inside a text', String.raw`{"a":"}]\"{[,","b":"\\\\"}`],
    ['no object', '"text, with ] and \\""'],
    ['a number alone', '-1.50e3'],
    ['null', 'null'],
  ])('is as it was sent: %s', (_name, text) => {
    const textOf = rowTexts(`{"@odata.count":3,"value":[{"a":1},${text} , [] ]}`);
    expect(textOf(1)).toBe(text);
    expect([textOf(0), textOf(2)]).toEqual(['{"a":1}', '[]']);
  });

  it('is that of the array which parsing takes: the last one of that name, on the top level', () => {
    const body =
      '\uFEFF {"@odata.context":"\\"value\\":[0]","nested":{"value":[1]},"value":[2],"valu\\u0065" : [3,33] ,"x":[4]}\n';
    const textOf = rowTexts(body);
    expect([textOf(0), textOf(1)]).toEqual(['3', '33']);
    expect(() => textOf(2)).toThrow('the page has no row 2, it has 2');
  });

  it('can be had of a row that is nested a million deep', () => {
    const deep = `${'['.repeat(1_000_000)}"]"${']'.repeat(1_000_000)}`;
    expect(rowTexts(`{"value":[1,{"x":${deep}}]}`)(1)).toBe(`{"x":${deep}}`);
  });

  it('belongs to the row with the same index, whatever rows, names and blanks there are', () => {
    const blank = fc.stringMatching(/^[ \t\r\n]{0,3}$/);
    const json = fc.json();
    const member = fc.tuple(fc.oneof(fc.string(), fc.constant('value')), json);
    const page = fc.record({
      before: fc.array(member),
      rows: fc.array(json),
      blank,
      after: fc.array(member),
    });
    fc.assert(
      fc.property(page, ({ before, rows, blank, after }) => {
        const value = `${blank}[${blank}${rows.join(`${blank},${blank}`)}${blank}]${blank}`;
        const members = [
          ...before.map(([name, text]) => `${JSON.stringify(name)}:${text}`),
          `"value"${blank}:${value}`,
          ...after
            .filter(([name]) => name !== 'value')
            .map(([name, text]) => `${JSON.stringify(name)}:${text}`),
        ];
        const textOf = rowTexts(`${blank}{${blank}${members.join(`,${blank}`)}}${blank}`);
        expect(rows.map((_, index) => textOf(index))).toEqual(rows);
      }),
    );
  });
});
