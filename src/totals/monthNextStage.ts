import { toMessage } from '../queues/messages.ts';
import { QUEUES } from '../queues/names.ts';
import type { MessageSender } from '../queues/sender.ts';
import type { Table } from '../storage/tables.ts';
import { monthFoldVersion } from './foldMonth.ts';
import { monthOf, possibleMonths } from './monthCalendar.ts';
import { readMonthHead } from './monthHead.ts';

/** Many days of a month change together: the delay lets one fold serve them all. */
export const MONTH_DELAY_MS = 20_000;

export interface MonthNextStageDeps {
  monthlyTotals: Table;
  sender: MessageSender;
  /** Day of the month on which a billing month begins, 1 to 28. */
  billingDay: number;
  /** Somebody waits: the message is sent without the delay that only saves work. */
  soon?: boolean;
}

/**
 * To be called whenever a day is done, with or without a change: tells the month if its totals are not made of
 * this snapshot, and a month that may still hold the day by another billing day.
 * @param snapshot the one in the day's head; undefined if there is none yet.
 * @returns the months that were told.
 */
export async function monthNextStage(
  date: string,
  snapshot: string | undefined,
  { monthlyTotals, sender, billingDay, soon = false }: MonthNextStageDeps,
): Promise<string[]> {
  if (snapshot === undefined) return [];
  const own = monthOf(date, billingDay);
  const told: string[] = [];
  for (const month of possibleMonths([date])) {
    const head = await readMonthHead(monthlyTotals, month);
    const current = head === undefined || head.foldVersion === monthFoldVersion(billingDay);
    if (current && (month !== own || head?.vector[date] === snapshot)) continue;
    told.push(month);
  }
  const messages = told.map((month) => toMessage({ month }));
  if (messages.length > 0) {
    await sender.sendAll(QUEUES.days, messages, { delayMs: soon ? 0 : MONTH_DELAY_MS });
  }
  return told;
}
