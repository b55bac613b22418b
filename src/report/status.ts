import type { Config } from '../config/config.ts';
import { UNKNOWN_DAY_PREFIX } from '../landing/rawStore.ts';
import { QUEUE_NAMES } from '../queues/names.ts';
import type { QueueFigures, QueuePeeker } from '../queues/peek.ts';
import type { Clock } from '../runtime/clock.ts';
import { inParallel } from '../runtime/inParallel.ts';
import type { BlobContainer } from '../storage/blobs.ts';
import { TABLES } from '../storage/names.ts';
import type { DayState } from '../totals/dayHead.ts';
import { readDayHead, readRestatements, type StoredRestatement } from '../totals/totalsReader.ts';
import type { Table } from '../storage/tables.ts';
import { datesBetween, DAY_MS, WINDOW_MS } from '../windows/grid.ts';
import type { Ledger, LedgerEntry, WindowState } from '../windows/ledger.ts';
import { readPlannerState } from '../windows/plannerState.ts';
import { datesOf, rawWindows } from '../windows/rawDays.ts';
import { spacingOf } from '../graph/budget/spacingOf.ts';
import { type PlannerConfig, plannerSettings } from '../windows/plannerSettings.ts';
import { needsAttention } from './attention.ts';
import { type BackfillLeft, backfillLeft } from './backfillLeft.ts';
import { type BudgetFigures, readBudgetFigures } from './budget.ts';
import { type Coverage, coverageOf } from './coverage.ts';
import { deletedBlobs } from './deletedBlobs.ts';
import { explainDeadLetter, type ExplainedDeadLetter, type Reasons, unexplained } from './deadLetters.ts';
import { missingParts, type MissingParts } from './missingParts.ts';
import { unreadWindows, type UnreadWindows } from './unreadWindows.ts';

export interface Status {
  /** When it was looked at, by the pipeline's clock. */
  at: string;
  coverage: Coverage;
  /** All that the ledger knows, however old, asked for by the planner or by command. */
  windows: Record<WindowState, number>;
  /** Those of them of which something is still to be known. */
  unread: UnreadWindows;
  days: Record<DayState, number> & { incomplete: number };
  /** The newest changes of days that were settled, at most 20, newest first. */
  restatements: DayRestatement[];
  /** Rows that do not fit: in windows, and those that name no day. */
  rejected: { inWindows: number; withoutDay: number };
  queues: QueueFigures[];
  /** The newest messages that were given up, at most 20 of each queue, with the reason. */
  deadLetters: ExplainedDeadLetter[];
  /** Windows whose raw file is gone, though they had rows. */
  deletedBlobs: string[];
  /** Containers, tables and queues that do not exist, such as `table windows`. */
  missing: string[];
  planner: { coverageFrom: string; lastTickAt: string | undefined } | undefined;
  /** Undefined where its table is missing. */
  budget: BudgetFigures | undefined;
  backfill: BackfillLeft;
  /** What needs a hand, in plain words; empty if all is well. */
  attention: string[];
}

/** What a settled day's totals changed from and to. Money is text with 6 places. */
export interface DayRestatement extends Pick<
  StoredRestatement,
  'n' | 'at' | 'rowsCame' | 'rowsWent' | 'rowsChanged'
> {
  date: string;
  /** Sums by currency. */
  before: unknown;
  after: unknown;
}

export interface StatusServices {
  config: PlannerConfig & Parameters<typeof spacingOf>[0] & Pick<Config, 'PLAN_SCHEDULE'>;
  clock: Clock;
  /** Real time, ms since the epoch: requests go by it, whatever the pipeline's clock says. */
  realNowMs?: () => number;
  raw: BlobContainer;
  control: BlobContainer;
  dailyTotals: Table;
  budgetTable: Table;
  ledger: Pick<Ledger, 'readAll'>;
  peeker: QueuePeeker;
}

/** A window is read at the planner's next tick after its end, and that takes a while. */
const GRACE_MS = 2 * WINDOW_MS;
const PARALLEL_DAYS = 8;
const NOTHING: ReadonlyMap<string, LedgerEntry[]> = new Map();
const SHOWN_DEAD_LETTERS = 20;
const SHOWN_RESTATEMENTS = 20;

/**
 * Looks at every stage of the pipeline; changes nothing. A container, table or queue that is missing is named and
 * leaves its figures at nothing.
 */
