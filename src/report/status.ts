import type { Config } from '../config/config.ts';
import { UNKNOWN_DAY_PREFIX } from '../landing/rawStore.ts';
import { QUEUE_NAMES } from '../queues/names.ts';
import type { QueueFigures, QueuePeeker } from '../queues/peek.ts';
import type { Clock } from '../runtime/clock.ts';
import { inParallel } from '../runtime/inParallel.ts';
import type { BlobContainer } from '../storage/blobs.ts';
import type { DayState } from '../totals/dayHead.ts';
import { readDayHead } from '../totals/totalsReader.ts';
import type { Table } from '../storage/tables.ts';
import { datesBetween, DAY_MS, WINDOW_MS } from '../windows/grid.ts';
import type { Ledger, LedgerEntry, WindowState } from '../windows/ledger.ts';
import { readPlannerState } from '../windows/plannerState.ts';
import { needsAttention } from './attention.ts';
import { type Coverage, coverageOf } from './coverage.ts';
import { rawDays } from './rawDays.ts';

export interface Status {
  /** When it was looked at, by the pipeline's clock. */
  at: string;
  coverage: Coverage;
  windows: Record<WindowState, number>;
  /** The newest windows that failed, at most 20, with the reason. */
  failed: { window: string; attempts: number; reason: string }[];
  days: Record<DayState, number> & { incomplete: number };
  /** Rows that do not fit: in windows, and those that name no day. */
  rejected: { inWindows: number; withoutDay: number };
  queues: QueueFigures[];
  planner: { coverageFrom: string; lastTickAt: string | undefined } | undefined;
  /** What needs a hand, in plain words; empty if all is well. */
  attention: string[];
}

export interface StatusServices {
  config: Pick<Config, 'SOURCE_DAYS' | 'PLAN_SCHEDULE'>;
  clock: Clock;
  raw: BlobContainer;
  control: BlobContainer;
  dailyTotals: Table;
  ledger: Pick<Ledger, 'readDay'>;
  peeker: QueuePeeker;
}

/** A window is read at the planner's next tick after its end, and that takes a while. */
const GRACE_MS = 2 * WINDOW_MS;
const PARALLEL_DAYS = 8;
const SHOWN_FAILURES = 20;

/** Looks at every stage of the pipeline; changes nothing. */
export async function readStatus(services: StatusServices): Promise<Status> {
  const { clock, control, raw, dailyTotals, ledger, peeker, config } = services;
  const nowMs = clock.nowMs();
  const planner = await readPlannerState(control);
  const coverageFromMs = planner && Date.parse(planner.state.coverageFrom);
  const dates = new Set([
    ...datesBetween(coverageFromMs ?? nowMs - config.SOURCE_DAYS * DAY_MS, nowMs + 1),
    ...(await rawDays(raw)),
  ]);
  const entries: LedgerEntry[] = [];
  const days = { provisional: 0, settled: 0, restated: 0, incomplete: 0 };
  await inParallel(dates, PARALLEL_DAYS, async (date) => {
    const [ofDay, head] = await Promise.all([ledger.readDay(date), readDayHead(dailyTotals, date)]);
    entries.push(...ofDay);
    if (head === undefined) return;
    days[head.state] += 1;
    if (!head.complete) days.incomplete += 1;
  });
  const owedToMs = Math.floor((nowMs - GRACE_MS) / WINDOW_MS) * WINDOW_MS;
  const found = {
    at: new Date(nowMs).toISOString(),
    coverage: coverageOf(
      entries.filter(({ reads }) => reads > 0).map(({ window }) => window),
      coverageFromMs === undefined ? undefined : { fromMs: coverageFromMs, toMs: owedToMs },
    ),
    windows: countStates(entries),
    failed: failures(entries),
    days,
    rejected: {
      inWindows: entries.reduce((sum, entry) => sum + entry.rejected, 0),
      withoutDay: await count(raw.list(UNKNOWN_DAY_PREFIX)),
    },
    queues: await Promise.all(QUEUE_NAMES.map((queue) => peeker.figures(queue))),
    planner: planner && {
      coverageFrom: planner.state.coverageFrom,
      lastTickAt: planner.state.lastTickAt,
    },
  };
  return { ...found, attention: needsAttention(found, { nowMs, schedule: config.PLAN_SCHEDULE }) };
}

function countStates(entries: readonly LedgerEntry[]): Record<WindowState, number> {
  const states = { planned: 0, read: 0, shrunk: 0, failed: 0 };
  for (const { state } of entries) states[state] += 1;
  return states;
}

const failures = (entries: readonly LedgerEntry[]): Status['failed'] =>
  entries
    .filter(({ state }) => state === 'failed')
    .sort((a, b) => b.window.fromMs - a.window.fromMs)
    .slice(0, SHOWN_FAILURES)
    .map(({ window, attempts, lastError }) => ({
      window: window.id,
      attempts,
      reason: lastError ?? 'no reason was left',
    }));

async function count(items: AsyncIterable<unknown>): Promise<number> {
  let found = 0;
  for await (const item of items) if (item !== undefined) found += 1;
  return found;
}
