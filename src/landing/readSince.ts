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
 * Begins of the windows that a message which was delivered before need not read any more: they have been read since
 * it was planned, and no read of them is under way. One that is may be that of its earlier delivery, which has died:
 * what it had replaced by then nobody was told of. Not for a new message: of two jobs that send themselves again,
 * because each has discarded what the other had staged, each would find the other under way, for ever.
 */
export const endedSince = (
  plannedMs: number,
  windows: readonly Window[],
  ledger: Pick<Ledger, 'readDay'>,
): Promise<Set<number>> =>
  beginsOf(windows, ledger, (entry) => isReadSince(entry, plannedMs) && !hasOpenRead(entry));

/** Whether a read of one of the windows has begun and not ended. */
export const isUnderWay = async (
  windows: readonly Window[],
  ledger: Pick<Ledger, 'readDay'>,
): Promise<boolean> => (await beginsOf(windows, ledger, hasOpenRead)).size > 0;

const isReadSince = ({ lastReadAt }: LedgerEntry, sinceMs: number): boolean =>
  lastReadAt !== undefined && Date.parse(lastReadAt) >= sinceMs;

const hasOpenRead = ({ claim, done }: LedgerEntry): boolean => claim > done;

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
