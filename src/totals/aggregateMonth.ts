import type { DayChanged } from '../queues/messages.ts';
import { claimHead } from './fence.ts';
import { fencedRun, type RunReport } from './fencedRun.ts';
import { readMonthDays } from './monthDays.ts';
import { MONTH_HEADS, type MonthHead, readMonthHead } from './monthHead.ts';
import { type AggregateMonthDeps, rewriteMonth, type WrittenMonth } from './rewriteMonth.ts';
import { monthLag } from './staleMonth.ts';

export type MonthMessage = Extract<DayChanged, { month: string }>;
export type MonthReport = { month: string } & RunReport<WrittenMonth>;

/**
 * Makes the totals of a billing month those of its days' snapshots. Any number of runs may work on a month at
 * once, be repeated and be cut off anywhere: the message is completed only when a later one exists or nothing
 * is left to do.
 * @throws whatever failed, when it has failed too often.
 */
export async function aggregateMonth(message: MonthMessage, deps: AggregateMonthDeps): Promise<MonthReport> {
  const { month } = message;
  const { monthlyTotals, newId, clock } = deps;
  const report = await fencedRun<MonthHead, WrittenMonth>(
    message,
    {
      readHead: () => readMonthHead(monthlyTotals, month),
      isDone: async (head) => deps.anew !== true && (await isMonthFolded(deps, month, head)),
      claim: (seen) =>
        claimHead(
          { table: monthlyTotals, kind: MONTH_HEADS, partition: month },
          seen,
          newId(),
          new Date(clock.nowMs()).toISOString(),
        ),
      rewrite: (fence) => rewriteMonth(deps, month, fence),
    },
    deps,
  );
  if (report.outcome === 'failed') {
    deps.log.warn('monthFoldFailed', { month, reason: report.reason, tries: message.tries ?? 0 });
  } else {
    deps.log.info('monthAggregated', { month, ...report });
  }
  return { month, ...report };
}

/** True if the totals are those of the days' snapshots and nothing is left to do. */
async function isMonthFolded(
  { dailyTotals, billingDay }: AggregateMonthDeps,
  month: string,
  head: MonthHead | undefined,
): Promise<boolean> {
  return monthLag(head, await readMonthDays(dailyTotals, month, billingDay), billingDay) === undefined;
}
