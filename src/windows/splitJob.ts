import type { WindowJob } from '../queues/messages.ts';
import type { Window } from './grid.ts';
import { limitsFor } from './limitsFor.ts';
import { packJobs, type PackLimits } from './packJobs.ts';

export interface SplitInput {
  job: WindowJob;
  /** Windows of the job that are still to be read, ascending, at least two. */
  windows: readonly Window[];
  expectedRows: (window: Window) => number;
  /** Rows that came before the job gave up. */
  seenRows: (window: Window) => number;
  limits?: PackLimits | undefined;
}

/** Nothing expected is no ground to be sure of nothing. */
const LEAST_ROWS = 1;

/**
 * A job that turned out much larger than expected, as jobs that are right by what was seen: two halves, cut at the
 * window boundary nearest to the middle of the rows, each packed as any other windows. Newest first; the last one
 * carries on what the job leaves to its worker.
 */
export function splitJob({ job, windows, expectedRows, seenRows, limits }: SplitInput): WindowJob[] {
  const raised = raisedRows(windows, expectedRows, seenRows);
  const rows = windows.map(raised);
  const cut = middleOf(rows);
  const { lane, planned, soon, then } = job;
  const pack = (half: readonly Window[]) =>
    packJobs({
      ...{ windows: half, lane, soon, plannedMs: Date.parse(planned), expectedRows: raised },
      limits: limits ?? limitsFor(sum(half.map(raised)), sum(rows)),
    });
  const jobs = [...pack(windows.slice(cut)), ...pack(windows.slice(0, cut))];
  const last = jobs.at(-1);
  if (last !== undefined && then !== undefined) last.then = then;
  return jobs;
}

/**
 * By how much more there is in the windows among which rows came: if they come in the order of time, either way,
 * these are the ones that were read; if they come in no order, all of them, and the guess is the least that there is.
 */
function raisedRows(
  windows: readonly Window[],
  expectedRows: (window: Window) => number,
  seenRows: (window: Window) => number,
): (window: Window) => number {
  const expected = (window: Window): number => Math.max(LEAST_ROWS, expectedRows(window));
  const isSeen = (window: Window): boolean => seenRows(window) > 0;
  const span = windows.slice(windows.findIndex(isSeen), windows.findLastIndex(isSeen) + 1);
  const factor = sum(span.map(seenRows)) / sum(span.map(expected));
  return (window) => Math.max(seenRows(window), expected(window) * (factor > 1 ? factor : 1));
}

/** Where to cut a list in two, both not empty, so that their sums differ the least. */
function middleOf(values: readonly number[]): number {
  const half = sum(values) / 2;
  let best = 1;
  let before = values[0] ?? 0;
  let bestDistance = Math.abs(before - half);
  for (let cut = 2; cut < values.length; cut += 1) {
    before += values[cut - 1] ?? 0;
    const distance = Math.abs(before - half);
    if (distance < bestDistance) [best, bestDistance] = [cut, distance];
  }
  return best;
}

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
