import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type CountedRows, rowChanges } from '../../src/totals/rowChanges.ts';
import type { RowMark } from '../../src/totals/windowRows.ts';

type Day = Record<string, { etag: string; marks: RowMark[]; repeated: string[] }>;

const mark = (id: string | null, digest: string): RowMark => ({
  ...{ id, digest, userId: null, currency: null, chargeMicros: null, connectionChargeMicros: null },
});

const counted = (day: Day): CountedRows => ({
  vector: Object.fromEntries(Object.entries(day).map(([id, { etag }]) => [id, etag])),
  repeated: Object.fromEntries(Object.entries(day).map(([id, { repeated }]) => [id, repeated])),
  rowsOf: (id) => Promise.resolve({ claim: 1, marks: day[id]?.marks ?? [] }),
});

const compare = async (before: Day, after: Day) => {
  const changes = await rowChanges(counted(before), counted(after));
  return {
    came: changes?.came.map(text).sort(),
    went: changes?.went.map(text).sort(),
    changed: changes?.changed.map(({ before: a, after: b }) => `${text(a)} ${text(b)}`).sort(),
  };
};
const text = ({ id, digest }: RowMark): string => `${id ?? ''}:${digest}`;

/** An id stands in one hour; equal ETags mean equal rows. */
const anyDay: fc.Arbitrary<Day> = fc
  .array(
    fc.record({
      hour: fc.constantFrom('a', 'b', 'c'),
      id: fc.option(fc.constantFrom('1', '2', '3', '4', '5'), { nil: null, freq: 3 }),
      digest: fc.constantFrom('x', 'y', 'z'),
    }),
    { maxLength: 8 },
  )
  .map((rows) => {
    const day: Day = {};
    const seen = new Set<string>();
    for (const { hour, id, digest } of rows) {
      if (id !== null && seen.has(id)) continue;
      if (id !== null) seen.add(id);
      (day[hour] ??= { etag: '', marks: [], repeated: [] }).marks.push(mark(id, digest));
    }
    for (const window of Object.values(day)) window.etag = window.marks.map(text).join();
    return day;
  });

describe('the rows that differ between two folds of a day', () => {
  it('are by id those of one side only, or with another line; without id, those that are one side’s surplus', async () => {
    await fc.assert(
      fc.asyncProperty(anyDay, anyDay, async (before, after) => {
        const all = (day: Day) => Object.values(day).flatMap(({ marks }) => marks);
        const [old, now] = [all(before), all(after)];
        const missing = (from: RowMark[], there: RowMark[]): string[] => {
          const anonymous = there.filter(({ id }) => id === null).map(text);
          return from
            .filter((one) => {
              if (one.id !== null) return !there.some(({ id }) => id === one.id);
              const at = anonymous.indexOf(text(one));
              if (at >= 0) anonymous.splice(at, 1);
              return at < 0;
            })
            .map(text)
            .sort();
        };
        const changed = old.flatMap((one) =>
          now
            .filter(({ id, digest }) => one.id !== null && id === one.id && digest !== one.digest)
            .map((other) => `${text(one)} ${text(other)}`),
        );
        expect(await compare(before, after)).toEqual({
          came: missing(now, old),
          went: missing(old, now),
          changed: changed.sort(),
        });
      }),
      { numRuns: 500 },
    );
  });

  it('are none where only ETags differ', async () => {
    const before = { a: { etag: '1', marks: [mark('1', 'x'), mark(null, 'y')], repeated: [] } };
    const after = { a: { ...before.a, etag: '2' }, b: { etag: '3', marks: [], repeated: [] } };
    expect(await compare(before, after)).toEqual({ came: [], went: [], changed: [] });
  });

  it('leave out what counts elsewhere, also where the blob is the same', async () => {
    const window = { etag: '1', marks: [mark('1', 'x')], repeated: ['1'] };
    const other = { etag: '2', marks: [mark('1', 'y')], repeated: [] };
    expect(await compare({ a: window, b: other }, { a: { ...window, repeated: [] } })).toEqual({
      came: [],
      went: [],
      changed: ['1:y 1:x'],
    });
  });

  it('are not known where nothing is remembered of one side', async () => {
    const day = { a: { etag: '1', marks: [mark('1', 'x')], repeated: [] } };
    const forgotten = { ...counted(day), rowsOf: () => Promise.resolve(undefined) };
    expect(await rowChanges(forgotten, counted({}))).toBeUndefined();
    expect(await rowChanges(counted({}), forgotten)).toBeUndefined();
    expect(await rowChanges(forgotten, forgotten)).toEqual({ came: [], went: [], changed: [] });
  });
});
