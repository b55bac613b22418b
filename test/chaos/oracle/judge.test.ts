import { beforeAll, expect, test } from 'vitest';
import { judge } from './judge.ts';
import { finishedRun } from './support/finishedRun.ts';
import { expectAccepted, planted, RAW } from './support/planted.ts';

const CREATED = { rows: '0', digest: '0'.repeat(64), claim: '1', attempt: 'fence' };

beforeAll(async () => {
  // Loaded and parsed once: the first test is not to pay for it.
  await expectAccepted(() => undefined);
});

test('nothing is wrong with what the product leaves behind', async () => {
  expect(judge(await finishedRun())).toEqual([]);
});

test('nothing is wrong with what it leaves behind of many rows', async () => {
  expect(judge(await finishedRun(600))).toEqual([]);
});

test('the order of the lines of a blob is free', () =>
  expectAccepted((state) => state.lines(RAW('2026-11-23', '15'), (lines) => lines.toReversed())));

test('the order of the properties inside a list is free', async () => {
  const state = await planted();
  const name = RAW('2026-11-24', '04');
  const before = state.final.raw.text(name);
  const [sorted, other] = [String.raw`\"a\":[],\"b\":1.5,`, String.raw`\"b\":1.5,\"a\":[],`];
  state.lines(name, (lines) => lines.map((line) => line.replace(sorted, other)));
  expect(state.final.raw.text(name)).not.toBe(before);
  expect(judge(state.final).filter((one) => one.startsWith('raw'))).toEqual([]);
});

test('a window without rows may have an empty blob', () =>
  expectAccepted((state) => {
    const name = RAW('2026-11-21', '07');
    const { etag } = addBlob(state, name, '', CREATED);
    state.set('windows', '2026-11-21', '2026-11-21T07Z', { notified: etag });
    const vector = JSON.stringify({ '2026-11-21T07Z': etag });
    state.set('dailyTotals', '2026-11-21', '!day', { vector });
    state.json(
      state.ofHead('2026-11-21', 'snapshot'),
      (snapshot) => (snapshot['vector'] = JSON.parse(vector)),
    );
  }));

test('a blob that was kept aside once may stay', () =>
  expectAccepted((state) => {
    addBlob(state, RAW('2026-11-23', '15').replace('ndjson', 'aside'), '', CREATED);
  }));

test('a row of earlier that names no day stays', () =>
  expectAccepted((state) => {
    const { rows } = state.final;
    Object.assign(state.final, { rows: rows.filter((row) => row !== '"no object"'), formerRows: rows });
  }));

test('a month of another billing day may keep an empty partition', () =>
  expectAccepted((state) => {
    state.add('monthlyTotals', '2026-11', '!month', '!month', '2026-12');
    state.set('monthlyTotals', '2026-12', '!month', { vector: '{}', rows: 0, rejected: 0 });
  }));

test('a day of which nothing is known needs no head', () =>
  expectAccepted((state) => {
    state.final.coveredFromMs -= 2 * 3_600_000;
    for (const hour of ['22', '23']) {
      state.add('windows', '2026-11-21', '2026-11-21T01Z', `2026-11-20T${hour}Z`, '2026-11-20');
    }
    state.add('windows', '2026-11-21', '!day', '!day', '2026-11-20');
  }));

function addBlob(
  { final, history }: Parameters<Parameters<typeof expectAccepted>[0]>[0],
  name: string,
  text: string,
  metadata: Record<string, string>,
) {
  const etag = `0xNEW${final.raw.blobs.size}`;
  final.raw.blobs.set(name, { etag, content: Buffer.from(text), metadata });
  history.set(etag, { name, text, metadata });
  return { etag };
}
