import type { Lane } from '../queues/names.ts';
import type { MessageSender } from '../queues/sender.ts';
import type { Clock } from '../runtime/clock.ts';
import { inParallel } from '../runtime/inParallel.ts';
import type { Log } from '../runtime/log.ts';
import type { BlobContainer } from '../storage/blobs.ts';
import { datesToLookAt, type Passes, passesDue } from './datesToLookAt.ts';
import type { ReadDayHead } from './dayHeads.ts';
import { type DayLook, lookAtDay } from './dayLook.ts';
import { isWatched } from './dayMemory.ts';
import { bridgeGaps } from './bridgeGaps.ts';
import { expectedRows } from './expectedRows.ts';
import { dateOf, sourceStartMs, type Window, WINDOW_MS } from './grid.ts';
import type { Ledger, LedgerEntry } from './ledger.ts';
import { missingBlobs } from './missingBlobs.ts';
import { nearbyDates } from './nearbyDates.ts';
import { packInSteps } from './packInSteps.ts';
import { type DueWindow, neverFinished, planWindows } from './planner.ts';
import { type PlannerConfig, plannerSettings } from './plannerSettings.ts';
import { planFaults, type PlanFaults } from './planFaults.ts';
import {
  coverageStartMs,
  createPlannerState,
  type PlannerState,
  readPlannerState,
  savePlannerState,
} from './plannerState.ts';
import { rawDays } from './rawDays.ts';
import { reportGaps, reportMissing } from './reportLosses.ts';
import { sendJobs } from './sendJobs.ts';
import { troubledIn } from './troubledIn.ts';
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
  /** Compares months with their days, and sends those that lag behind. */
  wakeMonths?: (look: {
    dates: readonly string[];
    openHeads: Readonly<Record<string, string>>;
    perMonth: PlanFaults['tolerate'];
  }) => Promise<{ woken: string[]; openHeads: Record<string, string> }>;
  /** Deletes what runs have left behind of a day. */
  sweepDay?: (date: string) => Promise<unknown>;
}

/** What one tick did. */
export interface PlanOutcome extends Passes {
  windows: Record<Lane, number>;
  jobs: Record<Lane, number>;
  daysWoken: number;
  monthsWoken: number;
}

/** Jobs that vanished before a window counts as failed. */
const MAX_VANISHED = 3;

/** Days read at once: a daily pass reads three months of them. */
const PARALLEL_DAYS = 8;

type Days = Map<string, readonly LedgerEntry[]>;

/**
 * One tick of the timer: sends jobs for the windows that are due, and wakes days and months whose totals lag
 * behind their sources. A tick that dies at any point is made good by the next one.
 * @throws AggregateError after all else is done, if some days could not be read.
 */
