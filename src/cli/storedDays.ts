import type { Services } from '../app/services.ts';
import { rawDays } from '../windows/rawDays.ts';
import { readDay } from '../totals/totalsReader.ts';
import { DAY_MS, dateOf } from '../windows/grid.ts';
import type { DayOfTotals } from './dailyTotalsCsv.ts';

/** The totals of every day that has raw blobs, oldest first. */
export async function readStoredDays(
  services: Pick<Services, 'raw' | 'dailyTotals'>,
): Promise<DayOfTotals[]> {
  const days: DayOfTotals[] = [];
  for (const date of await rawDays(services.raw)) {
    const { head, totals } = await readDay(services.dailyTotals, date);
    if (head !== undefined) days.push({ date, state: head.state, totals });
  }
  return days;
}

/** The days that begin or lie in the range. */
export const daysOfRange = (
  days: readonly DayOfTotals[],
  range: { fromMs: number; toMs: number },
): DayOfTotals[] => {
  const first = dateOf(range.fromMs);
  const last = dateOf(range.toMs - 1);
  return days.filter(({ date }) => date >= first && date <= last && Date.parse(date) + DAY_MS > range.fromMs);
};
