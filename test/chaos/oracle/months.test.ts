import { test } from 'vitest';
import { expectNamed, type Plant, type Planted } from './support/planted.ts';

const MONTH = '2026-10';
const USER = 'user-b|EUR';
const BY = /^!by\|callType\|user_in\|USD$/;
const set =
  (rowKey: string | RegExp, change: Parameters<Planted['set']>[3]) =>
  (state: Planted): void =>
    state.set('monthlyTotals', MONTH, rowKey, change);
const head = (words: string): RegExp => new RegExp(`^month ${MONTH} head: ${words}`);

const PLANTS: readonly Plant[] = [
  [
    'a month with days has no head',
    /^month 2026-10: there is no head/,
    (state) => state.remove('monthlyTotals', MONTH, '!month'),
  ],
  [
    'totals are missing',
    /^month 2026-10 totals user-b\|EUR: is missing/,
    (state) => state.remove('monthlyTotals', MONTH, USER),
  ],
  [
    'money is off by one micro-unit',
    /^month 2026-10 totals user-b\|EUR: chargeMicros/,
    (state) =>
      set(USER, {
        chargeMicros: 1n + (state.entity('monthlyTotals', MONTH, USER).properties['chargeMicros'] as bigint),
      })(state),
  ],
  [
    'a name is of an earlier day',
    /totals user-b\|EUR: userDisplayName is/,
    set(USER, { userDisplayName: 'Old' }),
  ],
  [
    'the last call is one of an earlier day',
    /totals user-b\|EUR: lastCallAt is/,
    set(USER, { lastCallAt: '2026-11-22T09:00:01Z' }),
  ],
  [
    'totals of a user who is gone are left over',
    /totals gone\|EUR: belongs to no row/,
    (state) => state.add('monthlyTotals', MONTH, USER, 'gone|EUR'),
  ],
  [
    'a breakdown is missing',
    /breakdown !by\|callType\|user_in\|USD: is missing/,
    (state) => state.remove('monthlyTotals', MONTH, BY),
  ],
  ['a breakdown is stale', /breakdown !by\|callType\|user_in\|USD: calls/, set(BY, { calls: 99 })],
  [
    'a month holds a restatement',
    /^month 2026-10 !restated\|1: nothing that belongs there/,
    (state) => state.add('monthlyTotals', MONTH, '!month', '!restated|1'),
  ],
  [
    'a month is made of an older snapshot',
    head('vector\\[2026-11-23\\]'),
    (state) =>
      set('!month', {
        vector: state.text('monthlyTotals', MONTH, '!month', 'vector').replace(/3-id-19/, '2-id-12'),
      })(state),
  ],
  [
    'a month lacks a day',
    head('vector\\[2026-11-22\\] is nothing'),
    (state) =>
      set('!month', {
        vector: state.text('monthlyTotals', MONTH, '!month', 'vector').replace(/"2026-11-22":"[^"]+",/, ''),
      })(state),
  ],
  [
    'a month is final before its days are',
    head('state is "settled", not "provisional"'),
    set('!month', { state: 'settled' }),
  ],
  ['a month is open', head('open'), set('!month', { open: true })],
  ['a month is not complete', head('complete'), set('!month', { complete: false })],
  ['a fold failed', head('lastError'), set('!month', { lastError: 'it broke' })],
  ['rows are counted wrongly', head('rows'), set('!month', { rows: 1 })],
  ['rejected rows are counted wrongly', head('rejected'), set('!month', { rejected: 0 })],
  [
    'a month is of another version',
    /^months: folded by different versions/,
    set('!month', { foldVersion: 'old' }),
  ],
  [
    'totals of a month without days are left over',
    /^month 2026-08 totals user-b\|EUR: belongs to no row/,
    (state) => state.add('monthlyTotals', MONTH, USER, USER, '2026-08'),
  ],
];

test.each(PLANTS)('named: %s', async (_, words, plant) => expectNamed(words, plant));
