import type { BreakdownTotals } from './breakdown.ts';
import type { CallRow } from './callRow.ts';
import { idHash } from './idHash.ts';
import type { Measures } from './measures.ts';
import { addRow, noSums, type Sums } from './sums.ts';
import { markLine } from './windowRows.ts';

/** Changes whenever the same rows would give other totals: every day is then folded again. */
export const FOLD_VERSION = '2';

/** Sums of one user in one currency over one day. Amounts in micro-units of `currency`. */
export interface UserTotals extends Measures {
  /** In lower case; null for calls of nobody. */
  userId: string | null;
  currency: string | null;
  /** Of the latest call that has one. */
  userPrincipalName: string | null;
  userDisplayName: string | null;
  /** Starts of the first and the last call, verbatim. */
  firstCallAt: string;
  lastCallAt: string;
}

export interface FoldedDay {
  totals: UserTotals[];
  breakdowns: BreakdownTotals[];
  /** Rows that were counted. */
  rows: number;
  /** Rows that were not, because a newer blob has the same id: the call moved to another window. */
  repeatedIds: number;
}

export interface FoldedWindow {
  sums: Sums;
  /** Rows that were counted. */
  rows: number;
  /** Rows that were not. */
  repeatedIds: number;
  /** A mark of every row, counted or not, as text. */
  marks: string[];
  /** Of all ids, ascending. */
  idHashes: Float64Array;
}

/**
 * The sums of one raw blob.
 * @param excluded ids that count from another blob.
 */
export async function foldWindow(
  runs: AsyncIterable<readonly CallRow[]> | Iterable<readonly CallRow[]>,
  excluded: ReadonlySet<string>,
): Promise<FoldedWindow> {
  const sums = noSums();
  const ids = new Set<string>();
  const marks: string[] = [];
  let rows = 0;
  let repeatedIds = 0;
  for await (const run of runs) {
    for (const row of run) {
      if (row.id !== null && ids.has(row.id)) {
        // Landing leaves none in one blob; a hand may.
        repeatedIds += 1;
        continue;
      }
      marks.push(markLine(row));
      if (row.id !== null) ids.add(row.id);
      if (row.id !== null && excluded.has(row.id)) {
        repeatedIds += 1;
      } else {
        rows += 1;
        addRow(sums, row);
      }
    }
  }
  const idHashes = Float64Array.from(ids, idHash).sort();
  return { sums, rows, repeatedIds, marks, idHashes };
}
