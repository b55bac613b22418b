import type { Window } from './grid.ts';
import type { LedgerEntry } from './ledger.ts';

/**
 * Which windows are in trouble: the last attempt to read them has failed. Together with others they would keep these
 * from being read as well.
 */
export function troubledIn(days: ReadonlyMap<string, readonly LedgerEntry[]>): (window: Window) => boolean {
  const ids = new Set(
    [...days.values()].flat().flatMap(({ attempts, window }) => (attempts > 0 ? [window.id] : [])),
  );
  return ({ id }) => ids.has(id);
}
