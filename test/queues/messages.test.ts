import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  BadMessageError,
  type DayChanged,
  MESSAGE_VERSION,
  parseDayChanged,
  parseWindowJob,
  toMessage,
  type WindowJob,
} from '../../src/queues/messages.ts';

const JOB: WindowJob = {
  from: '2026-11-23T10:00:00Z',
  to: '2026-11-23T12:00:00Z',
  lane: 'live',
  planned: '2026-11-24T06:15:00.250Z',
  expectedRows: 1200,
};
const FULL_JOB: WindowJob = {
  ...JOB,
  lane: 'backfill',
  then: { from: '2026-11-23T12:00:00Z', to: '2026-11-24T00:00:00Z' },
  soon: true,
};

function reasonOf(parse: () => unknown): string {
  try {
    parse();
  } catch (error) {
    expect(error).toBeInstanceOf(BadMessageError);
    expect(error).not.toHaveProperty('cause');
    return (error as Error).message;
  }
  return 'was accepted';
}
const reasonOfJob = (job: unknown): string => reasonOf(() => parseWindowJob({ v: 1, data: job }));
const reasonOfDay = (day: unknown): string => reasonOf(() => parseDayChanged({ v: 1, data: day }));

describe('a message', () => {
  it('is an envelope of version and data, and nothing else on its top level', () => {
    expect(toMessage(JOB)).toEqual({ v: MESSAGE_VERSION, data: JOB });
  });

  it.each([JOB, FULL_JOB])('of a window job arrives as it was sent, parsed or as text', (job) => {
    expect(parseWindowJob(toMessage(job))).toEqual(job);
    expect(parseWindowJob(JSON.stringify(toMessage(job)))).toEqual(job);
  });

  it.each<DayChanged>([
    { date: '2026-11-23' },
    { date: '2024-02-29', seen: 'W/"datetime\'2026\'"', tries: 0 },
    { month: '2026-11' },
    { month: '2026-01', seen: 'x', tries: 3 },
  ])('of a changed day or month arrives as it was sent: %o', (day) => {
    expect(parseDayChanged(JSON.stringify(toMessage(day)))).toEqual(day);
  });

  it('of a window job may span any run of hours up to 90 days', () => {
    const hour = fc.integer({ min: 263_000, max: 1_100_000 });
    fc.assert(
      fc.property(hour, fc.integer({ min: 1, max: 90 * 24 }), (first, length) => {
        const job = {
          ...JOB,
          from: new Date(first * 3_600_000).toISOString(),
          to: new Date((first + length) * 3_600_000).toISOString(),
        };
        expect(parseWindowJob(JSON.stringify(toMessage(job)))).toEqual(job);
      }),
    );
  });
});

describe('a body that is no message', () => {
  it.each(['', '{', '{"v":1,"data":', 'hello'])('because it is not JSON (%j) says so', (text) => {
    expect(reasonOf(() => parseWindowJob(text))).toBe('window job: the body is not JSON');
    expect(reasonOf(() => parseDayChanged(text))).toBe('day message: the body is not JSON');
  });

  it.each([
    null,
    undefined,
    42,
    'null',
    '[1]',
    [],
    {},
    { v: 1 },
    { data: JOB },
    JOB,
    { v: 1, data: JOB, messageId: 'x' },
  ])('because there is no envelope (%j) shows what an envelope is', (body) => {
    expect(reasonOf(() => parseWindowJob(body))).toContain('not an envelope {"v":1,"data":{...}}');
  });

  it.each([
    [2, 'version 2 is unknown, this app reads version 1'],
    [0, 'version 0 is unknown'],
    ['1', 'the version is unknown'],
    [null, 'the version is unknown'],
  ])('because its version is %j says which version is read', (v, reason) => {
    expect(reasonOf(() => parseWindowJob({ v, data: JOB }))).toContain(reason);
    expect(reasonOf(() => parseDayChanged({ v, data: { date: '2026-11-23' } }))).toContain(reason);
  });

  it('is never quoted in the reason, not even the names of its fields', () => {
    const secret = '+4915112345678';
    const bodies = [
      secret,
      JSON.stringify(secret),
      { v: secret, data: JOB },
      { [secret]: 1, v: 1, data: JOB },
      { v: 1, data: { ...JOB, [secret]: 1 } },
      { v: 1, data: { ...JOB, then: { [secret]: 1 } } },
      {
        v: 1,
        data: { ...JOB, from: secret, to: secret, lane: secret, planned: secret, expectedRows: secret },
      },
      { v: 1, data: secret },
      { v: 1, data: { date: secret } },
      { v: 1, data: { month: secret, seen: { secret } } },
    ];
    for (const body of bodies) {
      for (const parse of [parseWindowJob, parseDayChanged]) {
        const reason = reasonOf(() => parse(body));
        expect(reason).not.toBe('was accepted');
        expect(reason).not.toContain(secret);
      }
    }
  });
});

