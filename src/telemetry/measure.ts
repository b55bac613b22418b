import type { BudgetFigures } from '../report/budget.ts';
import { coverageOf } from '../report/coverage.ts';
import { sourceStartMs, WINDOW_MS } from '../windows/grid.ts';
import type { LedgerEntry, WindowState } from '../windows/ledger.ts';
import type { Measurement } from './metrics.ts';

export interface Measured {
  /** What the ledger knows of every window since the start of coverage. */
  entries: readonly Pick<LedgerEntry, 'window' | 'state' | 'reads' | 'rows' | 'rejected'>[];
  /** Start of coverage; undefined before the first planning. */
  coverageFromMs: number | undefined;
  /** Time by the pipeline's clock. */
  nowMs: number;
  /** Windows that begin earlier than this many days ago can no longer be read. */
  sourceDays: number;
  /** Requests of all instances to Graph. */
  budget: Pick<BudgetFigures, 'lastHour' | 'requestsPerMinute'>;
}

/** A window is read at the planner's next tick after its end, and that takes a while. */
const GRACE_MS = 2 * WINDOW_MS;
const STATES: readonly WindowState[] = ['planned', 'read', 'shrunk', 'failed'];
const HOUR_MS = 3_600_000;

/** What there is to tell at the end of a tick. */
export function measure(measured: Measured): Measurement[] {
  const { entries, nowMs, budget } = measured;
  const read = entries.filter(({ reads }) => reads > 0).map(({ window }) => window);
  const newestEndMs = Math.max(...read.map(({ toMs }) => toMs));
  const sum = (value: (entry: Measured['entries'][number]) => number): number =>
    entries.reduce((total, entry) => total + value(entry), 0);
  const { live, backfill } = budget.lastHour;
  return [
    { name: 'pstn.planner.ticks', value: 1 },
    { name: 'pstn.coverage.gap', value: gapHours(measured, read) },
    ...(read.length === 0
      ? []
      : [{ name: 'pstn.coverage.lag' as const, value: Math.max(0, (nowMs - newestEndMs) / HOUR_MS) }]),
    ...STATES.map((state) => ({
      name: 'pstn.windows' as const,
      value: entries.filter((entry) => entry.state === state).length,
      attributes: { state },
    })),
    { name: 'pstn.rows.stored', value: sum(({ rows }) => rows) },
    { name: 'pstn.rows.rejected', value: sum(({ rejected }) => rejected) },
    ...(['live', 'backfill'] as const).map((lane) => ({
      name: 'pstn.requests' as const,
      value: budget.lastHour[lane],
      attributes: { lane },
    })),
    {
      name: 'pstn.budget.used',
      value: Math.min(100, ((live + backfill) / (budget.requestsPerMinute * 60)) * 100),
    },
  ];
}

/** Only what can still be read: for the rest an alert would never end. */
function gapHours(
  { coverageFromMs, nowMs, sourceDays }: Measured,
  read: readonly { fromMs: number; toMs: number }[],
): number {
  if (coverageFromMs === undefined) return 0;
  const readableFromMs = Math.ceil(sourceStartMs(nowMs, sourceDays) / WINDOW_MS) * WINDOW_MS;
  const fromMs = Math.max(coverageFromMs, readableFromMs);
  const toMs = Math.floor((nowMs - GRACE_MS) / WINDOW_MS) * WINDOW_MS;
  return coverageOf(read, { fromMs, toMs }).gaps.reduce((total, { hours }) => total + hours, 0);
}
