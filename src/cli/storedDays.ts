import type { Services } from '../app/services.ts';
import { readDay } from '../totals/totalsReader.ts';
import { DAY_MS, dateOf } from '../windows/grid.ts';
import type { DayOfTotals } from './dailyTotalsCsv.ts';

const RAW_ROOT = 'ndjson/v1/';
const DAY_IN_NAME = /^ndjson\/v1\/callDate=(\d{4}-\d{2}-\d{2})\//;

/** The totals of every day that has raw blobs, oldest first. */
export async function readStoredDays(
  services: Pick<Services, 'raw' | 'dailyTotals'>,
): Promise<DayOfTotals[]> {
  const dates = new Set<string>();
  for await (const { name } of services.raw.list(RAW_ROOT)) {
    const date = DAY_IN_NAME.exec(name)?.[1];
    if (date !== undefined) dates.add(date);
  }
  const days: DayOfTotals[] = [];
  for (const date of [...dates].sort()) {
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
