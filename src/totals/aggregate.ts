import type { DayChanged } from '../queues/messages.ts';
import { aggregateDay, type AggregateReport } from './aggregateDay.ts';
import { aggregateMonth, type MonthReport } from './aggregateMonth.ts';
import { monthNextStage } from './monthNextStage.ts';
import type { AggregateDeps } from './rewriteDay.ts';
import type { AggregateMonthDeps } from './rewriteMonth.ts';

/**
 * Serves one message of `pstn-days`, of a day or of a month. A day that is done tells its month.
 * @throws whatever failed, when it has failed too often.
 */
export async function aggregate(
  message: DayChanged,
  deps: AggregateDeps & AggregateMonthDeps,
): Promise<AggregateReport | MonthReport> {
  if ('month' in message) return aggregateMonth(message, deps);
  return aggregateDay(message, {
    ...deps,
    nextStages: async (date, snapshot) => {
      await monthNextStage(date, snapshot, deps);
      await deps.nextStages?.(date, snapshot);
    },
  });
}
