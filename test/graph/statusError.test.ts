import { describe, expect, it } from 'vitest';
import { statusError } from '../../src/graph/statusError.ts';
import { errorBody } from './graphServer.ts';

describe('statusError', () => {
  it.each([
    [400, 'refused', false, /will not help/],
    [401, 'unauthorized', false, /GRAPH_CLOUD/],
    [403, 'forbidden', false, /CallRecords\.Read\.All .*CallRecord-PstnCalls\.Read\.All.* admin consent/],
    [404, 'notFound', false, /GRAPH_CLOUD and GRAPH_API_VERSION/],
    [406, 'rangeTooWide', false, /at most 90 days/],
    [408, 'timeout', true, /sent again later/],
    [410, 'refused', false, /will not help/],
    [429, 'throttled', true, /GRAPH_REQUESTS_PER_MINUTE/],
    [500, 'server', true, /sent again later/],
    [502, 'server', true, /sent again later/],
    [503, 'server', true, /sent again later/],
    [504, 'server', true, /sent again later/],
    [509, 'server', true, /sent again later/],
    [302, 'redirect', true, /never followed/],
    [308, 'redirect', true, /never followed/],
    [204, 'badPage', true, /no page of calls/],
  ])('says of %i that it is %s and what to do', (status, kind, transient, message) => {
    const error = statusError(status, '');
    expect(error).toMatchObject({ kind, status, transient, name: 'GraphError' });
    expect(error.message).toMatch(message);
    expect(error.message).toContain(`status ${status}`);
  });

  it('names the code of the answer and nothing else of its body', () => {
    const error = statusError(403, errorBody('Authorization_RequestDenied'));
    expect(error.code).toBe('Authorization_RequestDenied');
    expect(error.message).toContain('code Authorization_RequestDenied');
    expect(error.message).not.toMatch(/Jane|4930/);
  });

  it.each([
    ['<html>'],
    ['null'],
    ['{"error":"x"}'],
    ['{"error":{"code":7}}'],
    ['{"error":{"code":"call +49 30"}}'],
  ])('has no code for the body %s', (body) => {
    expect(statusError(500, body).code).toBeUndefined();
  });
});

describe('GraphError.at', () => {
  it('adds where it happened and keeps what was known', () => {
    const range = { fromMs: 0, toMs: 3_600_000 };
    const error = statusError(503, '', { requestId: 'r-1' }).at({
      page: 3,
      range,
      requestId: 'r-2',
      attempts: 4,
    });
    expect(error).toMatchObject({ kind: 'server', page: 3, requestId: 'r-1', status: 503, transient: true });
    expect(error.message).toContain(
      '[calls from 1970-01-01T00:00:00Z to 1970-01-01T01:00:00Z, page 3, 4 tries, status 503, request-id r-1]',
    );
  });
});
