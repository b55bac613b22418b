import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { COLUMNS } from '../../src/graph/columns.ts';
import { rejectMisfit } from '../../src/landing/rejectedRow.ts';
import { toLine } from '../../src/landing/toLine.ts';

const KEYS = [...COLUMNS.map(({ name }) => name), 'additionalProperties'];
const START = '2026-11-23T10:15:30.1234567Z';
const ID = '9c4984c7-6c3c-427d-a30c-bd0b2eacee90';

const encode = (row: unknown) => toLine(row, () => JSON.stringify(row));
const encodeText = (text: string) => toLine(JSON.parse(text), () => text);
const line = (row: unknown): string => {
  const encoded = encode(row);
  if (encoded.kind !== 'line') throw new Error(`rejected: ${encoded.reason}`);
  return encoded.line;
};
const landed = (row: unknown) => JSON.parse(line(row)) as Record<string, unknown>;
const rejection = (row: unknown) => {
  const encoded = encode(row);
  if (encoded.kind !== 'misfit') throw new Error('not rejected');
  return { ...rejectMisfit(encoded, JSON.stringify(row)), reason: encoded.reason };
};

describe('a row as a line', () => {
  it('has all 30 keys in fixed order, with explicit nulls', () => {
    expect(KEYS).toHaveLength(30);
    const keys = Object.keys(landed({ charge: 1, startDateTime: START, callId: 'c' }));
    expect(keys).toEqual(KEYS);
    expect(landed({ startDateTime: START })).toEqual({
      ...Object.fromEntries(KEYS.map((key) => [key, null])),
      startDateTime: START,
    });
  });

  it('writes the example of the API page', () => {
    const row = {
      id: ID,
      callId: '1835317186_112562680@61.221.3.176',
      userId: 'db03c14b-06eb-4189-939b-7cbf3a20ba27',
      userPrincipalName: 'richard.malk@contoso.com',
      userDisplayName: 'Richard Malk',
      startDateTime: '2019-11-01T00:00:08.2589935Z',
      endDateTime: '2019-11-01T00:03:47.2589935Z',
      duration: 218,
      charge: 0.0,
      callType: 'user_in',
      currency: 'USD',
      calleeNumber: '+1234567890',
      usageCountryCode: 'US',
      tenantCountryCode: 'US',
      connectionCharge: 0.0,
      callerNumber: '+0123456789',
      destinationContext: null,
      destinationName: 'United States',
      conferenceId: null,
      licenseCapability: 'MCOPSTNU',
      inventoryType: 'Subscriber',
      operator: 'Microsoft',
      callDurationSource: 'microsoft',
    };
    expect(line(row)).toBe(
      `{"id":"${ID}","callId":"1835317186_112562680@61.221.3.176",` +
        '"userId":"db03c14b-06eb-4189-939b-7cbf3a20ba27","userPrincipalName":"richard.malk@contoso.com",' +
        '"userDisplayName":"Richard Malk","startDateTime":"2019-11-01T00:00:08.2589935Z",' +
        '"endDateTime":"2019-11-01T00:03:47.2589935Z","duration":218,"charge":0.000000,"callType":"user_in",' +
        '"currency":"USD","calleeNumber":"+1234567890","usageCountryCode":"US","tenantCountryCode":"US",' +
        '"connectionCharge":0.000000,"callerNumber":"+0123456789","destinationContext":null,' +
        '"destinationName":"United States","conferenceId":null,"licenseCapability":"MCOPSTNU",' +
        '"inventoryType":"Subscriber","operator":"Microsoft","callDurationSource":"microsoft",' +
        '"otherPartyCountryCode":null,"clientPublicIpV4Address":null,"clientPublicIpV6Address":null,' +
        '"clientLocalIpV4Address":null,"clientLocalIpV6Address":null,"administrativeUnitInfos":null,' +
        '"additionalProperties":null}',
    );
  });

  it.each([
    ['money as a number with six decimals', { charge: 1 }, '"charge":1.000000,'],
    ['money without exponent', { connectionCharge: 0.000001 }, '"connectionCharge":0.000001,'],
    ['a credit', { charge: -0.5 }, '"charge":-0.500000,'],
    ['the duration as a bare integer', { duration: 0 }, '"duration":0,'],
    ['masked numbers as they are', { calleeNumber: '+4930123***' }, '"calleeNumber":"+4930123***",'],
    ['an empty list as text', { administrativeUnitInfos: [] }, '"administrativeUnitInfos":"[]",'],
    [
      'administrative units as JSON text',
      { administrativeUnitInfos: [{ id: 'a' }] },
      String.raw`"administrativeUnitInfos":"[{\"id\":\"a\"}]",`,
    ],
    ['text that has to be escaped', { operator: 'a"\\\n\tb' }, String.raw`"operator":"a\"\\\n\tb",`],
    [
      'what some readers take for a line end',
      { operator: 'a\u2028b\u2029' },
      '"operator":"a\\u2028b\\u2029",',
    ],
    ['emoji as they are', { operator: '\u{1F4DE}' }, '"operator":"\u{1F4DE}",'],
    ['half an emoji, escaped', { operator: '\ud83d' }, '"operator":"\\ud83d",'],
    ['an end that is no instant, verbatim', { endDateTime: 'soon' }, '"endDateTime":"soon",'],
  ])('writes %s', (_, cells, expected) => {
    expect(line({ id: ID, startDateTime: START, ...cells })).toContain(expected);
  });

  it('collects properties that have no column, whatever the order in which they come', () => {
    const one = { id: ID, startDateTime: START, newThing: { b: 1, a: [2] }, Id: 'x' };
    const other = { Id: 'x', newThing: { a: [2], b: 1 }, startDateTime: START, id: ID };
    expect(landed(one)['additionalProperties']).toBe('{"Id":"x","newThing":{"a":[2],"b":1}}');
    expect(line(other)).toBe(line(one));
  });

  it('keeps the digits of unknown numbers, also of those that no double holds', () => {
    const encoded = encodeText(
      `{"z":[{"b":0.10,"a":12345678901234567890}], "startDateTime":"${START}","rate":1.23456789012345678901,` +
        `"far":1e400,"id":"x","plain": 7,"administrativeUnitInfos":[ {"weight" : 1.50, "id":"\\u0041"} ]}`,
    );
    const { line } = encoded as { line: string };
    const { additionalProperties, administrativeUnitInfos } = JSON.parse(line) as Record<string, unknown>;
    expect(additionalProperties).toBe(
      '{"far":1e400,"plain":7,"rate":1.23456789012345678901,"z":[{"a":12345678901234567890,"b":0.10}]}',
    );
    expect(administrativeUnitInfos).toBe('[{"id":"A","weight":1.50}]');
  });

  it('keeps every unknown property, but not the annotations of the answer', () => {
    const row = JSON.parse(
      `{"startDateTime":"${START}","@odata.type":"#x","charge@odata.type":"#Decimal","__proto__":{"x":1},"additionalProperties":"own","none":null}`,
    ) as unknown;
    expect(landed(row)['additionalProperties']).toBe(
      '{"__proto__":{"x":1},"additionalProperties":"own","charge@odata.type":"#Decimal","none":null}',
    );
    expect(landed({ startDateTime: START, '@odata.etag': 'x' })['additionalProperties']).toBeNull();
  });

  it('gives the row back when it is parsed, on one line, and the same line for an equal row', () => {
    const text = fc.option(fc.string({ unit: 'binary' }));
    const cells = Object.fromEntries(
      COLUMNS.map(({ name, kind }) => [
        name,
        {
          text,
          instant: fc.constant(START),
          seconds: fc.option(fc.integer()),
          money: fc.option(fc.integer({ min: -(10 ** 12), max: 10 ** 12 }).map((micros) => micros / 1e6)),
          collection: fc.option(fc.array(fc.record({ id: fc.string() }))),
        }[kind],
      ]),
    );
    const rows = fc.record(cells, { requiredKeys: ['startDateTime'] });
    const unknown = fc.dictionary(
      fc.string().map((name) => `x${name}`),
      fc.jsonValue(),
    );
    fc.assert(
      fc.property(rows, unknown, (known, more) => {
        const row = JSON.parse(JSON.stringify({ ...known, ...more })) as Record<string, unknown>;
        const written = line(row);
        expect(written).not.toMatch(/[\n\r\u2028\u2029]/);
        expect(Buffer.from(written).toString()).toBe(written);
        const { administrativeUnitInfos, additionalProperties, ...back } = landed(row);
        const restored = {
          ...back,
          administrativeUnitInfos:
            typeof administrativeUnitInfos === 'string'
              ? (JSON.parse(administrativeUnitInfos) as unknown)
              : null,
        };
        const asLanded = Object.fromEntries(COLUMNS.map(({ name }) => [name, row[name] ?? null]));
        expect(restored).toEqual(asLanded);
        const extra =
          typeof additionalProperties === 'string' ? (JSON.parse(additionalProperties) as unknown) : {};
        expect(extra).toEqual(JSON.parse(JSON.stringify(more)));
        const reordered = Object.fromEntries(Object.entries(row).reverse());
        expect(line(reordered)).toBe(written);
      }),
    );
  });
});

