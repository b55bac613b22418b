import { describe, expect, it } from 'vitest';
import { foldWindows, spanText } from '../../src/report/foldWindows.ts';
import { unreadWindows } from '../../src/report/unreadWindows.ts';
import { entryOf, readEntry } from '../windows/memoryLedger.ts';

const NOW = Date.parse('2026-11-24T06:20:00Z');
const unread = (...entries: ReturnType<typeof entryOf>[]) =>
  unreadWindows(entries, { nowMs: NOW, sourceDays: 88 });
const NOTHING = { failed: [], planned: [], stranded: [], unverified: [] };

/** As an error of a page of the call log names its place. */
const place = (hour: number): string =>
  ` [calls from 2026-11-20T0${hour}:00:00Z to 2026-11-20T0${hour + 1}:00:00Z, page ${hour}, ${hour} tries, status 403, ` +
  `request-id ${hour}-abc, client-request-id 1a2b3c4d-0000-4000-8000-00000000000${hour}]`;

describe('windows of which something is still to be known', () => {
  it('are none where all were read', () => {
    expect(unread(readEntry('2026-11-20T01Z', '2026-11-20T03:00:00.000Z'))).toEqual(NOTHING);
  });

  it('are one line for those that failed alike, however old, whatever page or request it was', () => {
    const failed = (id: string, lastError: string) =>
      entryOf(id, { state: 'failed', attempts: 10, lastError });
    expect(
      unread(
        failed('2024-02-29T23Z', `Graph denies access${place(1)}`),
        failed('2026-11-20T02Z', `Graph denies access${place(2)}`),
        failed('2026-11-20T03Z', 'claim 4 never finished'),
        failed('2026-11-20T05Z', 'claim 17 never finished'),
        failed('2026-11-20T04Z', `Graph denies access${place(2)}`.replace('403', '401')),
        entryOf('2026-11-19T00Z', { state: 'failed' }),
      ).failed,
    ).toEqual([
      { windows: 2, first: '2026-11-20T03Z', last: '2026-11-20T05Z', reason: 'claim 17 never finished' },
      expect.objectContaining({ windows: 1, last: '2026-11-20T04Z' }),
      {
        windows: 2,
        first: '2024-02-29T23Z',
        last: '2026-11-20T02Z',
        reason: `Graph denies access${place(2)}`,
      },
      { windows: 1, first: '2026-11-19T00Z', last: '2026-11-19T00Z', reason: 'no reason was left' },
    ]);
  });

  it('are those that were asked for and not read yet, with what stopped them last', () => {
    expect(
      unread(
        entryOf('2025-03-01T00Z', { plannedAt: '2026-11-24T06:00:00.000Z' }),
        entryOf('2025-03-01T01Z', { plannedAt: '2026-11-24T06:00:00.000Z' }),
        entryOf('2026-11-20T01Z', {
          plannedAt: '2026-11-20T06:00:00.000Z',
          lastError: 'no answer',
          attempts: 2,
        }),
      ),
    ).toEqual({
      ...NOTHING,
      planned: [
        { windows: 1, first: '2026-11-20T01Z', last: '2026-11-20T01Z', reason: 'no answer' },
        { windows: 2, first: '2025-03-01T00Z', last: '2025-03-01T01Z', reason: 'not tried yet' },
      ],
    });
  });

  it('are stranded where nobody asks again: too old for the planner, and asked for a day ago', () => {
    // 88 days before now: 2026-08-28T06:20. The one that begins later is the planner's.
    const asked = { plannedAt: '2026-11-23T06:20:00.000Z' };
    const { planned, stranded } = unread(
      entryOf('2026-08-28T06Z', asked),
      entryOf('2026-08-28T07Z', asked),
      entryOf('2026-08-28T05Z', { plannedAt: '2026-11-23T06:20:00.001Z' }),
      entryOf('2026-08-28T04Z', { ...asked, claimedAt: '2026-11-24T00:00:00.000Z' }),
    );
    expect(stranded.map(({ first, last }) => [first, last])).toEqual([['2026-08-28T06Z', '2026-08-28T06Z']]);
    expect(planned).toEqual([
      { windows: 3, first: '2026-08-28T04Z', last: '2026-08-28T07Z', reason: 'not tried yet' },
    ]);
  });

  it('are those that nobody read when Graph had them for sure: by why', () => {
    const at = '2026-11-20T03:00:00.000Z';
    const { unverified } = unread(
      readEntry('2025-01-01T00Z', at, { unverified: true }),
      readEntry('2025-01-01T01Z', at, { unverified: true, rows: 7 }),
    );
    expect(unverified.map(({ windows, reason }) => ({ windows, reason }))).toEqual([
      { windows: 1, reason: 'known from their raw files only' },
      { windows: 1, reason: expect.stringMatching(/^no calls came, .*88 days/) as string },
    ]);
  });
});

it('a line says how many and from which to which', () => {
  const lines = foldWindows([entryOf('2026-11-20T01Z'), entryOf('2026-11-20T03Z')], () => 'x');
  expect(lines.map(spanText)).toEqual(['2 windows, 2026-11-20T01Z to 2026-11-20T03Z']);
  expect(foldWindows([entryOf('2026-11-20T01Z')], () => 'x').map(spanText)).toEqual([
    '1 window, 2026-11-20T01Z',
  ]);
});
