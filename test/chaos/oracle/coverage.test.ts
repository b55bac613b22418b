import { test } from 'vitest';
import { expectNamed, type Plant, type Planted } from './support/planted.ts';

const DATE = '2026-11-23';
const ID = `${DATE}T15Z`;
const WITHOUT_ROWS = `${DATE}T16Z`;

const set =
  (columns: Parameters<Planted['set']>[3], id = ID) =>
  (state: Planted): void =>
    state.set('windows', DATE, id, columns);
const ledger = (words: string, id = ID): RegExp => new RegExp(`^ledger ${id}: ${words}`);

const PLANTS: readonly Plant[] = [
  ['a window is not known', ledger('the window is not known'), (state) => state.remove('windows', DATE, ID)],
  ['a window was never read', ledger('state'), set({ state: 'planned' })],
  ['a window failed', ledger('state'), set({ state: 'failed' })],
  ['a read waits to be confirmed', ledger('state'), set({ state: 'shrunk' })],
  ['a witness is still named', ledger('shrunkClaim'), set({ shrunkClaim: 3 })],
  [
    'a read has not ended',
    ledger('read 9 has not ended'),
    set({ claim: 9, plannedAt: '2026-11-20T00:00:00.000Z' }),
  ],
  ['more reads ended than began', ledger('claim 5 and done 9'), set({ done: 9 })],
  ['nobody counted its reads', ledger('reads'), set({ reads: 0 })],
  ['rows are counted wrongly', ledger('rows'), set({ rows: 5 })],
  ['the digest is of other rows', ledger('digest'), set({ digest: 'f'.repeat(64) })],
  [
    'the digest of no rows is that of some',
    ledger('digest', WITHOUT_ROWS),
    set({ digest: 'f'.repeat(64) }, WITHOUT_ROWS),
  ],
  [
    'rejected rows are counted wrongly',
    ledger('rejected', `${DATE}T18Z`),
    set({ rejected: 0 }, `${DATE}T18Z`),
  ],
  ['the day was told of an older blob', ledger('notified'), set({ notified: '0x1' })],
  [
    'the day was told of a blob that is not there',
    ledger('notified', WITHOUT_ROWS),
    set({ notified: '0x1' }, WITHOUT_ROWS),
  ],
  ['attempts are left over', ledger('attempts'), set({ attempts: 1 })],
  ['an error is left over', ledger('lastError'), set({ lastError: 'it broke' })],
  ['a window is said to be unverified', ledger('unverified'), set({ unverified: true })],
  ['a read is said to have fenced nothing', ledger('unfenced'), set({ unfenced: true })],
  ['the lane is none', ledger('lane'), set({ lane: 'fast' })],
  [
    'it is not known when it was read',
    ledger('firstReadAt'),
    (state) => state.unset('windows', DATE, ID, 'lastReadAt'),
  ],
  [
    'it was read before it was over',
    ledger('lastReadAt .* is before its end'),
    set({ lastReadAt: '2026-11-23T15:30:00.000Z' }),
  ],
  [
    'it was read before it was read first',
    ledger('lastReadAt is before firstReadAt'),
    set({ firstReadAt: '2026-11-29T00:00:00.000Z' }),
  ],
  [
    'it will be read',
    ledger('lastReadAt .* is yet to come'),
    set({ lastReadAt: '2026-11-29T00:00:00.000Z' }),
  ],
  [
    'the blob is of a read that has not ended',
    ledger('the blob is of read 2, done is 1', `${DATE}T03Z`),
    set({ done: 1 }, `${DATE}T03Z`),
  ],
  [
    'the counter is lost',
    /^ledger 2026-11-23: the counter of claims is nothing/,
    (state) => state.remove('windows', DATE, '!day'),
  ],
  [
    'the counter is behind',
    /^ledger 2026-11-23: the counter is 2, .* has claim 5/,
    set({ claim: 2 }, '!day'),
  ],
];

test.each(PLANTS)('named: %s', async (_, words, plant) => expectNamed(words, plant));
