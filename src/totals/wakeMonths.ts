import { type DayChanged, toMessage } from '../queues/messages.ts';
import { QUEUES } from '../queues/names.ts';
import type { MessageSender } from '../queues/sender.ts';
import type { Log } from '../runtime/log.ts';
import type { Table } from '../storage/tables.ts';
import { possibleMonths } from './monthCalendar.ts';
import { readMonthDays } from './monthDays.ts';
import { readMonthHead } from './monthHead.ts';
import { MONTH_DELAY_MS } from './monthNextStage.ts';
import { staleMonth } from './staleMonth.ts';

export interface WakeMonthsServices {
  dailyTotals: Table;
  monthlyTotals: Table;
  sender: MessageSender;
  log: Log;
  /** Day of the month on which a billing month begins, 1 to 28. */
  billingDay: number;
}

export interface MonthsLookedAt {
  /** Months that are to be folded again, ascending, and were told so. */
  woken: string[];
  /** By month: ETag of each head that is being written. */
  openHeads: Record<string, string>;
}

/**
 * Compares months with the heads of their days and sends those whose totals lag behind: every month that may
 * hold one of the dates, also by a billing day that is no longer in force.
 * @param openHeads what the look before this one found.
 * @param perMonth runs one month's reading; it may resolve to undefined to leave the month out.
 */
export async function wakeMonths({
  dates,
  openHeads = {},
  perMonth = (_, read) => read(),
  ...services
}: WakeMonthsServices & {
  dates: Iterable<string>;
  openHeads?: Readonly<Record<string, string>>;
  perMonth?: <T>(month: string, read: () => Promise<T>) => Promise<T | undefined>;
}): Promise<MonthsLookedAt> {
  const { dailyTotals, monthlyTotals, sender, log, billingDay } = services;
  const found: MonthsLookedAt = { woken: [], openHeads: {} };
  const messages: DayChanged[] = [];
  for (const month of possibleMonths(dates)) {
    const seenOpen = openHeads[month];
    const look = await perMonth(month, async () => {
      // The days first: a head read afterwards can only know more than they, never less.
      const days = await readMonthDays(dailyTotals, month, billingDay);
      return { days, head: await readMonthHead(monthlyTotals, month) };
    });
    const open = look === undefined ? seenOpen : look.head?.open === true ? look.head.etag : undefined;
    if (open !== undefined) found.openHeads[month] = open;
    const reason = look && staleMonth(look.head, look.days, billingDay, seenOpen);
    if (reason === undefined) continue;
    log.info('monthWoken', { month, reason });
    found.woken.push(month);
    messages.push(reason === 'stuck' && open !== undefined ? { month, seen: open } : { month });
  }
  if (messages.length > 0) {
    await sender.sendAll(QUEUES.days, messages.map(toMessage), { delayMs: MONTH_DELAY_MS });
  }
  return found;
}
