import { describe, expect, it } from 'vitest';
import { retryNews } from '../../src/cli/retryNews.ts';

const one = (window: string, reason: string) => ({ window, reason });

describe('what is told of windows that are tried again', () => {
  it('is each reason once, wherever it was met', () => {
    const news = retryNews();
    const first = one('2026-11-20T10Z', 'Graph fails for now [page 1, request-id a]');
    expect(
      news({ retrying: [first, one('2026-11-20T11Z', 'Graph fails for now [page 2, request-id b]')] }),
    ).toEqual([
      'window 2026-11-20T10Z could not be read and is tried again: Graph fails for now [page 1, request-id a]',
    ]);
    expect(news({ retrying: [first, one('2026-11-20T12Z', 'the storage gave no answer')] })).toEqual([
      'window 2026-11-20T12Z could not be read and is tried again: the storage gave no answer',
    ]);
    expect(news({ retrying: [first] })).toEqual([]);
  });

  it('ends after some', () => {
    const news = retryNews();
    const retrying = Array.from({ length: 9 }, (_, i) => one('2026-11-20T10Z', `reason ${i}`));
    expect(news({ retrying })).toHaveLength(5);
    expect(news({ retrying })).toEqual([]);
  });
});
