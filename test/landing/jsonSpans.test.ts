import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { elementsOf, membersOf } from '../../src/landing/jsonSpans.ts';

const elements = (json: string): string[] =>
  elementsOf(json, json.indexOf('[')).map(({ from, end }) => json.slice(from, end));
const members = (json: string): [string, string][] =>
  membersOf(json, json.indexOf('{')).map(({ name, from, end }) => [name, json.slice(from, end)]);

describe('the parts of a list and of an object', () => {
  it.each([
    ['more digits than a double holds', '1.23456789012345678901'],
    ['a number beyond all doubles', '1e400'],
    ['a sign, zeros, an exponent', '-0.00E+2'],
    ['the same key twice', '{"a":1,"a":2}'],
    ['escapes', String.raw`"\u0041\/\ud83d\"\\"`],
    ['blanks and line breaks', '{ "a" :\t[ 1,\r\n2 ] }'],
    ['brackets and quotes inside a text', String.raw`{"a":"}]\"{[,","b":"\\\\"}`],
    ['null', 'null'],
    ['nothing', '{}'],
  ])('are as they stand there: %s', (_name, part) => {
    expect(elements(` [ [] ,${part} , "x"]`)).toEqual(['[]', part, '"x"']);
    expect(members(`{"a" : ${part},"b":${part} }`)).toEqual([
      ['a', part],
      ['b', part],
    ]);
  });

  it('are told as often as they stand there, by the names that are meant', () => {
    expect(members(String.raw`{"x":1,"\u0078":2,"__proto__":3,"":4}`)).toEqual([
      ['x', '1'],
      ['x', '2'],
      ['__proto__', '3'],
      ['', '4'],
    ]);
  });

  it('may be nested a million deep', () => {
    const deep = `${'['.repeat(1_000_000)}"]"${']'.repeat(1_000_000)}`;
    expect(elements(`[1,${deep}]`)[1]).toBe(deep);
  });

  it('are those that were put together, whatever they are', () => {
    const blank = fc.stringMatching(/^[ \t\r\n]{0,3}$/);
    const member = fc.tuple(fc.string(), fc.json());
    fc.assert(
      fc.property(fc.array(member), blank, (given, space) => {
        const list = given.map(([, json]) => json).join(`${space},${space}`);
        expect(elements(`[${space}${list}${space}]`)).toEqual(given.map(([, json]) => json));
        const object = given.map(([name, json]) => `${JSON.stringify(name)}${space}:${space}${json}`);
        expect(members(`{${space}${object.join(`${space},${space}`)}${space}}`)).toEqual(given);
      }),
    );
  });
});
