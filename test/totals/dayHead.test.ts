import { describe, expect, it } from 'vitest';
import { DAY_HEAD_KEY, type DayHead, DAY_HEADS, readDayHead, sameVector } from '../../src/totals/dayHead.ts';
import { memoryTable } from '../support/memoryTables.ts';

const DATE = '2026-11-23';
const HOURS = Array.from({ length: 24 }, (_, hour) => `${DATE}T${String(hour).padStart(2, '0')}Z`);

const head: DayHead = {
  generation: 3,
  writer: 'nonce',
  open: true,
  step: 2,
  complete: false,
  vector: Object.fromEntries(HOURS.map((id, hour) => [id, `0x8DE2B${hour}`])),
  foldVersion: '1',
  state: 'provisional',
  rows: 480_000,
  rejected: 2,
  snapshot: 'snapshots/v1/2026-11-23/2-nonce.json',
  settledSnapshot: 'snapshots/v1/2026-11-23/1-other.json',
  restatements: 1,
  frozen: false,
  updatedAt: '2026-11-24T00:00:00.000Z',
  lastError: 'why',
};

describe('the head of a day', () => {
  it('is read as it was written, with its ETag', async () => {
    const table = memoryTable('dailyTotals');
    expect(await readDayHead(table, DATE)).toBeUndefined();
    const [etag] = await table.transact(DATE, [DAY_HEADS.operation(head, undefined)]);
    expect(await readDayHead(table, DATE)).toEqual({ ...head, etag });
    const healed = { ...head };
    delete healed.lastError;
    const [next] = await table.transact(DATE, [DAY_HEADS.operation(healed, etag)]);
    expect(await readDayHead(table, DATE)).toEqual({ ...healed, etag: next });
  });

  it('is written only over the one that was seen, or where none was', async () => {
    const table = memoryTable('dailyTotals');
    const [first] = await table.transact(DATE, [DAY_HEADS.operation(head, undefined)]);
    await expect(table.transact(DATE, [DAY_HEADS.operation(head, undefined)])).rejects.toThrow(/exists/);
    await table.transact(DATE, [DAY_HEADS.operation(head, first)]);
    await expect(table.transact(DATE, [DAY_HEADS.operation(head, first)])).rejects.toThrow(/another ETag/);
  });

  it('that somebody broke counts as not folded', async () => {
    const table = memoryTable('dailyTotals');
    for (const vector of ['{', '[]', 'null', '']) {
      const properties = { complete: true, vector, generation: 'x' };
      await table.transact(DATE, [{ kind: 'replace', rowKey: DAY_HEAD_KEY, properties }]);
      expect(await readDayHead(table, DATE)).toMatchObject({ complete: false, vector: {}, generation: 0 });
    }
  });
});

describe('vectors', () => {
  it('are the same if they name the same windows with the same ETags, in any order', () => {
    expect(sameVector({ a: '1', b: '2' }, { b: '2', a: '1' })).toBe(true);
    expect(sameVector({}, {})).toBe(true);
    expect(sameVector({ a: '1' }, { a: '2' })).toBe(false);
    expect(sameVector({ a: '1' }, { b: '1' })).toBe(false);
    expect(sameVector({ a: '1' }, { a: '1', b: '2' })).toBe(false);
    expect(sameVector({ a: '1', b: '2' }, { a: '1' })).toBe(false);
  });
});