export async function planAndSend(services: PlanServices, log: Log): Promise<PlanOutcome> {
  const { ledger, raw, control, clock } = services;
  const nowMs = clock.nowMs();
  const settings = plannerSettings(services.config);
  const faults = planFaults(log);
  const { state, etag } =
    (await readPlannerState(control)) ??
    (await createPlannerState(control, coverageStartMs(nowMs, settings)));
  const coverageFromMs = Date.parse(state.coverageFrom);
  const passes = passesDue(state, nowMs);
  const oldDates = passes.weekly ? await faults.tolerate('raw blobs', () => rawDays(raw)) : undefined;
  const dates = datesToLookAt(nowMs, passes, state, settings, oldDates ?? []);

  const looks = new Map<string, DayLook>();
  await inParallel(dates, PARALLEL_DAYS, async (date) => {
    const look = await faults.tolerate(date, () => lookAtDay(date, services, settings.settleHours));
    if (look !== undefined) looks.set(date, look);
  });
  const days: Days = new Map([...looks].map(([date, { entries }]) => [date, entries]));
  const absent = [...looks.values()].flatMap((look) => look.absent);
  const missing = missingBlobs(absent, nowMs, settings.rawRetentionDays).map(({ window }) => window.id);
  const plan = planWindows({ nowMs, days, coverageFromMs, missing: new Set(missing), settings });
  const planned = [...plan.live, ...plan.backfill];
  await noteVanished(ledger, log, days, planned);

  const known: Days = new Map(days);
  const looked = new Set(dates);
  const near = nearbyDates(
    planned.map(({ window }) => window),
    nowMs,
  );
  await inParallel(near, PARALLEL_DAYS, async (date) => {
    if (looked.has(date)) return;
    const entries = await faults.tolerate(date, () => ledger.readDay(date));
    if (entries !== undefined) known.set(date, entries);
  });
  const expected = expectedRows(known, settings.settleHours);
  const isApart = troubledIn(known);
  const ripeMs = nowMs - settings.settleHours * WINDOW_MS;
  const outcome: PlanOutcome = {
    ...passes,
    windows: { live: plan.live.length, backfill: plan.backfill.length },
    jobs: { live: 0, backfill: 0 },
    daysWoken: 0,
    monthsWoken: 0,
  };
  for (const lane of ['live', 'backfill'] as const) {
    const due = plan[lane].map(({ window }) => window);
    const windows = [
      ...bridgeGaps(
        due.filter((window) => !isApart(window)),
        known,
        expected,
      ),
      ...due.filter(isApart),
    ];
    const jobs = packInSteps({ windows, lane, plannedMs: nowMs, expected, ripeMs, isApart });
    await sendJobs(services, lane, jobs, nowMs);
    outcome.jobs[lane] = jobs.length;
    if (jobs.length > 0) {
      log.info('windowsPlanned', {
        lane,
        windows: due.length,
        along: windows.length - due.length,
        jobs: jobs.length,
      });
    }
  }
  reportMissing(log, missing, planned, passes.daily);
  if (passes.daily) {
    reportGaps(log, days, { nowMs, coverageFromMs, sourceDays: settings.sourceDays });
  }

  const { woken, memories } = await wakeDays({ ...services, log }, looks, state.days, {
    nowMs,
    rawRetentionDays: settings.rawRetentionDays,
  });
  const months = await services.wakeMonths?.({
    dates,
    openHeads: state.openMonths,
    perMonth: faults.tolerate,
  });
  outcome.daysWoken = woken.length;
  outcome.monthsWoken = months?.woken.length ?? 0;

  const tickAt = new Date(nowMs).toISOString();
  const next: PlannerState = {
    ...state,
    lastTickAt: tickAt,
    ...(passes.daily ? { lastDailyPassAt: tickAt } : {}),
    ...(passes.weekly && oldDates !== undefined ? { lastWeeklyPassAt: tickAt } : {}),
    days: remembered({ ...state.days, ...Object.fromEntries(memories) }, nowMs, settings.sourceDays),
    openMonths: months?.openHeads ?? state.openMonths,
  };
  const saved = await savePlannerState(control, { state: next, etag });
  if (!saved) log.info('plannerStateConflict', { tickAt });

  if (passes.daily) {
    for (const date of dates) await faults.tolerate(date, async () => services.sweepDay?.(date));
  }
  faults.throwIfAny();
  return outcome;
}

/** Days that are looked at often enough, or that have to be looked at again. */
function remembered(days: PlannerState['days'], nowMs: number, sourceDays: number): PlannerState['days'] {
  const from = dateOf(sourceStartMs(nowMs, sourceDays));
  return Object.fromEntries(
    Object.entries(days).filter(([date, memory]) => date >= from || isWatched(memory)),
  );
}

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
    const isFinal = entry.attempts + 1 >= MAX_VANISHED;
    await ledger.recordFailure([window], neverFinished(entry.claim), isFinal, { endedClaim: entry.claim });
  }
}

const entryOf = (days: Days, window: Window): LedgerEntry | undefined =>
  days.get(window.date)?.find((entry) => entry.window.id === window.id);
