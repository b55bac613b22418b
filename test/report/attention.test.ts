import { describe, expect, it } from 'vitest';
import { needsAttention } from '../../src/report/attention.ts';
import type { FoldedWindows } from '../../src/report/foldWindows.ts';
import type { Status } from '../../src/report/status.ts';

const NOW = Date.parse('2026-11-24T06:20:00Z');
const well: Omit<Status, 'attention'> = {
  at: new Date(NOW).toISOString(),
  coverage: { from: '2026-11-20T00:00:00Z', to: '2026-11-24T06:00:00Z', gaps: [] },
  windows: { planned: 0, read: 100, shrunk: 0, failed: 0 },
  unread: { failed: [], planned: [], stranded: [], unverified: [] },
  days: { provisional: 3, settled: 1, restated: 0, incomplete: 0 },
  restatements: [],
  rejected: { inWindows: 0, withoutDay: 0 },
  queues: [{ queue: 'pstn-days', active: 3, scheduled: 1, deadLetters: 0, orMore: false }],
  deadLetters: [],
  deletedBlobs: [],
  missing: [],
  planner: { coverageFrom: '2026-11-20T00:00:00.000Z', lastTickAt: '2026-11-24T06:15:00.000Z' },
  budget: undefined,
  backfill: { windows: 0, requests: 0, minutes: 0, completeAt: undefined },
};
const folded = (windows: number, first: string, last: string, reason: string): FoldedWindows => ({
  ...{ windows, first, last, reason },
});
const gapOf = (from: string, to: string) => ({ ...well.coverage, gaps: [{ from, to, hours: 1 }] });
const attention = (over: Partial<typeof well>): string[] =>
  needsAttention({ ...well, ...over }, { nowMs: NOW, schedule: '0 */15 * * * *', sourceDays: 88 });

