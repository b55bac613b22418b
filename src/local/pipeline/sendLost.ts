import type { Services } from '../../app/services.ts';
import { toMessage } from '../../queues/messages.ts';
import { type Lane, queueOfLane } from '../../queues/names.ts';
import { inParallel } from '../../runtime/inParallel.ts';
import type { Log } from '../../runtime/log.ts';
import { possibleMonths } from '../../totals/monthCalendar.ts';
import { readMonthHead } from '../../totals/monthHead.ts';
import { wakeMonths } from '../../totals/wakeMonths.ts';
import { type DayLook, lookAtDay } from '../../windows/dayLook.ts';
import type { DayMemory } from '../../windows/dayMemory.ts';
import { expectedRows } from '../../windows/expectedRows.ts';
import { sourceStartMs, WINDOW_MS } from '../../windows/grid.ts';
import type { LedgerEntry } from '../../windows/ledger.ts';
import { lostWindows } from '../../windows/lostWindows.ts';
import { packInSteps } from '../../windows/packInSteps.ts';
import { packJobs } from '../../windows/packJobs.ts';
import { plannedAfter } from '../../windows/plannedAfter.ts';
import { laneOf } from '../../windows/planner.ts';
import { plannerSettings } from '../../windows/plannerSettings.ts';
import { rawDays } from '../../windows/rawDays.ts';
import { sendJobs } from '../../windows/sendJobs.ts';
import { troubledIn } from '../../windows/troubledIn.ts';
import { wakeDays } from '../../windows/wakeDays.ts';

export type SendLostServices = Pick<
  Services,
  'config' | 'clock' | 'ledger' | 'raw' | 'dailyTotals' | 'monthlyTotals' | 'readDayHead' | 'sender'
>;

/** What was sent again. */
export interface LostWork {
  windows: number;
  days: number;
  months: number;
}

type Days = ReadonlyMap<string, readonly LedgerEntry[]>;

const PARALLEL = 8;
/** Longer ago than any hold: nobody is at work on what was left by a run that has ended. */
const LONG_AGO = new Date(0).toISOString();

/**
 * Sends again what was on its way when queues in memory ended with their process: windows that were asked for and not
 * read, confirmations of reads that lost rows, and days and months whose totals lag behind. For a time at which nobody
 * works: before the functions of this run begin, with queues that are empty. Queues that outlive their process lose
 * nothing, and need none of this.
 */
export async function sendLost(services: SendLostServices, log: Log): Promise<LostWork> {
  const days = await services.ledger.readAll();
  const dates = [...new Set([...days.keys(), ...(await rawDays(services.raw))])].sort();
  const windows = await sendWindows(services, days);
  return {
    windows,
    days: await sendDays(services, dates, log),
    months: await sendMonths(services, dates, log),
  };
}

async function sendWindows(services: SendLostServices, days: Days): Promise<number> {
  const { clock, config, sender } = services;
  const nowMs = clock.nowMs();
  const settings = plannerSettings(config);
  const lost = lostWindows([...days.values()].flat(), nowMs);
  const laneOfEntry = ({ lane, window }: LedgerEntry): Lane => lane ?? laneOf(window, nowMs, settings);
  const expected = expectedRows(days, settings.settleHours);
  const sourceFromMs = sourceStartMs(nowMs, settings.sourceDays);
  const confirmMs = settings.shrinkConfirmMinutes * 60_000;
  // Older ones are confirmed by command, unless that takes no time.
  const unconfirmed = lost.unconfirmed.filter(
    ({ window }) => confirmMs === 0 || window.fromMs >= sourceFromMs,
  );
  for (const lane of ['live', 'backfill'] as const) {
    const ofLane = (entries: readonly LedgerEntry[]) => entries.filter((one) => laneOfEntry(one) === lane);
    const unread = ofLane(lost.unread);
    const plannedMs = plannedAfter(nowMs, unread);
    const jobs = packInSteps({
      windows: unread.map(({ window }) => window),
      lane,
      plannedMs,
      expected,
      ripeMs: nowMs - settings.settleHours * WINDOW_MS,
      isApart: troubledIn(days),
    });
    await sendJobs(services, lane, jobs, plannedMs);
    const toConfirm = ofLane(unconfirmed);
    if (toConfirm.length === 0) continue;
    const confirming = packJobs({
      windows: toConfirm.map(({ window }) => window),
      lane,
      plannedMs: plannedAfter(nowMs, toConfirm),
      expectedRows: expected.of,
    });
    const delayMs = Math.max(...toConfirm.map(({ shrunkAt }) => confirmDelayMs(shrunkAt, nowMs, confirmMs)));
    await sender.sendAll(queueOfLane(lane), confirming.map(toMessage), { delayMs });
  }
  return lost.unread.length + unconfirmed.length;
}

/** A read that comes earlier changes nothing; an instant ahead of this clock is one of a run whose clock ran further. */
function confirmDelayMs(shrunkAt: string | undefined, nowMs: number, confirmMs: number): number {
  const dueMs = shrunkAt === undefined ? nowMs : Date.parse(shrunkAt) + confirmMs;
  return Math.min(confirmMs, Math.max(0, dueMs - nowMs));
}

async function sendDays(services: SendLostServices, dates: readonly string[], log: Log): Promise<number> {
  const { clock, config } = services;
  const looks = new Map<string, DayLook>();
  const heads: Record<string, DayMemory> = {};
  await inParallel(dates, PARALLEL, async (date) => {
    const look = await lookAtDay(date, services, config.SETTLE_HOURS);
    looks.set(date, look);
    // As seen long ago: a fold that is open was left so, and one that failed has no message any more.
    heads[date] = { head: look.head?.etag ?? '', since: LONG_AGO };
  });
  const options = { nowMs: clock.nowMs(), rawRetentionDays: config.RAW_RETENTION_DAYS };
  const { woken } = await wakeDays({ sender: services.sender, log }, looks, heads, options);
  return woken.length;
}

async function sendMonths(services: SendLostServices, dates: readonly string[], log: Log): Promise<number> {
  const openHeads: Record<string, string> = {};
  await inParallel(possibleMonths(dates), PARALLEL, async (month) => {
    const head = await readMonthHead(services.monthlyTotals, month);
    if (head?.open === true) openHeads[month] = head.etag;
  });
  const { BILLING_DAY: billingDay } = services.config;
  const { woken } = await wakeMonths({ ...services, log, billingDay, dates, openHeads });
  return woken.length;
}
