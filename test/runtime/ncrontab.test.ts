import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseNcrontab, ScheduleError } from '../../src/runtime/ncrontab.ts';

/** The next occurrences after an instant, without the seconds' fraction. */
function next(text: string, after: string, count = 1): string[] {
  const schedule = parseNcrontab(text);
  const found: string[] = [];
  let atMs = Date.parse(after);
  for (let i = 0; i < count; i++)
    found.push(new Date((atMs = schedule.next(atMs))).toISOString().slice(0, 19));
  return found;
}

describe('parseNcrontab', () => {
  test.each([
    ['0 */15 * * * *', '2026-11-23T10:07:03.500Z', ['2026-11-23T10:15:00', '2026-11-23T10:30:00']],
    ['0 */15 * * * *', '2026-11-23T10:15:00.000Z', ['2026-11-23T10:30:00']],
    ['0 */15 * * * *', '2026-11-23T10:14:59.999Z', ['2026-11-23T10:15:00']],
    ['*/15 * * * *', '2026-11-23T10:07:03Z', ['2026-11-23T10:15:00']],
    ['*/10 * * * * *', '2026-11-23T23:59:51Z', ['2026-11-24T00:00:00', '2026-11-24T00:00:10']],
    ['0 5/20 9-17/4 * * *', '2026-11-23T09:46:00Z', ['2026-11-23T13:05:00', '2026-11-23T13:25:00']],
    ['0 30 9 * Jan Mon', '2026-11-23T00:00:00Z', ['2027-01-04T09:30:00']],
    ['0 0 0 * january-FEB monday', '2027-01-26T00:00:00Z', ['2027-02-01T00:00:00']],
    ['0 0 0 1,15 * *', '2026-11-23T00:00:00Z', ['2026-12-01T00:00:00', '2026-12-15T00:00:00']],
    ['0 0 0 29 2 *', '2026-11-23T00:00:00Z', ['2028-02-29T00:00:00']],
  ])('%s after %s comes at %s', (text, after, expected) => {
    expect(next(text, after, expected.length)).toEqual(expected);
  });

  test('wants both the day and the day of the week to match', () => {
    expect(next('0 0 0 13 * 5', '2026-01-01T00:00:00Z', 3)).toEqual([
      '2026-02-13T00:00:00',
      '2026-03-13T00:00:00',
      '2026-11-13T00:00:00',
    ]);
    expect(next('*/30 * * 13 * Fri', '2026-02-13T23:59:31Z', 2)).toEqual([
      '2026-03-13T00:00:00',
      '2026-03-13T00:00:30',
    ]);
    expect(next('0 0 0 29 2 1', '2026-01-01T00:00:00Z')).toEqual(['2044-02-29T00:00:00']);
  });

  test('is in UTC, where no hour is left out or comes twice', () => {
    expect(next('0 30 2 * * *', '2026-03-28T02:30:00Z')).toEqual(['2026-03-29T02:30:00']);
    expect(next('0 0 * * * *', '2026-10-24T23:59:59Z', 4).map((at) => at.slice(11, 13))).toEqual([
      '00',
      '01',
      '02',
      '03',
    ]);
  });

  test.each([
    ['* * * *', /six fields/],
    ['0 0 0 0 * * *', /six fields/],
    ['0 70 * * * *', /70/],
    ['0 0 0 31 2 *', /is not an NCRONTAB/],
    ['0 0 0 * * 7', /0 \(Sunday\) to 6/],
    ['0 0 0 L * *', /only numbers/],
    ['H 0 0 * * *', /only numbers/],
    ['0 0 0 mon * *', /only numbers/],
    ['0 0 0 ? * *', /only numbers/],
    ['0 0 0 * * 1#2', /only numbers/],
    ['@daily', /six fields/],
    ['00:05:00', /six fields/],
    ['0 0 0 * Foo *', /is not an NCRONTAB/],
  ])('refuses %s and shows a right one', (text, why) => {
    expect(() => parseNcrontab(text)).toThrow(ScheduleError);
    expect(() => parseNcrontab(text)).toThrow(why);
    expect(() => parseNcrontab(text)).toThrow('0 */15 * * * *');
  });

  test('every step of seconds and minutes ascends and stays on its grid', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 59 }),
        fc.integer({ min: 0, max: 59 }),
        fc.date({ min: new Date(0), max: new Date('2100-01-01'), noInvalidDate: true }),
        (step, second, after) => {
          const at = new Date(parseNcrontab(`${second} */${step} * * * *`).next(after.getTime()));
          expect(at.getTime()).toBeGreaterThan(after.getTime());
          expect(at.getTime() - after.getTime()).toBeLessThanOrEqual(3_600_000);
          expect([at.getUTCMinutes() % step, at.getUTCSeconds(), at.getUTCMilliseconds()]).toEqual([
            0,
            second,
            0,
          ]);
        },
      ),
      { numRuns: 200 },
    );
  });
});