describe('what needs a hand', () => {
  it('is nothing when all is well, whatever waits in the queues', () => {
    expect(attention({})).toEqual([]);
  });

  it('is an app that was deployed and never did anything', () => {
    const nothing = { from: undefined, to: undefined, gaps: [] };
    expect(attention({ planner: undefined, coverage: nothing })).toEqual([
      expect.stringContaining('Nothing has ever been planned or read'),
    ]);
  });

  it('is not a pipeline that only commands have used', () => {
    expect(attention({ planner: undefined })).toEqual([]);
  });

  it('is a timer that missed two ticks, not one that is a little late', () => {
    const tick = (lastTickAt: string) => ({ coverageFrom: '2026-11-20T00:00:00.000Z', lastTickAt });
    expect(attention({ planner: tick('2026-11-24T06:00:00.000Z') })).toEqual([]);
    expect(attention({ planner: tick('2026-11-24T05:45:00.000Z') })).toEqual([
      expect.stringContaining('planWindows ran last at 2026-11-24T05:45:00.000Z'),
    ]);
  });

  it.each([
    [
      {
        unread: {
          ...well.unread,
          failed: [folded(3, '2025-01-01T00Z', '2025-02-01T00Z', 'Graph\nsaid 403')],
        },
      },
      'Failed: 3 windows, 2025-01-01T00Z to 2025-02-01T00Z: Graph said 403',
    ],
    [
      { unread: { ...well.unread, stranded: [folded(1, '2025-01-01T00Z', '2025-01-01T00Z', 'nobody')] } },
      'only "pstn backfill" asks again: 1 window, 2025-01-01T00Z: nobody',
    ],
    [
      { coverage: gapOf('2026-11-22T01:00:00Z', '2026-11-22T06:00:00Z') },
      'Not read: 2026-11-22T01:00:00Z to 2026-11-22T06:00:00Z (5 hours).',
    ],
    [
      { deletedBlobs: ['2026-11-22T01Z', '2026-11-22T02Z'] },
      'Raw files are gone of windows that had calls: 2026-11-22T01Z, 2026-11-22T02Z. The totals stay',
    ],
    [{ windows: { ...well.windows, shrunk: 1 } }, '1 windows lost rows'],
    [
      { queues: [{ queue: 'pstn-days' as const, active: 0, scheduled: 0, deadLetters: 1000, orMore: true }] },
      '1000 or more dead letters in pstn-days.',
    ],
    [{ days: { ...well.days, incomplete: 1 } }, '1 days are being summed'],
    [{ rejected: { inWindows: 2, withoutDay: 1 } }, '3 rows do not fit'],
  ])('%j', (over, line) => {
    expect(attention(over)).toEqual([expect.stringContaining(line)]);
  });

  it('is a gap above all that soon cannot be read any more, then what may be lost already', () => {
    // Now it is 06:20: what began at 07:00, 88 days ago, can still be read.
    expect(attention({ coverage: gapOf('2026-08-27T00:00:00Z', '2026-09-01T00:00:00Z') })).toEqual([
      expect.stringMatching(
        /^Not read, and soon out of reach: 2026-08-28T07:00:00Z to 2026-08-30T07:00:00Z \(48 hours\).*"pstn backfill"/,
      ),
      expect.stringMatching(
        /^Not read, and older than 88 days: 2026-08-27T00:00:00Z to 2026-08-28T07:00:00Z \(31 hours\)/,
      ),
      'Not read: 2026-08-30T07:00:00Z to 2026-09-01T00:00:00Z (41 hours).',
    ]);
  });

  it('is not what is on its way, nor what was read when it was old', () => {
    const line = [folded(24, '2025-01-01T00Z', '2025-01-01T23Z', 'not tried yet')];
    expect(attention({ unread: { ...well.unread, planned: line, unverified: line } })).toEqual([]);
  });

  it('has one line for each of a few reasons why windows failed, and one for all others', () => {
    const failed = Array.from({ length: 8 }, (_, i) =>
      folded(2, '2025-01-01T00Z', '2025-01-01T01Z', `fault ${'abcdefgh'.charAt(i)}`),
    );
    const lines = attention({ unread: { ...well.unread, failed } });
    expect(lines).toHaveLength(6);
    expect(lines[0]).toContain('fault a');
    expect(lines[5]).toBe('Failed: 6 more windows for other reasons; "pstn status --json" has all.');
  });

  it('names a few of the raw files that are gone, if they are many', () => {
    const deletedBlobs = Array.from(
      { length: 24 },
      (_, hour) => `2026-11-22T${String(hour).padStart(2, '0')}Z`,
    );
    const [line = ''] = attention({ deletedBlobs });
    expect(line).toContain('2026-11-22T04Z and 19 more');
  });

  it('is a part that is missing: one line for all of them, and none about what they cannot say', () => {
    const nothing = { from: undefined, to: undefined, gaps: [] };
    const missing = ['container pstn-raw', 'table windows'];
    expect(attention({ planner: undefined, coverage: nothing, missing })).toEqual([
      expect.stringMatching(/^Missing: container pstn-raw, table windows\. Deploy .*"pstn local"/),
    ]);
  });

  it('names why messages were given up, the most frequent reason first, each once', () => {
    const queue = 'pstn-days' as const;
    const letter = (reason: string) => ({ queue, messageId: 'm', enqueuedAt: undefined, reason });
    const queues = [{ queue, active: 0, scheduled: 0, deadLetters: 4, orMore: false }];
    const deadLetters = [letter('no\u001b[31m\ndate'), letter('not JSON'), letter('not JSON')];
    expect(attention({ queues, deadLetters })).toEqual([
      '4 dead letters in pstn-days: 2 times "not JSON", once "no [31m date".',
    ]);
  });

  it('stays short, however many and long the reasons are', () => {
    const queue = 'pstn-days' as const;
    const queues = [{ queue, active: 0, scheduled: 0, deadLetters: 20, orMore: false }];
    const deadLetters = Array.from({ length: 20 }, (_, i) => ({
      queue,
      messageId: 'm',
      enqueuedAt: undefined,
      reason: `${i} ${'x'.repeat(5000)}`,
    }));
    const [line = ''] = attention({ queues, deadLetters });
    expect(line.length).toBeLessThan(2000);
    expect(line).toContain('and other reasons');
  });
});
