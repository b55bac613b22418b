import type { DayChanged } from '../queues/messages.ts';
import { QUEUES } from '../queues/names.ts';
import type { MessageSender } from '../queues/sender.ts';
import { aggregate } from './aggregate.ts';
import { readDayHead } from './dayHead.ts';
import { daysOfMonth } from './monthCalendar.ts';
import { listRawDay } from './rawDay.ts';
import type { AggregateDeps } from './rewriteDay.ts';
import type { AggregateMonthDeps } from './rewriteMonth.ts';

export type RebuildDeps = Omit<AggregateDeps & AggregateMonthDeps, 'sender' | 'anew' | 'nextStages'>;

/** What is going to happen to the days of a range. */
export interface RebuildPlan {
  /** Days that are derived again, ascending. */
  dates: string[];
  /** Days whose totals stay because their raw blobs have expired. */
  expired: string[];
}

export interface RebuildReport extends RebuildPlan {
  /** Entities of `dailyTotals` that were not as they had to be. */
  entitiesWritten: number;
  months: string[];
  /** Days and months that could not be derived, with the reason; their old totals stand. */
  failed: { subject: string; reason: string }[];
}

/** Looks at a subject that others are at work on, before it is reported as busy. */
const MAX_TURNS = 20;

/**
 * Which days of the range can be derived again. A day without raw blobs whose totals count rows is expired, not
 * empty: its totals are all that is left of it.
 */
export async function planRebuild(
  dates: readonly string[],
  { raw, dailyTotals }: Pick<RebuildDeps, 'raw' | 'dailyTotals'>,
): Promise<RebuildPlan> {
  const plan: RebuildPlan = { dates: [], expired: [] };
  for (const date of dates) {
    const blobs = await listRawDay(raw, date);
    if (blobs.length > 0) {
      plan.dates.push(date);
      continue;
    }
    const head = await readDayHead(dailyTotals, date);
    if (head === undefined) continue;
    if (head.frozen || head.rows > 0) plan.expired.push(date);
    else plan.dates.push(date);
  }
  return plan;
}

/**
 * Derives all views of the days again, from the raw blobs alone, under the same fences as the running pipeline:
 * both may work at once. Nothing that was remembered is trusted. Sends no message: what follows from a day is
 * done here, and no alert is judged. Running it twice changes nothing more.
 * @param wait resolves after that many milliseconds of real time
 */
export async function rebuildDays(
  plan: RebuildPlan,
  deps: RebuildDeps,
  wait: (ms: number) => Promise<void>,
  onProgress: (done: number, total: number, date: string) => void = () => undefined,
): Promise<RebuildReport> {
  const report: RebuildReport = {
    ...plan,
    dates: [...plan.dates],
    entitiesWritten: 0,
    months: [],
    failed: [],
  };
  const months = new Set<string>();
  for (const [done, date] of plan.dates.entries()) {
    onProgress(done, plan.dates.length, date);
    await untilDone({ date }, deps, wait, months, report);
  }
  // A month is made of its days: one whose totals are lost as well would be missing in it.
  for (const date of await forgottenDays(months, report.dates, deps)) {
    report.dates.push(date);
    await untilDone({ date }, deps, wait, months, report);
  }
  report.dates.sort();
  for (const month of [...months].sort()) {
    report.months.push(month);
    await untilDone({ month }, deps, wait, months, report);
  }
  return report;
}

/** Days of these months that have raw blobs and no totals at all. */
async function forgottenDays(
  months: ReadonlySet<string>,
  known: readonly string[],
  { raw, dailyTotals, billingDay }: RebuildDeps,
): Promise<string[]> {
  const found: string[] = [];
  for (const date of [...months].flatMap((month) => daysOfMonth(month, billingDay))) {
    if (known.includes(date) || found.includes(date)) continue;
    if ((await readDayHead(dailyTotals, date)) !== undefined) continue;
    if ((await listRawDay(raw, date)).length > 0) found.push(date);
  }
  return found;
}

/** Serves one day or month like a queue would: what is sent again is served again, after its delay. */
async function untilDone(
  first: DayChanged,
  deps: RebuildDeps,
  wait: (ms: number) => Promise<void>,
  months: Set<string>,
  report: RebuildReport,
): Promise<void> {
  const subject = 'date' in first ? first.date : first.month;
  let message: DayChanged | undefined = first;
  for (let turn = 0; message !== undefined; turn += 1) {
    const again: { message: DayChanged; delayMs: number }[] = [];
    const sender = ownQueue((sent, delayMs) => {
      if ('month' in sent && !('month' in first)) months.add(sent.month);
      else again.push({ message: sent, delayMs });
    });
    const result = await aggregate(message, { ...deps, sender, anew: true });
    if (result.outcome === 'completed' && 'upserts' in result) {
      report.entitiesWritten += result.upserts + result.deletes;
    }
    if (result.outcome === 'failed' || turn === MAX_TURNS) {
      const reason = result.outcome === 'failed' ? result.reason : 'another run does not let go of it';
      report.failed.push({ subject, reason });
      return;
    }
    message = again[0]?.message;
    if (again[0] !== undefined) await wait(again[0].delayMs);
  }
}

/** Takes what is for the queue of days; a job that would ask Graph is left to the planner. */
function ownQueue(take: (message: DayChanged, delayMs: number) => void): MessageSender {
  const send: MessageSender['send'] = async (queue, message, options) => {
    await Promise.resolve();
    if (queue === QUEUES.days) take(message.data as DayChanged, options?.delayMs ?? 0);
  };
  return {
    send,
    sendAll: async (queue, messages, options) => {
      for (const message of messages) await send(queue, message, options);
    },
  };
}
