import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  blobPathOf,
  DAY_MS,
  dateOf,
  datesBetween,
  rawBlobName,
  rawDayPrefix,
  rejectedBlobName,
  toInstant,
  WINDOW_MS,
  windowAt,
  windowOfId,
  windowOfRawBlob,
  windowsBetween,
  windowsOfDay,
} from '../../src/windows/grid.ts';
import { ms } from './memoryLedger.ts';

const instants = fc.integer({ min: ms('2019-01-01T00:00:00Z'), max: ms('2099-12-31T23:59:59.999Z') });

describe('a window', () => {
  it('is one hour of the UTC clock, named by its start', () => {
    expect(windowAt(ms('2026-11-23T10:59:59.999Z'))).toEqual({
      id: '2026-11-23T10Z',
      date: '2026-11-23',
      hour: 10,
      fromMs: ms('2026-11-23T10:00:00Z'),
      toMs: ms('2026-11-23T11:00:00Z'),
    });
  });

  it('is half open: the stroke of the hour belongs to the window that begins', () => {
    expect(windowAt(ms('2026-11-23T11:00:00Z')).id).toBe('2026-11-23T11Z');
    expect(windowAt(ms('2026-12-31T23:59:59.999Z')).id).toBe('2026-12-31T23Z');
    expect(windowAt(ms('2027-01-01T00:00:00Z')).id).toBe('2027-01-01T00Z');
  });

  it('knows no daylight saving: every day has 24', () => {
    expect(windowsOfDay('2026-03-29').map((window) => window.hour)).toEqual([...Array(24).keys()]);
    expect(windowsOfDay('2028-02-29')).toHaveLength(24);
  });

  it('lands in a folder of its date and a file of its hour', () => {
    const window = windowOfId('2026-11-23T09Z');
    expect(blobPathOf(window)).toBe('callDate=2026-11-23/pstn-calls-0900-PT60M.jsonl');
    expect(rawBlobName(window)).toBe('ndjson/v1/callDate=2026-11-23/pstn-calls-0900-PT60M.jsonl');
    expect(rejectedBlobName(window)).toBe('rejected/v1/callDate=2026-11-23/pstn-calls-0900-PT60M.jsonl');
    expect(rawBlobName(window).startsWith(rawDayPrefix('2026-11-23'))).toBe(true);
  });

  it.each([
    '2026-11-23',
    '2026-11-23T24Z',
    '2026-11-23T1Z',
    '2026-11-31T10Z',
    '2026-11-23T10:00:00Z',
    '2026-11-23T10',
    '',
  ])('is not named %j', (id) => {
    expect(() => windowOfId(id)).toThrow(RangeError);
  });

  it('contains the instant it was asked for, and no neighbour does', () => {
    fc.assert(
      fc.property(instants, (at) => {
        const window = windowAt(at);
        expect(window.fromMs).toBeLessThanOrEqual(at);
        expect(window.toMs).toBeGreaterThan(at);
        expect(window.toMs - window.fromMs).toBe(WINDOW_MS);
        expect(window.date).toBe(dateOf(at));
        expect(windowOfId(window.id)).toEqual(window);
        expect(windowOfRawBlob(rawBlobName(window))).toEqual(window);
      }),
    );
  });

  it('sorts by name as by time', () => {
    fc.assert(
      fc.property(instants, instants, (a, b) => {
        const [first, second] = [windowAt(a), windowAt(b)];
        expect(first.id < second.id).toBe(first.fromMs < second.fromMs);
        expect(rawBlobName(first) < rawBlobName(second)).toBe(first.fromMs < second.fromMs);
      }),
    );
  });
});

describe('a name in the raw folder', () => {
  it.each([
    'ndjson/v1/callDate=2026-11-23/pstn-calls-2400-PT60M.jsonl',
    'ndjson/v1/callDate=2026-02-30/pstn-calls-1000-PT60M.jsonl',
    'ndjson/v1/callDate=2026-11-23/pstn-calls-1030-PT60M.jsonl',
    'ndjson/v1/callDate=2026-11-23/pstn-calls-1000-PT60M.jsonl.bak',
    'ndjson/v1/callDate=2026-11-23/readme.txt',
    'rejected/v1/callDate=2026-11-23/pstn-calls-1000-PT60M.jsonl',
  ])('that is no window is none: %s', (name) => {
    expect(windowOfRawBlob(name)).toBeUndefined();
  });
});

describe('a range', () => {
  it('is cut into adjacent windows that cover it exactly', () => {
    fc.assert(
      fc.property(instants, fc.integer({ min: 0, max: 200 }), (at, hours) => {
        const fromMs = windowAt(at).fromMs;
        const windows = windowsBetween(fromMs, fromMs + hours * WINDOW_MS);
        expect(windows).toHaveLength(hours);
        windows.forEach((window, i) => expect(window.fromMs).toBe(fromMs + i * WINDOW_MS));
      }),
    );
  });

  it('must have whole hours as bounds, and the error says which it had', () => {
    const [from, to] = [ms('2026-11-23T10:00:00Z'), ms('2026-11-23T11:30:00Z')];
    expect(() => windowsBetween(from, to)).toThrow('2026-11-23T11:30:00Z');
    expect(() => windowsBetween(to, from)).toThrow(RangeError);
  });

  it('touches each date from its first instant to the one before its last', () => {
    expect(datesBetween(ms('2026-11-23T23:59:59Z'), ms('2026-11-24T00:00:00.001Z'))).toEqual([
      '2026-11-23',
      '2026-11-24',
    ]);
    expect(datesBetween(ms('2026-11-23T00:00:00Z'), ms('2026-11-24T00:00:00Z'))).toEqual(['2026-11-23']);
    expect(datesBetween(ms('2026-11-23T00:00:00Z'), ms('2026-11-23T00:00:00Z'))).toEqual([]);
  });

  it('of days touches the dates of its windows', () => {
    fc.assert(
      fc.property(instants, fc.integer({ min: 1, max: 5 * DAY_MS }), (fromMs, lengthMs) => {
        const dates = datesBetween(fromMs, fromMs + lengthMs);
        expect(dates[0]).toBe(dateOf(fromMs));
        expect(dates.at(-1)).toBe(dateOf(fromMs + lengthMs - 1));
        expect(new Set(dates).size).toBe(dates.length);
      }),
    );
  });
});

it('an instant is written without fractions, which are cut', () => {
  expect(toInstant(ms('2026-11-23T10:00:00.999Z'))).toBe('2026-11-23T10:00:00Z');
});
