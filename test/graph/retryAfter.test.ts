import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseRetryAfter } from '../../src/graph/retryAfter.ts';

const NOW = Date.parse('2026-11-24T06:00:00Z');
const parse = (retryAfter: string | undefined, date?: string) => parseRetryAfter({ retryAfter, date }, NOW);

describe('parseRetryAfter', () => {
  it.each([
    ['0', 0],
    ['7', 7_000],
    [' 120 ', 120_000],
    ['1.5', 1_500],
    ['0.0001', 1],
    ['86400', 86_400_000],
  ])('reads %j as seconds', (text, ms) => {
    expect(parse(text)).toBe(ms);
  });

  it.each([
    ['Tue, 24 Nov 2026 06:00:30 GMT'],
    ['Tuesday, 24-Nov-26 06:00:30 GMT'],
    ['Tue Nov 24 06:00:30 2026'],
  ])('reads the date %j relative to the Date of the answer, not to the own clock', (text) => {
    expect(parse(text, 'Tue, 24 Nov 2026 06:00:10 GMT')).toBe(20_000);
    expect(parse(text, 'Tue, 24 Nov 2026 05:59:00 GMT')).toBe(90_000);
  });

  it('falls back to the own clock where the answer has no usable Date', () => {
    expect(parse('Tue, 24 Nov 2026 06:00:30 GMT')).toBe(30_000);
    expect(parse('Tue, 24 Nov 2026 06:00:30 GMT', 'soon')).toBe(30_000);
  });

  it('is zero for a date that has passed', () => {
    expect(parse('Tue, 24 Nov 2026 05:00:00 GMT')).toBe(0);
  });

  it.each([
    [undefined],
    [''],
    ['soon'],
    ['-5'],
    ['1e3'],
    ['5s'],
    ['Infinity'],
    ['9'.repeat(400)],
    ['2026-11-24T06:00:30Z'],
    ['Foo, 99 Bar 2026 06:00:30 GMT'],
  ])('makes nothing of %j', (text) => {
    expect(parse(text)).toBeUndefined();
  });

  it('never waits less than the seconds said', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 10_000_000 }), (seconds) => {
        expect(parse(String(seconds))).toBe(seconds * 1_000);
      }),
    );
  });

  it('waits exactly until a date said, whatever the clocks show', () => {
    const second = fc.integer({ min: 0, max: 4_000_000_000 });
    fc.assert(
      fc.property(second, fc.integer({ min: 0, max: 1_000_000 }), fc.integer(), (sent, wait, nowMs) => {
        const headers = { retryAfter: utc(sent + wait), date: utc(sent) };
        expect(parseRetryAfter(headers, nowMs)).toBe(wait * 1_000);
      }),
    );
  });

  it('gives a wait or nothing for any text', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (retryAfter, date) => {
        const ms = parseRetryAfter({ retryAfter, date }, NOW);
        expect(ms === undefined || (Number.isSafeInteger(ms) && ms >= 0)).toBe(true);
      }),
    );
  });
});

const utc = (seconds: number): string => new Date(seconds * 1_000).toUTCString();
