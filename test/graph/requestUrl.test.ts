import { describe, expect, it } from 'vitest';
import { MAX_RANGE_MS, requestUrl } from '../../src/graph/requestUrl.ts';

const fromMs = Date.parse('2026-11-23T10:00:00Z');
const at = (version: 'v1.0' | 'beta', toMs: number) =>
  requestUrl('https://graph.microsoft.com', version, { fromMs, toMs });

describe('requestUrl', () => {
  it('writes full instants without quotes', () => {
    expect(at('v1.0', Date.parse('2026-11-23T11:00:00Z'))).toBe(
      'https://graph.microsoft.com/v1.0/communications/callRecords/' +
        'getPstnCalls(fromDateTime=2026-11-23T10:00:00Z,toDateTime=2026-11-23T11:00:00Z)',
    );
  });

  it('keeps milliseconds', () => {
    expect(at('beta', fromMs + 3_599_999)).toMatch(
      /^https:\/\/graph\.microsoft\.com\/beta\/.*=2026-11-23T10:59:59\.999Z\)$/,
    );
  });

  it('takes 90 days and a single instant', () => {
    expect(at('v1.0', fromMs + MAX_RANGE_MS)).toContain('toDateTime=2027-02-21T10:00:00Z');
    expect(at('v1.0', fromMs)).toContain('toDateTime=2026-11-23T10:00:00Z');
  });

  it.each([
    ['wider than 90 days', fromMs + MAX_RANGE_MS + 1, /at most 90 days/],
    ['reversed', fromMs - 1, /ends before it begins/],
    ['no time', NaN, /ends before it begins/],
  ])('refuses a range that is %s', (_name, toMs, message) => {
    expect(() => at('v1.0', toMs)).toThrow(message);
  });
});
