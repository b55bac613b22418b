import { expect, test } from 'vitest';
import { judge } from './judge.ts';
import { expectNamed, planted, type Plant, type Planted } from './support/planted.ts';

const DATE = '2026-11-23';
const of = (words: string, date = DATE): RegExp => new RegExp(`^day ${date}: ${words}`);
const first = (state: Planted, column: string, n = 1): string =>
  state.text('dailyTotals', DATE, `!restated|${n}`, column);
const set =
  (n: number, change: Parameters<Planted['set']>[3]) =>
  (state: Planted): void =>
    state.set('dailyTotals', DATE, `!restated|${n}`, change);
const record0 = (state: Planted, date = DATE): string =>
  state.ofHead(date, 'settledSnapshot').replace(/^snapshots\/v1\/[^/]+\//, `restatements/v1/${date}/0-`);
const drop = (state: Planted, name: string): boolean => state.final.control.blobs.delete(name);

const SNAPSHOTS: readonly Plant[] = [
  [
    'a head names no snapshot',
    /head: names no snapshot/,
    (state) => state.unset('dailyTotals', DATE, '!day', 'snapshot'),
  ],
  [
    'the snapshot in force is gone',
    /head: its snapshot .* is gone/,
    (state) => drop(state, state.ofHead(DATE, 'snapshot')),
  ],
  [
    'the snapshot in force is another',
    /head: vector of its snapshot/,
    (state) => state.set('dailyTotals', DATE, '!day', { snapshot: first(state, 'from') }),
  ],
  [
    'a snapshot has another amount',
    /^snapshots\/.*: totals .*: chargeMicros is/,
    (state) =>
      state.json(state.ofHead(DATE, 'snapshot'), (body) =>
        Object.assign((body['totals'] as object[])[0] ?? {}, { chargeMicros: '1' }),
      ),
  ],
  [
    'a snapshot lacks a user',
    /^snapshots\/.*: totals .*: is missing/,
    (state) => state.json(state.ofHead(DATE, 'snapshot'), (body) => (body['totals'] as object[]).pop()),
  ],
  [
    'a snapshot lacks a breakdown',
    /^snapshots\/.*: breakdowns .*: is missing/,
    (state) => state.json(first(state, 'to'), (body) => (body['breakdowns'] as object[]).pop()),
  ],
  [
    'a snapshot counts its rows wrongly',
    /^snapshots\/.*: rows is/,
    (state) => state.json(state.ofHead(DATE, 'settledSnapshot'), (body) => (body['rows'] = 1)),
  ],
  [
    'a snapshot names a blob that never was',
    /^snapshots\/.*: names 0x0 of 2026-11-23T15Z/,
    (state) =>
      state.json(first(state, 'to'), (body) =>
        Object.assign(body['vector'] as object, { '2026-11-23T15Z': '0x0' }),
      ),
  ],
  [
    'a snapshot leaves out an id that counts',
    /^snapshots\/.*: repeated\[2026-11-23T15Z\]/,
    (state) =>
      state.json(first(state, 'to'), (body) => (body['repeated'] = { '2026-11-23T15Z': ['call-15'] })),
  ],
  [
    'a snapshot is one of another run',
    /^snapshots\/.*: its name/,
    (state) => state.json(first(state, 'to'), (body) => (body['writer'] = 'another')),
  ],
  [
    'a snapshot counts other rejected rows',
    /head: rejected in its snapshot/,
    (state) => state.json(state.ofHead(DATE, 'snapshot'), (body) => (body['rejected'] = 7)),
  ],
];

const SETTLEMENT: readonly Plant[] = [
  [
    'a settled day does not know with what',
    /head: settledSnapshot is missing/,
    (state) => state.unset('dailyTotals', DATE, '!day', 'settledSnapshot'),
  ],
  [
    'that with which it was settled is gone',
    /head: settledSnapshot .* is gone/,
    (state) => drop(state, state.ofHead(DATE, 'settledSnapshot')),
  ],
  [
    'the record of the settlement is gone',
    of('record .*/0-.* of the settlement is missing'),
    (state) => drop(state, record0(state)),
  ],
  [
    'the day was settled before it was over for long enough',
    of('settled too early, at'),
    (state) => state.json(record0(state), (body) => (body['at'] = '2026-11-24T05:59:59.999Z')),
  ],
  [
    'the record of the settlement has other sums',
    of('record .*: after: sums'),
    (state) => state.json(record0(state), (body) => (body['after'] as object[]).pop()),
  ],
  [
    'the record of the settlement names another snapshot',
    of('record .*: to is'),
    (state) => state.json(record0(state), (body) => (body['to'] = 'another')),
  ],
  [
    'a provisional day was settled once',
    /^day 2026-11-26 head: settledSnapshot is/,
    (state) =>
      state.set('dailyTotals', '2026-11-26', '!day', {
        settledSnapshot: state.ofHead('2026-11-26', 'snapshot'),
      }),
  ],
  [
    'a provisional day has a restatement',
    /^day 2026-11-26 head: restatements is 0, not 1/,
    (state) => {
      const { properties } = state.entity('dailyTotals', DATE, '!restated|1');
      state.tables.dailyTotals.push({
        partitionKey: '2026-11-26',
        rowKey: '!restated|1',
        etag: '',
        properties,
      });
    },
  ],
  [
    'the day was settled with totals older than what settled it',
    of('settled with read 1 of 2026-11-25T23Z, though read 2 had changed it before', '2026-11-25'),
    (state) => {
      // Another read was recorded before the settling one, which had replaced the blob of the last hour.
      const old = [...state.history].find(
        ([, { name, metadata }]) => name.includes('2026-11-25/pstn-calls-2300') && metadata['claim'] === '1',
      );
      const version = old?.[1];
      if (version === undefined) throw new Error('no version');
      state.history.set('0xNEXT', { ...version, metadata: { ...version.metadata, claim: '2' } });
    },
  ],
  [
    'no read could settle the day',
    of('settled, though no read of 2026-11-25T23Z was late enough', '2026-11-25'),
    (state) =>
      Object.assign(state.final, {
        reads: (state.final.reads ?? []).filter(({ windowId }) => windowId !== '2026-11-25T23Z'),
      }),
  ],
];

const LINKS: readonly Plant[] = [
  [
    'the last restatement is missing',
    of('the rows of now are not those with which the last restatement ended'),
    (state) => {
      state.remove('dailyTotals', DATE, '!restated|2');
      state.set('dailyTotals', DATE, '!day', { restatements: 1 });
    },
  ],
  [
    'all restatements are missing',
    of('the rows of now are not those with which it was settled'),
    (state) => {
      for (const n of [1, 2]) state.remove('dailyTotals', DATE, `!restated|${n}`);
      state.set('dailyTotals', DATE, '!day', { restatements: 0, state: 'settled' });
    },
  ],
  [
    'the first restatement is missing',
    of('restatement 1 does not begin where 0 ended'),
    (state) => {
      state.remove('dailyTotals', DATE, '!restated|1');
      state.entity('dailyTotals', DATE, '!restated|2').rowKey = '!restated|1';
      state.set('dailyTotals', DATE, '!day', { restatements: 1 });
    },
  ],
  [
    'a number is left out',
    of('key of restatement 2 is'),
    (state) => (state.entity('dailyTotals', DATE, '!restated|2').rowKey = '!restated|3'),
  ],
  [
    'the head counts others',
    /^day 2026-11-23 head: restatements is 1, not 2/,
    (state) => state.set('dailyTotals', DATE, '!day', { restatements: 1 }),
  ],
  [
    'a restatement changes no row',
    of('restatement 1 changes no row', '2026-11-22'),
    (state) => {
      const date = '2026-11-22';
      const snapshot = state.ofHead(date, 'snapshot');
      const { properties } = state.entity('dailyTotals', DATE, '!restated|1');
      const same = { ...properties, from: snapshot, to: snapshot };
      state.tables.dailyTotals.push({
        partitionKey: date,
        rowKey: '!restated|1',
        etag: '',
        properties: same,
      });
      state.set('dailyTotals', date, '!day', { state: 'restated', restatements: 1 });
    },
  ],
  [
    'a restatement begins elsewhere',
    of('restatement 2 does not begin where 1 ended'),
    (state) => set(2, { from: first(state, 'from') })(state),
  ],
  [
    'a restatement leads back',
    of('restatement 1 changes no row'),
    (state) => set(1, { to: first(state, 'from') })(state),
  ],
  [
    'a snapshot of the chain is gone',
    of('snapshot .* of restatement 1 is gone'),
    (state) => drop(state, first(state, 'to')),
  ],
  [
    'a record is gone',
    of('restatement 1: its record .* is missing'),
    (state) => drop(state, first(state, 'record')),
  ],
  [
    'the entity names another record',
    of('restatement 1: .*record is'),
    set(1, { record: 'restatements/v1/2026-11-23/9-1-x.json' }),
  ],
  [
    'a record does not name the one before it',
    of('restatement 2: record: previous is null'),
    (state) => state.json(first(state, 'record', 2), (body) => (body['previous'] = null)),
  ],
  [
    'sums of before are wrong',
    of('restatement 1: before: sums'),
    (state) => set(1, { before: first(state, 'before').replace(/"calls":\d+/, '"calls":0') })(state),
  ],
  [
    'sums of after are off by one micro-unit',
    of('restatement 1: after: sums'),
    (state) =>
      set(1, { after: first(state, 'after').replace(/("connectionCharge":"0\.00000)\d/, '$1' + '0') })(state),
  ],
  ['a currency is left out', of('restatement 1: after: sums .* are missing'), set(1, { after: '[]' })],
  [
    'rows that came are not counted',
    of('restatement 1: rowsCame is'),
    set(1, { rowsCame: 0, rowsChanged: 9 }),
  ],
  [
    'nobody counted rows',
    of('restatement 2: rowsWent is nothing'),
    (state) => state.unset('dailyTotals', DATE, '!restated|2', 'rowsWent'),
  ],
  ['a restatement has no time', of('restatement 1: at is'), set(1, { at: 'yesterday' })],
  [
    'a record lists another row',
    of('restatement 2: record: rows went: .* is missing'),
    (state) =>
      state.json(first(state, 'record', 2), (body) => Object.assign(body['rows'] as object, { went: [] })),
  ],
  [
    'a record lists a row that never changed',
    of('restatement 2: record: rows came: .* too much'),
    (state) =>
      state.json(first(state, 'record', 2), (body) =>
        Object.assign(body['rows'] as object, { came: [{ id: 'call-15' }] }),
      ),
  ],
  [
    'sums of a currency that no call has are recorded',
    of('restatement 1: before: sums .* are wrong'),
    (state) =>
      set(1, { before: first(state, 'before').replace(/^\[/, '[{"currency":"XXX","calls":1},') })(state),
  ],
  [
    'a record has other sums than its entity',
    of('restatement 1: record: after: sums'),
    (state) => state.json(first(state, 'record'), (body) => (body['after'] = body['before'])),
  ],
  [
    'a record counts other rows than its entity',
    of('restatement 1: record: rowsChanged is'),
    (state) => state.json(first(state, 'record'), (body) => (body['rowsChanged'] = 7)),
  ],
];

test.each([...SNAPSHOTS, ...SETTLEMENT, ...LINKS])('named: %s', async (_, words, plant) =>
  expectNamed(words, plant),
);

test('without the reads, a settlement is judged by its time and its rows alone', async () => {
  const { final } = await planted();
  delete final.reads;
  expect(judge(final)).toEqual([]);
});

test('a clock that was behind does not make a settlement too early', async () => {
  const state = await planted();
  state.final.clocksApartMs = 60_000;
  state.json(record0(state), (body) => (body['at'] = '2026-11-24T05:59:01.000Z'));
  expect(judge(state.final)).toEqual([]);
});

test('a later read by a clock that is behind does not undo a settlement', async () => {
  const state = await planted();
  state.final.clocksApartMs = 60_000;
  state.set('windows', DATE, `${DATE}T16Z`, {
    firstReadAt: '2026-11-23T22:59:30.000Z',
    lastReadAt: '2026-11-23T22:59:30.000Z',
  });
  expect(judge(state.final)).toEqual([]);
});
