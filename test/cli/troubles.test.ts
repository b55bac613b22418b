import { describe, expect, it } from 'vitest';
import { troubles } from '../../src/cli/runBackfill.ts';

const NONE = { failed: [], shrunk: [], unfolded: [] };
const failure = (window: string, reason: string) => ({ window, reason });

describe('what is said of a backfill that needs a hand', () => {
  it('is one line for all windows that failed for the same reason, wherever each did', () => {
    const failed = [
      failure('2026-11-20T10Z', 'Graph refuses the request [calls from 2026-11-20T10:00:00Z, request-id a]'),
      failure('2026-11-20T12Z', 'the storage gave no answer'),
      failure('2026-11-21T04Z', 'Graph refuses the request [calls from 2026-11-21T04:00:00Z, request-id b]'),
    ];
    expect(troubles({ ...NONE, failed })).toEqual([
      '2 windows, 2026-11-20T10Z to 2026-11-21T04Z failed: ' +
        'Graph refuses the request [calls from 2026-11-21T04:00:00Z, request-id b]',
      'window 2026-11-20T12Z failed: the storage gave no answer',
    ]);
  });

  it('is one line for all that lost rows, and one a day', () => {
    expect(
      troubles({
        failed: [],
        shrunk: ['2026-11-20T10Z', '2026-11-20T11Z'],
        unfolded: [{ date: '2026-11-20', reason: 'too large' }, { date: '2026-11-21' }],
      }),
    ).toEqual([
      '2 windows, 2026-11-20T10Z to 2026-11-20T11Z lost rows: what was read before is kept until a second read agrees',
      'day 2026-11-20 is not summed yet: too large',
      'day 2026-11-21 is not summed yet: it is waiting',
    ]);
    expect(troubles(NONE)).toEqual([]);
  });
});
