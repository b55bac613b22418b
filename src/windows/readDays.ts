import { inParallel } from '../runtime/inParallel.ts';
import type { Ledger, LedgerEntry } from './ledger.ts';

const PARALLEL_DAYS = 8;

/** What the ledger knows of days, by date. */
export async function readDays(
  ledger: Pick<Ledger, 'readDay'>,
  dates: Iterable<string>,
): Promise<Map<string, LedgerEntry[]>> {
  const days = new Map<string, LedgerEntry[]>();
  await inParallel(dates, PARALLEL_DAYS, async (date) => {
    days.set(date, await ledger.readDay(date));
  });
  return days;
}