describe('a window job that is impossible', () => {
  it.each<[string, Record<string, unknown>, RegExp]>([
    ['ends before it begins', { from: JOB.to, to: JOB.from }, /from must be before to/],
    ['is empty', { to: JOB.from }, /from must be before to/],
    ['begins within an hour', { from: '2026-11-23T10:30:00Z' }, /whole hours/],
    ['ends within an hour', { to: '2026-11-23T11:59:59.999Z' }, /whole hours/],
    ['spans more than 90 days', { from: '2026-08-25T11:00:00Z' }, /more than 90 days/],
    ['begins on a day that does not exist', { from: '2026-02-30T10:00:00Z' }, /^window job: from: /],
    ['ends at an hour that does not exist', { to: '2026-11-23T25:00:00Z' }, /^window job: to: /],
    ['has a local time', { from: '2026-11-23T10:00:00' }, /^window job: from: /],
    ['has an offset', { from: '2026-11-23T10:00:00+01:00' }, /^window job: from: /],
    ['has a number for an instant', { from: 1_763_892_000_000 }, /^window job: from: /],
    ['has no beginning', { from: undefined }, /^window job: from: /],
    ['has no lane', { lane: undefined }, /^window job: lane: /],
    ['has another lane', { lane: 'express' }, /^window job: lane: .*"live"\|"backfill"/],
    ['has no time of its planning', { planned: undefined }, /^window job: planned: /],
    ['expects less than nothing', { expectedRows: -1 }, /^window job: expectedRows: /],
    ['expects half a row', { expectedRows: 0.5 }, /^window job: expectedRows: /],
    ['says soon in words', { soon: 'yes' }, /^window job: soon: /],
    ['has a field that is not known', { toDate: JOB.to }, /^window job: data: has fields that are not known/],
    ['goes on with half a range', { then: { from: JOB.to } }, /^window job: then\.to: /],
    ['goes on within an hour', { then: { from: JOB.to, to: '2026-11-23T12:30:00Z' } }, /then: .*whole hours/],
    ['goes on backwards', { then: { from: JOB.to, to: JOB.from } }, /then: from must be before to/],
  ])('because it %s is refused', (_why, change, reason) => {
    expect(reasonOfJob({ ...JOB, ...change })).toMatch(reason);
  });

  it('names every fault at once', () => {
    expect(reasonOfJob({ ...JOB, lane: 'x', expectedRows: 'many' })).toMatch(/lane: .*; expectedRows: /);
  });
});

describe('a day message that is impossible', () => {
  it.each<[string, unknown, RegExp]>([
    ['names nothing', {}, /^day message: date: /],
    ['is no object', '2026-11-23', /^day message: data: /],
    ['is a list', [{ date: '2026-11-23' }], /^day message: data: /],
    ['names a day that does not exist', { date: '2026-02-29' }, /^day message: date: /],
    ['names an instant', { date: '2026-11-23T00:00:00Z' }, /^day message: date: /],
    ['names a month that does not exist', { month: '2026-13' }, /month: must be a month such as 2026-11/],
    ['names both a day and a month', { date: '2026-11-23', month: '2026-11' }, /fields that are not known/],
    ['has tries that are no number', { date: '2026-11-23', tries: '1' }, /^day message: tries: /],
    ['has less than no tries', { month: '2026-11', tries: -1 }, /^day message: tries: /],
    ['has something seen that is no ETag', { date: '2026-11-23', seen: null }, /^day message: seen: /],
  ])('because it %s is refused', (_why, data, reason) => {
    expect(reasonOfDay(data)).toMatch(reason);
  });
});
