import { describe, expect, it } from 'vitest';

import { readTarget } from '../../../src/local/graph/odata.ts';

const at = (parameters: string, query = ''): string =>
  `/v1.0/communications/callRecords/getPstnCalls(${parameters})${query}`;
const FROM = 'fromDateTime=2026-11-10T00:00:00Z';
const TO = 'toDateTime=2026-11-11T00:00:00Z';

const requestOf = (target: string) => {
  const reading = readTarget(target);
  if (!reading.ok) throw new Error(reading.refusal.message);
  return reading.request;
};
const refusalOf = (target: string) => {
  const reading = readTarget(target);
  if (reading.ok) throw new Error('was accepted');
  return reading.refusal;
};

describe('readTarget accepts', () => {
  it.each(['v1.0', 'beta'])('version %s, with the short and the qualified name', (version) => {
    for (const name of ['getPstnCalls', 'microsoft.graph.callRecords.getPstnCalls']) {
      const path = `/${version}/communications/callRecords/${name}`;
      expect(requestOf(`${path}(${FROM},${TO})`)).toMatchObject({ version, path, skip: 0 });
    }
  });

  it.each([
    ['2026-11-10', '2026-11-10T00:00:00.000Z', 0],
    ['2026-11-10T06:00:00Z', '2026-11-10T06:00:00.000Z', 0],
    ['2026-11-10T06:00:00.1234567Z', '2026-11-10T06:00:00.123Z', 4567],
    ['2026-11-10T06:00:00+02:00', '2026-11-10T04:00:00.000Z', 0],
    ['2026-11-10T06%3A00%3A00%2B02%3A00', '2026-11-10T04:00:00.000Z', 0],
  ])('the value %s', (value, iso, ticks) => {
    expect(requestOf(at(`fromDateTime=${value},toDateTime=2026-11-11`)).from).toEqual({
      epochMs: Date.parse(iso),
      ticks,
    });
  });

  it('the parameters in either order, spaced, encoded, and with the names of the nextLink', () => {
    const expected = requestOf(at(`${FROM},${TO}`));
    for (const parameters of [
      `${TO},${FROM}`,
      `${FROM},%20${TO}`,
      `${FROM}%2C${TO}`,
      'from=2026-11-10T00:00:00Z,to=2026-11-11T00:00:00Z',
    ]) {
      expect(requestOf(at(parameters))).toMatchObject({ from: expected.from, to: expected.to });
    }
    expect(requestOf(at(`${FROM},${TO}`).replace('(', '%28').replace(/\)$/, '%29'))).toEqual(expected);
  });

  it.each(['?$skip=2000', '?%24skip=2000', '?$top=5&$skip=2000'])('%s', (query) => {
    expect(requestOf(at(`${FROM},${TO}`, query)).skip).toBe(2000);
  });

  it('exactly 90 days', () => {
    expect(requestOf(at('fromDateTime=2026-01-01,toDateTime=2026-04-01')).skip).toBe(0);
  });
});

describe('readTarget refuses', () => {
  it('more than 90 days, by a tick, with 406', () => {
    expect(refusalOf(at('fromDateTime=2026-01-01,toDateTime=2026-04-01T00:00:00.0000001Z')).status).toBe(406);
  });

  it('an empty parameter with 400 and the position at which a value was expected', () => {
    expect(refusalOf(at('fromDateTime=,toDateTime='))).toEqual({
      status: 400,
      code: 'BadRequest',
      message: "Expression expected at position 13 in 'fromDateTime=,toDateTime='.",
    });
    expect(refusalOf(at('fromDateTime=2026-11-10,toDateTime=')).message).toContain('at position 35 in');
  });

  it.each([
    FROM,
    `${FROM},${TO},max=5`,
    "fromDateTime='2026-11-10',toDateTime=2026-11-11",
    'fromDateTime=yesterday,toDateTime=2026-11-11',
    'fromDateTime=2026-02-30,toDateTime=2026-03-01',
    'fromDateTime=2026-11-12,toDateTime=2026-11-11',
    'fromDateTime=%E0%A4%A,toDateTime=2026-11-11',
  ])('%s with 400', (parameters) => {
    expect(refusalOf(at(parameters)).status).toBe(400);
  });

  it.each(['?$skip=-1', '?$skip=many', '?$skip='])('%s with 400', (query) => {
    expect(refusalOf(at(`${FROM},${TO}`, query)).status).toBe(400);
  });

  it.each([
    ['/v3.0/communications/callRecords/getPstnCalls(a=1)', 'Invalid version: v3.0'],
    ['/', 'Invalid version: '],
    [`/v1.0/communications/callRecords/getNothing(${FROM},${TO})`, "segment 'getNothing'"],
    ['/v1.0/communications/callRecords/getPstnCalls', "segment 'getPstnCalls'"],
    ['/beta/users', "segment 'users'"],
  ])('%s with 404', (target, message) => {
    expect(refusalOf(target)).toMatchObject({
      status: 404,
      message: expect.stringContaining(message) as string,
    });
  });
});
