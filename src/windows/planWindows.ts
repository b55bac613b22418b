import type { Lane } from '../queues/names.ts';
import type { MessageSender } from '../queues/sender.ts';
import type { Clock } from '../runtime/clock.ts';
import { inParallel } from '../runtime/inParallel.ts';
import type { Log } from '../runtime/log.ts';
import type { BlobContainer } from '../storage/blobs.ts';
import type { ReadDayHead } from './dayHeads.ts';
import { earlierWeeks, expectedRows } from './expectedRows.ts';
import { dateOf, DAY_MS, datesBetween, type Window, WINDOW_MS } from './grid.ts';
import type { Ledger, LedgerEntry } from './ledger.ts';
import { packJobs } from './packJobs.ts';
import { type DueWindow, liveSpanMs, neverFinished, planWindows } from './planner.ts';
import { type PlannerConfig, type PlannerSettings, plannerSettings } from './plannerSettings.ts';
import {
  coverageStartMs,
  createPlannerState,
  type PlannerState,
  readPlannerState,
  savePlannerState,
} from './plannerState.ts';
import { sendJobs } from './sendJobs.ts';
import { wakeDays } from './wakeDays.ts';

export interface PlanServices {
  ledger: Pick<Ledger, 'readDay' | 'markPlanned' | 'recordFailure'>;
  /** `pstn-raw` and `pstn-control`. */
  raw: BlobContainer;
  control: BlobContainer;
  readDayHead: ReadDayHead;
  sender: MessageSender;
  clock: Clock;
  config: PlannerConfig;
}

/** What one tick did. */
export interface PlanOutcome {
  /** All days inside SOURCE_DAYS were looked at, not only the live ones. */
  daily: boolean;
  windows: Record<Lane, number>;
  jobs: Record<Lane, number>;
  daysWoken: number;
}

/** Jobs that vanished before a window counts as failed. */
const MAX_VANISHED = 3;

/** One day that cannot be read must not stop the others; many mean that storage is away. */
const MAX_FAULTS = 5;

/** Days read at once: a daily pass reads three months of them. */
const PARALLEL_DAYS = 8;

type Days = Map<string, readonly LedgerEntry[]>;

/**
 * One tick of the timer: sends jobs for the windows that are due, and wakes days whose totals lag behind
 * their raw blobs. A tick that dies at any point is made good by the next one.
 * @throws AggregateError after all else is done, if some days could not be read.
 */
export async function planAndSend(services: PlanServices, log: Log): Promise<PlanOutcome> {
  const { ledger, control, clock } = services;
  const nowMs = clock.nowMs();
  const settings = plannerSettings(services.config);
  const { state, etag } =
    (await readPlannerState(control)) ??
    (await createPlannerState(control, coverageStartMs(nowMs, settings)));
  const coverageFromMs = Date.parse(state.coverageFrom);
  const daily =
    state.lastDailyPassAt === undefined || dateOf(Date.parse(state.lastDailyPassAt)) !== dateOf(nowMs);
  const dates = datesToLookAt(nowMs, daily, state, settings);

  const faults: unknown[] = [];
  const perDay = async <T>(date: string, read: () => Promise<T>): Promise<T | undefined> => {
    try {
      return await read();
    } catch (error) {
      log.error('plannerDayFailed', {
        date,
        error: error instanceof Error ? error.message : String(error),
      });
      faults.push(error);
      if (faults.length > MAX_FAULTS) throw error;
      return undefined;
    }
  };
  const readDays = async (wanted: Iterable<string>, days: Days = new Map()): Promise<Days> => {
    const missing = [...wanted].filter((date) => !days.has(date));
    await inParallel(missing, PARALLEL_DAYS, async (date) => {
      const entries = await perDay(date, () => ledger.readDay(date));
      if (entries !== undefined) days.set(date, entries);
    });
    return days;
  };

  const days = await readDays(dates);
  const plan = planWindows({ nowMs, days, coverageFromMs, settings });
  await noteVanished(ledger, log, days, [...plan.live, ...plan.backfill]);
  const known = await readDays(earlierDates(plan.live), new Map(days));
  const rowsOf = expectedRows(known, settings.settleHours);
  const outcome: PlanOutcome = {
    daily,
    windows: { live: plan.live.length, backfill: plan.backfill.length },
    jobs: { live: 0, backfill: 0 },
    daysWoken: 0,
  };
  for (const lane of ['live', 'backfill'] as const) {
    const windows = plan[lane].map((due) => due.window);
    const jobs = packJobs({ windows, lane, plannedMs: nowMs, expectedRows: rowsOf });
    await sendJobs(services, lane, jobs, nowMs);
    outcome.jobs[lane] = jobs.length;
    if (jobs.length > 0) log.info('windowsPlanned', { lane, windows: windows.length, jobs: jobs.length });
  }

  const { woken, openHeads } = await wakeDays({ ...services, log }, dates, state.openHeads, perDay);
  outcome.daysWoken = woken.length;
  const tickAt = new Date(nowMs).toISOString();
  const next = { ...state, lastTickAt: tickAt, openHeads, ...(daily ? { lastDailyPassAt: tickAt } : {}) };
  const saved = await savePlannerState(control, { state: next, etag });
  if (!saved) log.info('plannerStateConflict', { tickAt });
  if (faults.length > 0) {
    throw new AggregateError(faults, `${faults.length} days could not be planned; the log names them`);
  }
  return outcome;
}

/** Live days each tick, all that Graph still answers for once a day, and days that a fold was writing. */
function datesToLookAt(
  nowMs: number,
  daily: boolean,
  state: PlannerState,
  settings: PlannerSettings,
): string[] {
  const liveFromMs = nowMs - liveSpanMs(settings) - WINDOW_MS;
  const sourceFromMs = nowMs - settings.sourceDays * DAY_MS;
  const fromMs = daily ? Math.min(liveFromMs, sourceFromMs) : liveFromMs;
  return [...new Set([...datesBetween(fromMs, nowMs), ...Object.keys(state.openHeads)])];
}

const earlierDates = (due: readonly DueWindow[]): Set<string> =>
  new Set(due.flatMap(({ window }) => earlierWeeks(window.fromMs).map(dateOf)));

/** A crash leaves no reason: the planner writes one, before the window is sent again. */
async function noteVanished(
  ledger: PlanServices['ledger'],
  log: Log,
  days: Days,
  due: readonly DueWindow[],
): Promise<void> {
  for (const { window, reason } of due) {
    if (reason !== 'unfinished') continue;
    const entry = entryOf(days, window);
    if (entry === undefined) continue;
    log.warn('claimNeverFinished', { window: window.id, claim: entry.claim, attempts: entry.attempts + 1 });
    await ledger.recordFailure([window], neverFinished(entry.claim), entry.attempts + 1 >= MAX_VANISHED);
  }
}

const entryOf = (days: Days, window: Window): LedgerEntry | undefined =>
  days.get(window.date)?.find((entry) => entry.window.id === window.id);
