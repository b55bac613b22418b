import { test } from 'vitest';
import { digestOf } from './landing.ts';
import { expectNamed, type Plant, RAW, REJECTED } from './support/planted.ts';

const BLOB = RAW('2026-11-23', '15');
const MISFITS = REJECTED('2026-11-23', '18');
const WINDOW = /^raw 2026-11-23T15Z: /;
const of = (more: string): RegExp => new RegExp(WINDOW.source + more);
const unknownOf = (names: Iterable<string>): string =>
  [...names].find((name) => name.startsWith('rejected/v1/callDate=unknown/')) ?? '';

const PLANTS: readonly Plant[] = [
  ['a row is missing', of('a row is missing'), (state) => state.lines(BLOB, (lines) => lines.slice(1))],
  [
    'a row is there twice',
    of('a row too much'),
    (state) => state.lines(BLOB, (lines) => [...lines, ...lines.slice(1)]),
  ],
  [
    'a row is as it was before a change',
    /^raw 2026-11-24T04Z: a row (too much|is missing)/,
    (state) =>
      state.lines(RAW('2026-11-24', '04'), (lines) =>
        lines.map((line) => line.replace('9.500000', '0.004936')),
      ),
  ],
  [
    'a row stands in another window',
    of('a row is missing'),
    (state) => {
      let moved: string[] = [];
      state.lines(BLOB, ([first = '', ...lines]) => ((moved = [first]), lines));
      state.lines(RAW('2026-11-23', '12'), (lines) => [...lines, ...moved]);
    },
  ],
  ['a blob is gone', of('there is no blob'), (state) => state.final.raw.blobs.delete(BLOB)],
  [
    'the digest is of other lines',
    of('metadata digest'),
    (state) => state.metadata(BLOB, { digest: digestOf(['a']) }),
  ],
  ['the blob counts its rows wrongly', of('metadata rows'), (state) => state.metadata(BLOB, { rows: '5' })],
  [
    'the blob does not say of which read it is',
    of('metadata claim'),
    (state) => state.metadata(BLOB, { claim: '' }),
  ],
  [
    'the blob does not say of which run it is',
    of('metadata attempt'),
    (state) => state.metadata(BLOB, { attempt: '' }),
  ],
  [
    'money has other than six decimals',
    of('a line is not as it is landed'),
    (state) =>
      state.lines(BLOB, (lines) =>
        lines.map((line) => line.replace(/(\.\d{4})00,/, '$1,').replace('0.000001', '1e-6')),
      ),
  ],
  [
    'a line has blanks between its cells',
    of('a line is not as it is landed'),
    (state) => state.lines(BLOB, (lines) => lines.map((line) => line.replaceAll(',"', ', "'))),
  ],
  [
    'columns are in another order',
    of('a line is not as it is landed'),
    (state) =>
      state.lines(BLOB, (lines) =>
        lines.map((line) =>
          JSON.stringify(Object.fromEntries(Object.entries(JSON.parse(line) as object).reverse())),
        ),
      ),
  ],
  [
    'the last line is cut off',
    of('(does not end in a line feed|a line is no JSON)'),
    (state) => {
      const blob = state.blob(state.final.raw, BLOB);
      state.final.raw.blobs.set(BLOB, { ...blob, content: blob.content.subarray(0, -9) });
    },
  ],
  [
    'a window that nobody had to read has rows',
    /^raw 2026-11-26T04Z: .* nobody had to read/,
    (state) => {
      state.final.raw.blobs.set(RAW('2026-11-26', '04'), state.blob(state.final.raw, BLOB));
      state.final.coveredToMs -= 3_600_000;
    },
  ],
  [
    'a row that does not fit is lost',
    /^rejected 2026-11-23T18Z: a row is missing/,
    (state) => state.lines(MISFITS, () => []),
  ],
  [
    'rows that do not fit have no blob',
    /^rejected 2026-11-23T18Z: there is no blob/,
    (state) => state.final.raw.blobs.delete(MISFITS),
  ],
  [
    'a row that does not fit is there twice',
    /^rejected 2026-11-23T18Z: a row too much/,
    (state) => state.lines(MISFITS, (lines) => [...lines, ...lines]),
  ],
  [
    'the reason names another column',
    /^rejected 2026-11-23T18Z: a row too much/,
    (state) =>
      state.lines(MISFITS, (lines) =>
        lines.map((line) => line.replace(/"reason":"\w+:/, '"reason":"operator:')),
      ),
  ],
  [
    'the reason is missing',
    /^rejected 2026-11-23T18Z: a row too much: no reason/,
    (state) =>
      state.lines(MISFITS, (lines) => lines.map((line) => line.replace(/"reason":"[^"]*"/, '"reason":""'))),
  ],
  [
    'a rejected blob counts its rows wrongly',
    /^rejected 2026-11-23T18Z: metadata rows/,
    (state) => state.metadata(MISFITS, { rows: '0' }),
  ],
  [
    'a row that names no day is lost',
    /^a row that names no day is missing/,
    ({ final }) => final.raw.blobs.delete(unknownOf(final.raw.blobs.keys())),
  ],
  [
    'a row that names no day has changed',
    /callDate=unknown.*: a row too much/,
    (state) =>
      state.lines(unknownOf(state.final.raw.blobs.keys()), (lines) =>
        lines.map((line) => line.replace(/.\}$/, ' }')),
      ),
  ],
  [
    'a row that never was stands among those that name no day',
    /callDate=unknown.*: a row too much/,
    ({ final }) => {
      const content = Buffer.from(`${JSON.stringify({ reason: 'no: day', row: { id: 'stray' } })}\n`);
      const name = `rejected/v1/callDate=unknown/${'0'.repeat(64)}.json`;
      final.raw.blobs.set(name, { etag: '0x1', content, metadata: {} });
    },
  ],
  [
    'a row of earlier that names no day never was',
    /callDate=unknown.*: a row too much/,
    ({ final }) => {
      const rows = final.rows.filter((row) => row !== '"no object"');
      Object.assign(final, { rows, formerRows: rows });
    },
  ],
];

test.each(PLANTS)('named: %s', async (_, words, plant) => expectNamed(words, plant));

const HISTORY: readonly Plant[] = [
  [
    'an older read was written over a newer one',
    /^history ndjson.*: read 1 was written over read 2/,
    ({ history }) => {
      const old = [...history].find(([, version]) => version.name === RAW('2026-11-23', '03'));
      history.set('0xOLD', old?.[1] ?? { name: '', text: '', metadata: {} });
    },
  ],
  [
    'a version that was visible for a while was half of a read',
    /^history ndjson.*: metadata rows/,
    ({ history }) => {
      const [etag, version] = [...history].find(([, { name }]) => name === RAW('2026-11-23', '03')) ?? [];
      if (etag === undefined || version === undefined) throw new Error('no version');
      history.set(etag, { ...version, text: version.text.slice(0, version.text.indexOf('\n') + 1) });
    },
  ],
  [
    'what is stored is not what was written last',
    /^history ndjson.*: ends with/,
    ({ final, history }) => history.delete(final.raw.blobs.get(BLOB)?.etag ?? ''),
  ],
  [
    'a blob changed under its ETag',
    /^history ndjson.*: has another content/,
    ({ final }) => {
      const blob = final.raw.blobs.get(BLOB);
      if (blob !== undefined)
        final.raw.blobs.set(BLOB, { ...blob, content: Buffer.concat([blob.content, Buffer.from(' ')]) });
    },
  ],
];

test.each(HISTORY)('named: %s', async (_, words, plant) => expectNamed(words, plant));
