import { sweepUse } from '../graph/budget/sweepUse.ts';
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
> &
  // Whoever drives the stages without a budget counts no requests.
  Partial<Pick<Services, 'budgetTable'>> & {
    /** Requests are counted by real time, whatever clock the pipeline decides by. Default: the system's. */
    realNowMs?: () => number;
  };

/** One tick of the timer, over every stage of the pipeline. @throws AggregateError if parts of it failed. */
export async function planTick(services: TickServices, log: Log): Promise<PlanOutcome> {
  const outcome = await planAndSend(
    {
      ...services,
      wakeMonths: (look) =>
        wakeMonths({ ...services, log, billingDay: services.config.BILLING_DAY, ...look }),
      sweepDay: (date) => sweepDay(date, services),
    },
    log,
  );
  const { budgetTable, realNowMs = Date.now } = services;
  if (outcome.daily && budgetTable !== undefined) await sweepUse(budgetTable, realNowMs());
  return outcome;
}