describe('the key of a row', () => {
  it('is its id, or without one the line', () => {
    expect(encode({ id: ID, startDateTime: START })).toMatchObject({ key: ID });
    for (const id of [null, '', undefined]) {
      const row = { id, startDateTime: START };
      expect(encode(row)).toMatchObject({ key: line(row) });
    }
  });
});

describe('a row that does not fit', () => {
  it.each([
    [{ charge: 1e-7 }, 'charge: 1e-7 has more than 6 decimals'],
    [{ charge: 1e9 }, 'charge: 1000000000 is not below 1,000,000,000'],
    [{ connectionCharge: '0.5' }, 'connectionCharge: a value of type string where a number is expected'],
    [{ duration: 1.5 }, 'duration: 1.5 is no whole number of 32 bits'],
    [{ duration: 2 ** 31 }, 'duration: 2147483648 is no whole number of 32 bits'],
    [{ duration: '60' }, 'duration: a value of type string where a number of seconds is expected'],
    [{ id: 7 }, 'id: a value of type number where text is expected'],
    [{ callType: ['user_in'] }, 'callType: a list where text is expected'],
    [{ endDateTime: true }, 'endDateTime: a value of type boolean where text is expected'],
    [
      { administrativeUnitInfos: {} },
      'administrativeUnitInfos: a value of type object where a list is expected',
    ],
    [
      { charge: 'x', duration: 'y' },
      'duration: a value of type string where a number of seconds is expected; charge: a value of type string where a number is expected',
    ],
  ])('%j is kept verbatim in its window with every reason', (cells, reason) => {
    const row = { startDateTime: START, ...cells };
    const encoded = rejection(row);
    expect(encoded.reason).toBe(reason);
    expect(JSON.parse(encoded.line)).toEqual({ reason, row });
    expect(encoded.start).toEqual({ hourMs: Date.parse('2026-11-23T10:00:00Z'), onTheHour: false });
  });

  it.each([
    [{ startDateTime: null }, 'startDateTime: null, so that the call belongs to no day'],
    [{}, 'startDateTime: null, so that the call belongs to no day'],
    [{ startDateTime: 5 }, 'startDateTime: a value of type number where text is expected'],
    [
      { startDateTime: '2026-02-30T10:00:00Z' },
      'startDateTime: no instant such as 2026-11-23T10:15:30.1234567Z',
    ],
    [
      { startDateTime: '2026-11-23T10:00:60Z' },
      'startDateTime: no instant such as 2026-11-23T10:15:30.1234567Z',
    ],
    [{ startDateTime: '' }, 'startDateTime: no instant such as 2026-11-23T10:15:30.1234567Z'],
    [null, 'the row is no object'],
    ['text', 'the row is no object'],
    [[1], 'the row is no object'],
  ])('%j names no day', (row, reason) => {
    const encoded = rejection(row);
    expect(encoded.reason).toBe(reason);
    expect(encoded.start).toBeUndefined();
    expect(encoded.json).toBe(JSON.stringify(row));
  });

  it('may be nested deeper than any stack', () => {
    const depth = 200_000;
    const deep = JSON.parse('['.repeat(depth) + ']'.repeat(depth)) as unknown[];
    const encoded = encode({ startDateTime: START, administrativeUnitInfos: deep, extra: { deep } });
    expect(encoded).toMatchObject({
      reason:
        'administrativeUnitInfos: nested deeper than 100 levels; additionalProperties: nested deeper than 100 levels',
    });
    const shallow = JSON.parse('['.repeat(100) + ']'.repeat(100)) as unknown[];
    expect(landed({ startDateTime: START, extra: shallow })['additionalProperties']).toBe(
      JSON.stringify({ extra: shallow }),
    );
  });

  it('is known by its id, or without one by its JSON', () => {
    expect(rejection({ id: ID, startDateTime: START, charge: 'x' }).key).toBe(ID);
    expect(rejection({ startDateTime: START, charge: 'x' }).key).toBe(
      `{"startDateTime":"${START}","charge":"x"}`,
    );
  });
});
