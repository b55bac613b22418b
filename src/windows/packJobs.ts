import type { WindowJob } from '../queues/messages.ts';
import type { Lane } from '../queues/names.ts';
import { toInstant, type Window, WINDOWS_A_DAY, windowsBetween } from './grid.ts';

/** How large one job may become. A single window is never cut, however many rows it has. */
export interface PackLimits {
  maxWindows: number;
  maxRows: number;
}

/** Graph refuses wider ranges. */
export const MAX_RANGE_WINDOWS = 90 * WINDOWS_A_DAY;

/** About 50 pages: what is interrupted starts again and costs little. */
export const PACK_LIMITS: PackLimits = { maxWindows: MAX_RANGE_WINDOWS, maxRows: 50_000 };

export interface PackInput {
  windows: readonly Window[];
  lane: Lane;
  /** Windows read at or after this instant are dropped when the job is delivered. */
  plannedMs: number;
  /** Need not be whole: few calls a day are less than one an hour. */
  expectedRows: (window: Window) => number;
  limits?: PackLimits | undefined;
  /** Somebody waits for the outcome. */
  soon?: boolean | undefined;
  /** Windows that share no job with others: a read of them has failed, and would fail the others' as well. */
  isApart?: ((window: Window) => boolean) | undefined;
}

/** Packs adjacent windows into as few jobs as the limits allow, newest first. */
export function packJobs(input: PackInput): WindowJob[] {
  const { windows, lane, plannedMs, expectedRows, limits, soon, isApart = () => false } = input;
  const planned = new Date(plannedMs).toISOString();
  return runsOf(windows, isApart)
    .flatMap((run) => cutRun(run, expectedRows, limits ?? PACK_LIMITS))
    .reverse()
    .map(({ fromMs, toMs, rows }) => ({
      from: toInstant(fromMs),
      to: toInstant(toMs),
      lane,
      planned,
      expectedRows: Math.max(0, Math.ceil(rows - ROUNDING)),
      ...(soon === true ? { soon } : {}),
    }));
}

/** What sums of fractions may be off. */
const ROUNDING = 1e-6;

/** Adjacent windows of which all stand apart or none, ascending; each window once. */
export function runsOf(
  windows: readonly Window[],
  isApart: (window: Window) => boolean = () => false,
): Window[][] {
  const byStart = new Map(windows.map((window) => [window.fromMs, window]));
  const runs: Window[][] = [];
  for (const window of [...byStart.values()].sort((a, b) => a.fromMs - b.fromMs)) {
    const run = runs.at(-1);
    const last = run?.at(-1);
    if (last?.toMs === window.fromMs && isApart(last) === isApart(window)) run?.push(window);
    else runs.push([window]);
  }
  return runs;
}

interface Piece {
  fromMs: number;
  toMs: number;
  rows: number;
}

/** The best way to cut the first windows of a run: its last piece, and the way to cut what lies before. */
interface Cut {
  /** Jobs first, then midnights inside jobs: a job over several days needs a claim in each. */
  jobs: number;
  midnights: number;
  last?: Piece;
  before?: Cut;
}

/** Of all ways to cut a run into pieces within the limits, one that is best in the order of {@link Cut}. */
function cutRun(
  run: readonly Window[],
  expectedRows: (window: Window) => number,
  limits: PackLimits,
): Piece[] {
  const maxWindows = Math.max(1, Math.min(limits.maxWindows, MAX_RANGE_WINDOWS));
  const rows = run.map(expectedRows);
  const cuts: Cut[] = [{ jobs: 0, midnights: 0 }];
  run.forEach((newest, end) => {
    let best: Cut | undefined;
    let pieceRows = 0;
    let midnights = 0;
    for (let start = end; start >= 0 && end - start < maxWindows; start -= 1) {
      const oldest = run[start];
      const before = cuts[start];
      if (oldest === undefined || before === undefined) break;
      pieceRows += rows[start] ?? 0;
      if (pieceRows > limits.maxRows && start < end) break;
      if (start < end && run[start + 1]?.hour === 0) midnights += 1;
      const jobs = before.jobs + 1;
      const inside = before.midnights + midnights;
      if (best === undefined || jobs < best.jobs || (jobs === best.jobs && inside <= best.midnights)) {
        const last = { fromMs: oldest.fromMs, toMs: newest.toMs, rows: pieceRows };
        best = { jobs, midnights: inside, before, last };
      }
    }
    if (best !== undefined) cuts.push(best);
  });
  const pieces: Piece[] = [];
  for (let cut = cuts.at(-1); cut?.last !== undefined; cut = cut.before) pieces.unshift(cut.last);
  return pieces;
}

/** The windows of a range, such as those that a job asks for, ascending. */
export const windowsOfJob = (range: Pick<WindowJob, 'from' | 'to'>): Window[] =>
  windowsBetween(Date.parse(range.from), Date.parse(range.to));
