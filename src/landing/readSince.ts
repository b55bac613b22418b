import { byDate } from '../windows/byDate.ts';
import type { Window } from '../windows/grid.ts';
import type { Ledger, LedgerEntry } from '../windows/ledger.ts';
import { readDays } from '../windows/readDays.ts';

/** By window id, what the ledger knows of days. */
export async function readEntries(
  dates: Iterable<string>,
  ledger: Pick<Ledger, 'readDay'>,
): Promise<Map<string, LedgerEntry>> {
  const days = await readDays(ledger, dates);
  return new Map([...days.values()].flat().map((entry) => [entry.window.id, entry]));
}

/** Begins of the windows that have been read since an instant. */
export const readSince = (
  sinceMs: number,
  windows: readonly Window[],
  ledger: Pick<Ledger, 'readDay'>,
): Promise<Set<number>> => beginsOf(windows, ledger, (entry) => isReadSince(entry, sinceMs));

/**
 * Begins of the windows that a job need not read any more: they have been read since it was planned, and no read of
 * them is under way. One that is may be that of an earlier delivery of the same message, which has died: what it had
 * replaced by then nobody was told of.
 */
export const endedSince = (
  plannedMs: number,
  windows: readonly Window[],
  ledger: Pick<Ledger, 'readDay'>,
): Promise<Set<number>> =>
  beginsOf(windows, ledger, (entry) => isReadSince(entry, plannedMs) && entry.claim <= entry.done);

const isReadSince = ({ lastReadAt }: LedgerEntry, sinceMs: number): boolean =>
  lastReadAt !== undefined && Date.parse(lastReadAt) >= sinceMs;

async function beginsOf(
  windows: readonly Window[],
  ledger: Pick<Ledger, 'readDay'>,
  is: (entry: LedgerEntry) => boolean,
): Promise<Set<number>> {
  const entries = await readEntries(byDate(windows).keys(), ledger);
  const chosen = windows.filter(({ id }) => {
    const entry = entries.get(id);
    return entry !== undefined && is(entry);
  });
  return new Set(chosen.map(({ fromMs }) => fromMs));
}
