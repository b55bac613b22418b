import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { exactMembers, hasInexactNumber } from '../../src/landing/exactJson.ts';
import { stableJson } from '../../src/landing/jsonText.ts';

describe('a number of which a double may not have kept every digit', () => {
  it.each([['0.5'], ['9007199254740993'], ['1e400'], ['{"a":[{"b":-0.1}]}']])('is found in %s', (json) => {
    expect(hasInexactNumber(JSON.parse(json))).toBe(true);
  });

  it.each([['0'], ['-9007199254740991'], ['"0.5"'], ['null'], ['{"a":[1,true,"1e400"]}']])(
    'is not found in %s',
    (json) => {
      expect(hasInexactNumber(JSON.parse(json))).toBe(false);
    },
  );
});

describe('the exact JSON of a property', () => {
  it('has every number as it was sent, and names in order', () => {
    const row =
      '{ "x" : { "b" : [ 1.0 , 2E+3 ] , "a\\u0062" : 12345678901234567890, "__proto__":{"z":-0} }, "y":0.10 }';
    const member = exactMembers(row);
    expect(member('x')).toBe('{"__proto__":{"z":-0},"ab":12345678901234567890,"b":[1.0,2E+3]}');
    expect(member('y')).toBe('0.10');
    expect(member('z')).toBeUndefined();
  });

  it('is that of the later one of two with the same name', () => {
    expect(exactMembers('{"x":1.5,"x":{"a":1.50,"a":2.50}}')('x')).toBe('{"a":2.50}');
  });

  it('is the same as of the parsed value wherever that has lost nothing', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (row) => {
        const member = exactMembers(JSON.stringify(row));
        for (const [name, value] of Object.entries(row)) expect(member(name)).toBe(stableJson(value));
      }),
    );
  });
});
