import { describe, expect, it } from 'vitest';
import { lostWindows } from '../../src/windows/lostWindows.ts';
import { entryOf, ms, readEntry } from './memoryLedger.ts';

const NOW = ms('2026-11-24T06:20:00Z');
const ID = '2026-11-20T10Z';
const EARLIER = '2026-11-24T05:00:00.000Z';
const LATER = '2026-11-24T06:00:00.000Z';
const lost = (entry: ReturnType<typeof entryOf>) => {
  const { unread, unconfirmed } = lostWindows([entry], NOW);
  return unread.length > 0 ? 'unread' : unconfirmed.length > 0 ? 'unconfirmed' : undefined;
};

describe('what was lost with the queues', () => {
  it.each([
    ['asked for and never read', entryOf(ID, { plannedAt: EARLIER }), 'unread'],
    [
      'asked for by a clock that ran further than this one',
      entryOf(ID, { plannedAt: '2027-01-01T00:00:00.000Z' }),
      'unread',
    ],
    ['asked for again after it was read', readEntry(ID, EARLIER, { plannedAt: LATER }), 'unread'],
    [
      'tried in vain, with deliveries left',
      entryOf(ID, { plannedAt: EARLIER, attempts: 3, lastError: 'x' }),
      'unread',
    ],
    [
      'claimed by a read that was not ended',
      readEntry(ID, EARLIER, { plannedAt: EARLIER, claim: 2, claimedAt: LATER }),
      'unread',
    ],
    [
      'asked for again, by a read that took its claim back',
      readEntry(ID, EARLIER, { plannedAt: LATER, claimedAt: '2026-11-24T06:10:00.000Z' }),
      'unread',
    ],
    [
      'not believed, and to be confirmed',
      readEntry(ID, EARLIER, { state: 'shrunk', plannedAt: EARLIER, claim: 2, done: 2, claimedAt: LATER }),
      'unconfirmed',
    ],
    [
      'asked for again after a read that was not believed',
      readEntry(ID, EARLIER, { state: 'shrunk', plannedAt: '2026-11-24T06:10:00.000Z', claimedAt: LATER }),
      'unread',
    ],
    ['read since it was asked for', readEntry(ID, LATER, { plannedAt: EARLIER }), undefined],
    ['read at the instant at which it was asked for', readEntry(ID, LATER, { plannedAt: LATER }), undefined],
    [
      'given up: that was an answer',
      entryOf(ID, { plannedAt: EARLIER, state: 'failed', attempts: 10 }),
      undefined,
    ],
    ['not ended yet by this clock', entryOf('2026-11-24T06Z', { plannedAt: EARLIER }), undefined],
    ['known and never asked for', readEntry(ID, LATER), undefined],
  ])('of a window that was %s', (_, entry, expected) => {
    expect(lost(entry)).toBe(expected);
  });
});
