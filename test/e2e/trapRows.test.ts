import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { DataTraps } from '../../src/local/graph/traps/traps.ts';
import { expectedDay } from '../support/expectedDay.ts';
import { startTestPipeline, type TestPipeline } from '../support/testPipeline.ts';

vi.setConfig({ maxConcurrency: 8, testTimeout: 90_000 });

let pipeline: TestPipeline;
beforeAll(async () => {
  pipeline = await startTestPipeline();
});
afterAll(() => pipeline.stop());

type Row = Record<string, unknown>;
const parsed = (rows: readonly string[]): Row[] => rows.map((text) => JSON.parse(text) as Row);

describe.concurrent('rows end exact in raw, rejected and totals:', () => {
  it('masked numbers, zero seconds, nobody, several currencies', async () => {
    const { date, rows } = await pipeline.simulate({ callsAWeek: 1_500 });
    const calls = parsed(rows);
    expect(calls.some(({ calleeNumber }) => /^\+\d+\*{3,4}$/.test(String(calleeNumber)))).toBe(true);
    expect(calls.some(({ duration }) => duration === 0)).toBe(true);
    expect(calls.some(({ userId }) => userId === null || userId === '')).toBe(true);
    expect(new Set(calls.map(({ currency }) => currency)).size).toBeGreaterThan(2);
    await pipeline.expectExact(date, rows);
  });

  it.each<[keyof DataTraps, { rejected: number; withoutDay: number }]>([
    ['boundaryRows', { rejected: 0, withoutDay: 0 }],
    ['nullProperties', { rejected: 0, withoutDay: 2 }],
    ['idNull', { rejected: 0, withoutDay: 0 }],
    ['startNull', { rejected: 0, withoutDay: 4 }],
    ['startOutside', { rejected: 0, withoutDay: 1 }],
    ['unknownProperties', { rejected: 0, withoutDay: 0 }],
    ['moneyEdge', { rejected: 5, withoutDay: 0 }],
    ['offsetInstants', { rejected: 0, withoutDay: 0 }],
    // A wrong type in a column of beta alone goes unnoticed by v1.0.
    ['wrongTypes', { rejected: 5, withoutDay: 1 }],
    ['awkwardText', { rejected: 0, withoutDay: 0 }],
  ])('%s', async (trap, misfits) => {
    const { date, rows } = await pipeline.simulate({ traps: { [trap]: true } });
    const { rejected, withoutDay } = expectedDay(date, rows);
    const count = (blobs: Record<string, string[]>) => Object.values(blobs).flat().length;
    expect({ rejected: count(rejected), withoutDay: count(withoutDay) }).toEqual(misfits);
    await pipeline.expectExact(date, rows);
  });

  it('on the stroke of an hour and in its last tick, whichever two jobs get them', async () => {
    const { date, rows } = await pipeline.simulate({ traps: { boundaryRows: true } });
    await pipeline.readDay(date, { hours: [0, 3], windowsAJob: 1 });
    const early = rows.filter((text) => /"startDateTime":"[^"]{11}0[0-2]:/.test(text));
    expect(early.filter((text) => /:(00:00\.0000000|59:59\.9999999)Z","endDateTime/.test(text))).toHaveLength(
      4,
    );
    await pipeline.expectStored(date, early);
  });

  it('that only careful reading of their JSON keeps as they are', async () => {
    const date = pipeline.freshDate();
    let minute = 10;
    const at = (hour: number): string => `"startDateTime":"${date}T0${hour}:${String(minute++)}:00.0000000Z"`;
    const deep = (levels: number): string => '['.repeat(levels) + ']'.repeat(levels);
    const rows = [
      // These fit.
      `{"id":"minus-zero",${at(0)},"duration":-0,"charge":-0.0,"connectionCharge":0e5,"currency":"EUR"}`,
      `{"id":"negative",${at(0)},"duration":-5,"charge":-12.5,"connectionCharge":-0.000001,"currency":"EUR"}`,
      `{"id":"exponents",${at(0)},"duration":6e1,"charge":1.25E+1,"currency":"EUR"}`,
      `{"id":"int32",${at(0)},"duration":2147483647,"charge":999999999.999999,"currency":"JPY"}`,
      `{"id":"double",${at(0)},"charge":0.1000000000000000055,"currency":"EUR"}`,
      `{"id":"twice","charge":1,${at(0)},"charge":2,"currency":"EUR"}`,
      String.raw`{"id":"half \ud83d",${at(1)},"userId":"\udc00","userDisplayName":"\ud83d lone","currency":"\ud800"}`,
      String.raw`{"id":"escapes\u2028",${at(1)},"userDisplayName":"\u0000\u001f\/\"\\ \u2028","calleeNumber":"+49\u002a**"}`,
      `{"id":"proto",${at(1)},"__proto__":{"charge":5},"constructor":{"__proto__":null},"toString":"x"}`,
      `{"id":"digits",${at(1)},"bytes":12345678901234567890,"rates":[1.23456789012345678901,1e400,0.10],"n":1.0}`,
      `{"id":"nested",${at(1)},"tree":${deep(100)}}`,
      ` {\n"id" : "printed" ,\r\n\t${at(1)} , "extra" : { "b" : 1 ,\n "a" : [ ] } } `.trim(),
      String.raw`{"id":"empty",${at(1)},"userId":" ","currency":"","callType":"","userDisplayName":"\t"}`,
      // These do not.
      `{"id":"huge-duration",${at(2)},"duration":12345678901234567890}`,
      `{"id":"above-int32",${at(2)},"duration":2147483648}`,
      `{"id":"infinite",${at(2)},"duration":1e400,"charge":-1e400}`,
      `{"id":"too-fine",${at(2)},"charge":1.23456789012345678901,"connectionCharge":-1e-7}`,
      `{"id":"too-large",${at(2)},"charge":1e9,"connectionCharge":-1000000000.00}`,
      `{"id":"twice-wrong",${at(2)},"charge":1,"charge":"2"}`,
      `{"id":"deep",${at(2)},"tree":${deep(101)},"other":${deep(20_000)}}`,
      `{ "id" : "printed-wrong" ,\n${at(2)} ,\r\n "duration" : [ 1.50 ] }`,
      `{"id":"line\u2028separators\u2029",${at(2)},"charge":"\u2028"}`,
      // These are no calls at all.
      'null',
      '-1.50e3',
      '"text"',
      `[ {${at(3)}} ]`,
      '{}',
      String.raw`{"startDateTime":"\ud83d"}`,
    ];
    const body = `\uFEFF{ "@odata.count" : ${rows.length} ,\n "value" : [\n${rows.join(' ,\n')}\n] }`;
    pipeline.router.route(date, () => ({ status: 200, body }));
    await pipeline.expectExact(date, rows);
    const { raw, rejected, withoutDay } = expectedDay(date, rows);
    expect(Object.values(raw).map((lines) => lines.length)).toEqual([6, 7]);
    expect(Object.values(rejected).map((lines) => lines.length)).toEqual([9]);
    expect(Object.keys(withoutDay)).toHaveLength(6);
  });
});
