import { describe, expect, it } from 'vitest';
import { expectedRequests } from '../../src/windows/expectedRequests.ts';

describe('the requests to expect for rows', () => {
  it.each([
    [0, 1],
    [1, 1],
    [1_000, 1],
    [1_001, 2],
    [49_999, 50],
  ])('for %i are %i: a page has a thousand, and none costs one all the same', (rows, requests) => {
    expect(expectedRequests(rows)).toBe(requests);
  });
});