export async function readStatus(services: StatusServices): Promise<Status> {
  const { clock, raw, config, budgetTable, realNowMs: readRealTime = Date.now } = services;
  const nowMs = clock.nowMs();
  const realNowMs = readRealTime();
  const parts = missingParts();
  const planner = await parts.orElse(`container ${services.control.name}`, undefined, () =>
    readPlannerState(services.control),
  );
  const coverageFromMs = planner && Date.parse(planner.state.coverageFrom);
  const blobs = await parts.orElse(`container ${raw.name}`, undefined, () => rawWindows(raw));
  const known = await parts.orElse(`table ${TABLES.windows}`, NOTHING, () => services.ledger.readAll());
  const entries = [...known.values()].flat();
  const dates = new Set([
    ...known.keys(),
    ...datesBetween(coverageFromMs ?? nowMs - config.SOURCE_DAYS * DAY_MS, nowMs + 1),
    ...(blobs === undefined ? [] : datesOf(blobs)),
  ]);
  const byDate = new Map([...dates].map((date) => [date, known.get(date) ?? []]));
  const [{ days, foldErrors, restatements }, budget, withoutDay, queues] = await Promise.all([
    readDays(services, dates, parts),
    parts.orElse(`table ${budgetTable.name}`, undefined, () =>
      readBudgetFigures(budgetTable, config, realNowMs),
    ),
    parts.orElse(`container ${raw.name}`, 0, () => count(raw.list(UNKNOWN_DAY_PREFIX))),
    readQueues(services.peeker, parts),
  ]);
  const owedToMs = Math.floor((nowMs - GRACE_MS) / WINDOW_MS) * WINDOW_MS;
  const found = {
    at: new Date(nowMs).toISOString(),
    coverage: coverageOf(
      entries.filter(({ reads }) => reads > 0).map(({ window }) => window),
      coverageFromMs === undefined ? undefined : { fromMs: coverageFromMs, toMs: owedToMs },
    ),
    windows: countStates(entries),
    unread: unreadWindows(entries, { nowMs, sourceDays: config.SOURCE_DAYS }),
    days,
    restatements,
    rejected: { inWindows: entries.reduce((sum, entry) => sum + entry.rejected, 0), withoutDay },
    queues,
    deadLetters: await deadLetters(services, queues, { entries, foldErrors }, parts),
    deletedBlobs:
      blobs === undefined
        ? []
        : await deletedBlobs(raw, entries, blobs, { nowMs, rawRetentionDays: config.RAW_RETENTION_DAYS }),
    planner: planner && {
      coverageFrom: planner.state.coverageFrom,
      lastTickAt: planner.state.lastTickAt,
    },
    budget,
    backfill: backfillLeft({
      ...{ days: byDate, nowMs, realNowMs, coverageFromMs },
      settings: plannerSettings(config),
      spacingMs: spacingOf(config),
    }),
    missing: parts.names(),
  };
  const { PLAN_SCHEDULE: schedule, SOURCE_DAYS: sourceDays } = config;
  return { ...found, attention: needsAttention(found, { nowMs, schedule, sourceDays }) };
}

interface ReadDays {
  days: Status['days'];
  foldErrors: Map<string, string>;
  restatements: DayRestatement[];
}

async function readDays(
  { dailyTotals }: StatusServices,
  dates: ReadonlySet<string>,
  parts: MissingParts,
): Promise<ReadDays> {
  const days = { provisional: 0, settled: 0, restated: 0, incomplete: 0 };
  const foldErrors = new Map<string, string>();
  const restatements: DayRestatement[] = [];
  await inParallel(dates, PARALLEL_DAYS, async (date) => {
    const head = await parts.orElse(`table ${dailyTotals.name}`, undefined, () =>
      readDayHead(dailyTotals, date),
    );
    if (head === undefined) return;
    if (head.restatements > 0) restatements.push(...(await restatementsOf(dailyTotals, date)));
    days[head.state] += 1;
    if (!head.complete) days.incomplete += 1;
    if (head.lastError !== undefined) foldErrors.set(date, head.lastError);
  });
  return { days, foldErrors, restatements: newest(restatements) };
}

async function readQueues(peeker: QueuePeeker, parts: MissingParts): Promise<QueueFigures[]> {
  const figures = await Promise.all(
    QUEUE_NAMES.map((queue) => parts.orElse(`queue ${queue}`, undefined, () => peeker.figures(queue))),
  );
  return figures.filter((one) => one !== undefined);
}

/** The newest of each queue. */
async function deadLetters(
  { peeker, control }: StatusServices,
  queues: readonly QueueFigures[],
  reasons: Omit<Reasons, 'control'>,
  parts: MissingParts,
): Promise<ExplainedDeadLetter[]> {
  const found: ExplainedDeadLetter[] = [];
  for (const { queue } of queues.filter((one) => one.deadLetters > 0)) {
    const letters = await peeker.deadLetters(queue);
    const newest = letters.toSorted((a, b) => (b.enqueuedAt ?? '').localeCompare(a.enqueuedAt ?? ''));
    await inParallel(newest.slice(0, SHOWN_DEAD_LETTERS), PARALLEL_DAYS, async (letter) => {
      found.push(
        await parts.orElse(`container ${control.name}`, unexplained(letter), () =>
          explainDeadLetter(letter, { control, ...reasons }),
        ),
      );
    });
  }
  const order = ({ queue, enqueuedAt = '' }: ExplainedDeadLetter): string => `${queue} ${enqueuedAt}`;
  return found.sort((a, b) => order(b).localeCompare(order(a)));
}

const newest = (restatements: readonly DayRestatement[]): DayRestatement[] =>
  restatements.toSorted((a, b) => (a.at < b.at ? 1 : -1)).slice(0, SHOWN_RESTATEMENTS);

async function restatementsOf(dailyTotals: Table, date: string): Promise<DayRestatement[]> {
  const found = await readRestatements(dailyTotals, date);
  // Number 0 notes the state in which the day was settled; nothing had changed.
  return found
    .filter(({ n }) => n > 0)
    .map(({ n, at, rowsCame, rowsWent, rowsChanged, before, after }) => ({
      ...{ date, n, at, rowsCame, rowsWent, rowsChanged },
      before: JSON.parse(before) as unknown,
      after: JSON.parse(after) as unknown,
    }));
}

function countStates(entries: readonly LedgerEntry[]): Record<WindowState, number> {
  const states = { planned: 0, read: 0, shrunk: 0, failed: 0 };
  for (const { state } of entries) states[state] += 1;
  return states;
}

async function count(items: AsyncIterable<unknown>): Promise<number> {
  let found = 0;
  for await (const item of items) if (item !== undefined) found += 1;
  return found;
}
