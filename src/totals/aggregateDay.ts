import { BadMessageError, type DayChanged } from '../queues/messages.ts';
import { DAY_HEADS, type DayHead, readDayHead } from './dayHead.ts';
import { claimHead } from './fence.ts';
import { fencedRun, type RunReport } from './fencedRun.ts';
import { type AggregateDeps, isFolded, rewriteDay, type WrittenDay } from './rewriteDay.ts';

export type AggregateReport = { date: string } & RunReport<WrittenDay>;

/**
 * Makes the totals of a day those of its raw blobs. Any number of runs may work on a day at once, be repeated
 * and be cut off anywhere: the message is completed only when a later one exists or nothing is left to do.
 * @throws BadMessageError for a month. @throws whatever failed, when it has failed too often.
 */
export async function aggregateDay(message: DayChanged, deps: AggregateDeps): Promise<AggregateReport> {
  if (!('date' in message)) {
    throw new BadMessageError(`day message: a month (${message.month}) is no day`);
  }
  const { date } = message;
  const { dailyTotals, newId, clock, nextStages } = deps;
  const report = await fencedRun<DayHead, WrittenDay>(
    message,
    {
      readHead: () => readDayHead(dailyTotals, date),
      isDone: (head) => isFolded(deps, date, head),
      claim: (seen) =>
        claimHead(
          { table: dailyTotals, kind: DAY_HEADS, partition: date },
          seen,
          newId(),
          new Date(clock.nowMs()).toISOString(),
        ),
      rewrite: (fence) => rewriteDay(deps, date, fence),
      nextStages: async (done) => {
        const snapshot = 'written' in done ? done.written.snapshot : done.found?.snapshot;
        if (snapshot !== undefined) await nextStages?.(date, snapshot);
      },
    },
    deps,
  );
  if (report.outcome === 'failed') {
    deps.log.warn('dayFoldFailed', { date, reason: report.reason, tries: message.tries ?? 0 });
  } else {
    deps.log.info('dayAggregated', { date, ...report });
  }
  return { date, ...report };
}
