import type { Log } from '../runtime/log.ts';
import { sweepDay } from '../totals/sweepDay.ts';
import { wakeMonths } from '../totals/wakeMonths.ts';
import { planAndSend, type PlanOutcome } from '../windows/planWindows.ts';
import type { Services } from './services.ts';

type TickServices = Pick<
  Services,
  | 'config'
  | 'ledger'
  | 'raw'
  | 'control'
  | 'dailyTotals'
  | 'monthlyTotals'
  | 'readDayHead'
  | 'sender'
  | 'clock'
>;

/** One tick of the timer, over every stage of the pipeline. @throws AggregateError if parts of it failed. */
export const planTick = (services: TickServices, log: Log): Promise<PlanOutcome> =>
  planAndSend(
    {
      ...services,
      wakeMonths: (look) =>
        wakeMonths({ ...services, log, billingDay: services.config.BILLING_DAY, ...look }),
      sweepDay: (date) => sweepDay(date, services),
    },
    log,
  );
