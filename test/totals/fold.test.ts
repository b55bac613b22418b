import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseCallRow } from '../../src/totals/callRow.ts';
import { foldWindow } from '../../src/totals/fold.ts';
import { losersOf } from '../../src/totals/repeatedIds.ts';
import { noSums, toBreakdowns, toTotals } from '../../src/totals/sums.ts';
import { addEncoded, encodeSums } from '../../src/totals/sumsCode.ts';
import { aCall, anyDay, type TestBlob, toLine } from './support/calls.ts';
import { byKey, expectedDay } from './support/oracle.ts';

const DATE = '2026-11-23';

const idOf = (hour: number): string => `${DATE}T${String(hour).padStart(2, '0')}Z`;

/** Folds each blob alone, then joins what they came to. */
async function fold(blobs: readonly TestBlob[]) {
  const losers = losersOf(
    blobs.map(({ hour, claim, calls }) => ({
      windowId: idOf(hour),
      claim,
      ids: calls.flatMap(({ id }) => (id === null || id === '' ? [] : [id])),
    })),
  );
  const day = noSums();
  let rows = 0;
  let repeatedIds = 0;
  for (const { hour, calls } of blobs) {
    // Two runs of rows a blob.
    const runs = [calls.slice(0, 3), calls.slice(3)].map((run) =>
      run.map((call) => parseCallRow(toLine(DATE, hour, call))),
    );
    const window = await foldWindow(runs, new Set(losers.get(idOf(hour))));
    addEncoded(day, encodeSums(window.sums));
    rows += window.rows;
    repeatedIds += window.repeatedIds;
  }
  return {
    totals: toTotals(day).map(asText).sort(byKey),
    breakdowns: toBreakdowns(day).map(asText).sort(byKey),
    rows,
    repeatedIds,
  };
}

const asText = <T extends { chargeMicros: bigint; connectionChargeMicros: bigint }>(one: T) => ({
  ...one,
  chargeMicros: String(one.chargeMicros),
  connectionChargeMicros: String(one.connectionChargeMicros),
});

describe('the fold of a day', () => {
  it('equals a naive one, for any order of blobs and of rows', async () => {
    const shuffledDays = anyDay.chain((day) =>
      fc.record({
        day: fc.constant(day),
        shuffled: fc
          .tuple(...day.map((blob) => shuffle(blob.calls).map((calls) => ({ ...blob, calls }))))
          .chain((blobs) => shuffle(blobs)),
      }),
    );
    await fc.assert(
      fc.asyncProperty(shuffledDays, async ({ day, shuffled }) => {
        expect(await fold(shuffled)).toEqual(expectedDay(DATE, day));
      }),
      { numRuns: 500 },
    );
  });

  it('is encoded without loss', async () => {
    await fc.assert(
      fc.asyncProperty(anyDay, async (day) => {
        for (const { hour, calls } of day) {
          const rows = calls.map((call) => parseCallRow(toLine(DATE, hour, call)));
          const { sums } = await foldWindow([rows], new Set());
          const decoded = noSums();
          addEncoded(decoded, encodeSums(sums));
          expect(decoded).toEqual(sums);
        }
      }),
    );
  });

  it('of no rows is empty', async () => {
    expect(await fold([{ hour: 3, claim: 1, calls: [] }])).toEqual({
      ...{ totals: [], breakdowns: [], rows: 0, repeatedIds: 0 },
    });
  });

  it('never adds across currencies', async () => {
    const calls = [
      aCall({ currency: 'USD', chargeMicros: 100_000 }),
      aCall({ currency: 'EUR', chargeMicros: 200_000 }),
      aCall({ currency: null, chargeMicros: 400_000 }),
      aCall({ currency: 'USD', chargeMicros: 200_000 }),
    ];
    const { totals } = await fold([{ hour: 0, claim: 1, calls }]);
    expect(totals.map(({ currency, chargeMicros }) => [currency, chargeMicros])).toEqual([
      ['EUR', '200000'],
      ['USD', '300000'],
      [null, '400000'],
    ]);
  });

  it('counts an id of two blobs once, from the blob of the larger claim, and says so', async () => {
    const moved = aCall({ id: 'moved', chargeMicros: 1 });
    const older = { hour: 9, claim: 4, calls: [moved] };
    const newer = { hour: 8, claim: 5, calls: [{ ...moved, chargeMicros: 2 }] };
    for (const blobs of [
      [older, newer],
      [newer, older],
    ]) {
      const { totals, rows, repeatedIds } = await fold(blobs);
      expect({ rows, repeatedIds }).toEqual({ rows: 1, repeatedIds: 1 });
      expect(totals.map(({ chargeMicros }) => chargeMicros)).toEqual(['2']);
    }
  });

  it('counts every row without id, even if they are alike', async () => {
    const alike = aCall({ id: null, ticks: 5 });
    const { totals, rows } = await fold([
      { hour: 1, claim: 1, calls: [alike, alike] },
      { hour: 2, claim: 2, calls: [alike] },
    ]);
    expect(rows).toBe(3);
    expect(totals.map(({ calls }) => calls)).toEqual([3]);
  });

  it('joins a user whose id differs in case only, and calls of nobody', async () => {
    const users = ['ABC', 'abc', null, '', '  '];
    const { totals } = await fold([{ hour: 1, claim: 1, calls: users.map((userId) => aCall({ userId })) }]);
    expect(totals.map(({ userId, calls }) => [userId, calls])).toEqual([
      ['abc', 2],
      [null, 3],
    ]);
  });

  it('takes each name from the latest call that has one', async () => {
    const calls = [
      aCall({ ticks: 1, userPrincipalName: 'old@x.test', userDisplayName: 'Old' }),
      aCall({ ticks: 2, userPrincipalName: 'new@x.test', userDisplayName: null }),
      aCall({ ticks: 3, userPrincipalName: null, userDisplayName: null }),
    ];
    const { totals } = await fold([{ hour: 1, claim: 1, calls }]);
    expect(totals).toMatchObject([{ userPrincipalName: 'new@x.test', userDisplayName: 'Old' }]);
  });

  it('orders calls by instant, not by text', async () => {
    const line = toLine(DATE, 5, aCall({ id: null, ticks: 0 }));
    const starts = ['2026-11-23T05:00:00.5Z', '2026-11-23T07:00:00+02:00', '2026-11-23T05:00:00.0000001Z'];
    const rows = starts.map((start) => parseCallRow(line.replace('2026-11-23T05:00:00.0000000Z', start)));
    const { sums } = await foldWindow([rows], new Set());
    expect(toTotals(sums)).toMatchObject([
      { firstCallAt: '2026-11-23T07:00:00+02:00', lastCallAt: '2026-11-23T05:00:00.5Z' },
    ]);
  });
});

const shuffle = <T>(items: readonly T[]): fc.Arbitrary<T[]> =>
  fc.shuffledSubarray([...items], { minLength: items.length, maxLength: items.length });
