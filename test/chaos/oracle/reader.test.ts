import { expect, test } from 'vitest';
import type { Entity } from '../../../src/storage/tables.ts';
import { judgeDay, judgeMonth } from './judge.ts';
import { expectedLine } from './landing.ts';
import { rowOf } from './support/finishedRun.ts';
import { planted, type Planted, RAW } from './support/planted.ts';
import type { BlobVersion } from './state.ts';

const DATE = '2026-11-23';
const headOf = (state: Planted): Entity => state.entity('dailyTotals', DATE, '!day');
const entitiesOf = (state: Planted): Entity[] =>
  state.tables.dailyTotals.filter(({ partitionKey }) => partitionKey === DATE);

test('a complete head and its entities are the fold of the blobs that it names', async () => {
  const state = await planted();
  expect(judgeDay(headOf(state), entitiesOf(state), state.history)).toEqual([]);
});

test('of a head that is not complete nothing is said', async () => {
  const state = await planted();
  state.set('dailyTotals', DATE, '!day', { complete: false });
  state.remove('dailyTotals', DATE, 'user-b|EUR');
  expect(judgeDay(headOf(state), entitiesOf(state), state.history)).toEqual([]);
});

test('a mixed day under a complete head is named', async () => {
  const state = await planted();
  state.set('dailyTotals', DATE, 'user-b|EUR', { calls: 99 });
  const [difference] = judgeDay(headOf(state), entitiesOf(state), state.history);
  expect(difference).toMatch(/^day 2026-11-23 while it runs totals user-b\|EUR: calls is 99/);
});

test('totals of other versions than those that the vector names are named', async () => {
  const state = await planted();
  const [etag] = [...state.history].find(([, { name }]) => name === RAW(DATE, '06')) ?? [''];
  const vector = state.ofHead(DATE, 'vector').replace(/("2026-11-23T06Z":)"[^"]+"/, `$1"${etag}"`);
  state.set('dailyTotals', DATE, '!day', { vector });
  expect(judgeDay(headOf(state), entitiesOf(state), state.history)).toContainEqual(
    expect.stringMatching(/rows is 30, not 31/),
  );
});

test('a version that never was is named', async () => {
  const state = await planted();
  state.set('dailyTotals', DATE, '!day', { vector: '{"2026-11-23T06Z":"0x0"}' });
  expect(judgeDay(headOf(state), entitiesOf(state), state.history)).toContainEqual(
    expect.stringMatching(/names 0x0 of 2026-11-23T06Z, a blob that never was/),
  );
});

test('an id that stands in two blobs counts from that of the later claim', async () => {
  const state = await planted();
  const history = new Map<string, BlobVersion>();
  const land = (hour: string, claim: number, minute: string, currency: string): void => {
    const row = rowOf(7, { startDateTime: `${DATE}T${hour}:${minute}:00Z`, currency });
    const version = {
      name: RAW(DATE, hour),
      text: `${expectedLine(row)}\n`,
      metadata: { claim: String(claim) },
    };
    history.set(`0x${hour}`, version);
  };
  land('06', 2, '10', 'EUR');
  land('20', 1, '30', 'USD');
  state.set('dailyTotals', DATE, '!day', {
    vector: '{"2026-11-23T06Z":"0x06","2026-11-23T20Z":"0x20"}',
    rows: 1,
  });
  const differences = judgeDay(headOf(state), [], history);
  expect(differences).toContainEqual(expect.stringMatching(/totals a%2Fb%7Cc\|EUR: is missing/));
  expect(differences).not.toContainEqual(expect.stringContaining('USD'));
  expect(differences).not.toContainEqual(expect.stringContaining('rows'));
});

test('a vector that is none is named', async () => {
  const state = await planted();
  state.set('dailyTotals', DATE, '!day', { vector: '[' });
  expect(judgeDay(headOf(state), [], state.history)).toContainEqual(
    expect.stringMatching(/vector is no JSON object/),
  );
});

const MONTH = '2026-10';
function readMonth(state: Planted): string[] {
  const entities = state.tables.monthlyTotals.filter(({ partitionKey }) => partitionKey === MONTH);
  const names = [...state.final.control.blobs.keys()];
  const snapshots = new Map(names.map((name) => [name, state.final.control.text(name) ?? '']));
  return judgeMonth(state.entity('monthlyTotals', MONTH, '!month'), entities, snapshots, state.history);
}

test('a complete month is the fold of the snapshots that it names, which need not be those of now', async () => {
  const state = await planted();
  expect(readMonth(state)).toEqual([]);
  state.set('dailyTotals', DATE, '!day', { snapshot: 'another' });
  expect(readMonth(state)).toEqual([]);
});

test('a mixed month under a complete head is named, and nothing is said of one that is not complete', async () => {
  const state = await planted();
  state.remove('monthlyTotals', MONTH, 'user-b|EUR');
  expect(readMonth(state)).toEqual(['month 2026-10 while it runs totals user-b|EUR: is missing']);
  state.set('monthlyTotals', MONTH, '!month', { complete: false });
  expect(readMonth(state)).toEqual([]);
});

test('totals of other snapshots than those that the month names are named', async () => {
  const state = await planted();
  const vector = state.text('monthlyTotals', MONTH, '!month', 'vector');
  const old = vector.replace(
    /"2026-11-23":"[^"]+"/,
    `"2026-11-23":"${state.ofHead(DATE, 'settledSnapshot')}"`,
  );
  state.set('monthlyTotals', MONTH, '!month', { vector: old });
  expect(readMonth(state)).toContainEqual(expect.stringMatching(/^month 2026-10 while it runs/));
  state.set('monthlyTotals', MONTH, '!month', {
    vector: vector.replace(/"2026-11-23":"[^"]+"/, '"2026-11-23":"x"'),
  });
  expect(readMonth(state)).toContainEqual(
    expect.stringMatching(/names x of 2026-11-23, a snapshot that never was/),
  );
});
