import { test } from 'vitest';
import { expectNamed, type Plant, type Planted } from './support/planted.ts';

const DATE = '2026-11-23';
const USER = 'user-b|EUR';
const BY = /^!by\|callType\|user_in\|USD$/;

const set =
  (rowKey: string | RegExp, change: Parameters<Planted['set']>[3], date = DATE) =>
  (state: Planted): void =>
    state.set('dailyTotals', date, rowKey, change);
const head = (words: string, date = DATE): RegExp => new RegExp(`^day ${date} head: ${words}`);
const micros = (state: Planted, key: string | RegExp, column: string): bigint =>
  state.entity('dailyTotals', DATE, key).properties[column] as bigint;

const TOTALS: readonly Plant[] = [
  [
    'totals are missing',
    /^day 2026-11-23 totals user-b\|EUR: is missing/,
    (state) => state.remove('dailyTotals', DATE, USER),
  ],
  [
    'money is off by one micro-unit',
    /totals user-b\|EUR: .*chargeMicros is/,
    (state) => set(USER, { chargeMicros: micros(state, USER, 'chargeMicros') + 1n })(state),
  ],
  ['the text of money is another', /totals user-b\|EUR: charge is/, set(USER, { charge: '0.000000' })],
  [
    'connection charges are added to charges',
    /totals user-b\|EUR: .*connectionCharge is/,
    set(USER, { connectionCharge: '0.000000', connectionChargeMicros: 0n }),
  ],
  ['a count is off', /totals user-b\|EUR: callsOut is/, set(USER, { callsOut: 17 })],
  [
    'seconds are of another type',
    /totals user-b\|EUR: durationSeconds is/,
    set(USER, { durationSeconds: 7 }),
  ],
  ['calls without a price are not counted', /callsUnpriced is/, set(/^%2D\|EUR$/, { callsUnpriced: 9 })],
  [
    'a name is not that of the latest call',
    /userPrincipalName is/,
    set(USER, { userPrincipalName: 'old@example.test' }),
  ],
  ['the first call is another', /firstCallAt is/, set(USER, { firstCallAt: '2026-11-23T00:00:00Z' })],
  [
    'it is not known when they changed',
    /updatedAt is nothing/,
    (state) => state.unset('dailyTotals', DATE, USER, 'updatedAt'),
  ],
  ['a column belongs to nothing', /totals user-b\|EUR: dimension is/, set(USER, { dimension: 'callType' })],
  [
    'totals of a user who is gone are left over',
    /^day 2026-11-23 totals gone\|EUR: belongs to no row/,
    (state) => state.add('dailyTotals', DATE, USER, 'gone|EUR'),
  ],
  [
    'a user stands under a key in other letters as well',
    /totals User-B\|EUR: belongs to no row/,
    (state) => state.add('dailyTotals', DATE, USER, 'User-B|EUR'),
  ],
  [
    'a breakdown is missing',
    /^day 2026-11-23 breakdown !by\|callType\|user_in\|USD: is missing/,
    (state) => state.remove('dailyTotals', DATE, BY),
  ],
  ['a breakdown is stale', /breakdown !by\|callType\|user_in\|USD: calls is/, set(BY, { calls: 99 })],
  [
    'a breakdown is left over',
    /breakdown !by\|callType\|gone\|USD: belongs to no row/,
    (state) => state.add('dailyTotals', DATE, BY, '!by|callType|gone|USD'),
  ],
  [
    'a key is nothing that is known',
    /^day 2026-11-23 !else: nothing that belongs there/,
    (state) => state.add('dailyTotals', DATE, USER, '!else'),
  ],
  [
    'a day that nobody had to read has totals',
    /^day 2026-12-24: totals of a day that nobody had to read/,
    (state) => state.add('dailyTotals', DATE, USER, USER, '2026-12-24'),
  ],
];

const HEADS: readonly Plant[] = [
  [
    'a day with rows has no head',
    /^day 2026-11-23: there is no head/,
    (state) => state.remove('dailyTotals', DATE, '!day'),
  ],
  [
    'a settled day without rows has no head',
    /^day 2026-11-21: still without a head/,
    (state) => state.remove('dailyTotals', '2026-11-21', '!day'),
  ],
  ['a head is open', head('open'), set('!day', { open: true })],
  ['a head is not complete', head('complete'), set('!day', { complete: false })],
  ['a fold failed', head('lastError'), set('!day', { lastError: 'it broke' })],
  ['a head says frozen', head('frozen'), set('!day', { frozen: true })],
  [
    'a vector names an older blob',
    head('vector\\[2026-11-23T15Z\\]'),
    (state) =>
      set('!day', { vector: state.ofHead(DATE, 'vector').replace(/("2026-11-23T15Z":)"[^"]+"/, '$1"0x1"') })(
        state,
      ),
  ],
  [
    'a vector lacks a window',
    head('vector\\[2026-11-23T15Z\\] is nothing'),
    (state) =>
      set('!day', { vector: state.ofHead(DATE, 'vector').replace(/"2026-11-23T15Z":"[^"]+",/, '') })(state),
  ],
  [
    'a vector names a blob that is not there',
    head('vector\\[2026-11-21T01Z\\] is "0x1", not nothing', '2026-11-21'),
    set('!day', { vector: '{"2026-11-21T01Z":"0x1"}' }, '2026-11-21'),
  ],
  ['a vector is none', head('vector is no JSON object'), set('!day', { vector: '[]' })],
  ['rows are counted wrongly', head('rows is'), set('!day', { rows: 1 })],
  ['rejected rows are counted wrongly', head('rejected is'), set('!day', { rejected: 0 })],
  ['a head was never claimed', head('generation'), set('!day', { generation: 0 })],
  ['a head was never written', head('step'), set('!day', { step: 0 })],
  [
    'a head does not say by which version it was folded',
    head('foldVersion is ""'),
    set('!day', { foldVersion: '' }),
  ],
  ['a head does not say when it was completed', head('updatedAt'), set('!day', { updatedAt: '' })],
  ['a head has no writer', head('writer'), set('!day', { writer: '' })],
  [
    'a day is folded by another version',
    /^days: folded by different versions/,
    set('!day', { foldVersion: 'old' }),
  ],
  ['a state is none', head('state is'), set('!day', { state: 'final' })],
  [
    'a day is settled too early',
    head('settled, though the ledger', '2026-11-26'),
    set('!day', { state: 'settled' }, '2026-11-26'),
  ],
  [
    'a day is provisional too long',
    head('still provisional', '2026-11-22'),
    set('!day', { state: 'provisional' }, '2026-11-22'),
  ],
  [
    'a day is settled though a window was read too early',
    head('restated, though the ledger'),
    (state) => state.set('windows', DATE, `${DATE}T16Z`, { lastReadAt: '2026-11-23T22:59:59.999Z' }),
  ],
  [
    'a day is restated that has no restatement',
    head('restated with 0', '2026-11-22'),
    set('!day', { state: 'restated' }, '2026-11-22'),
  ],
  ['a day is settled that has restatements', head('settled with 2'), set('!day', { state: 'settled' })],
];

test.each([...TOTALS, ...HEADS])('named: %s', async (_, words, plant) => expectNamed(words, plant));
