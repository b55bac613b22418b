import type { WindowJob } from '../queues/messages.ts';
import type { ExpectedRows } from './expectedRows.ts';
import { toInstant, type Window, WINDOWS_A_DAY } from './grid.ts';
import { limitsFor } from './limitsFor.ts';
import { packJobs, type PackInput, runsOf } from './packJobs.ts';

export interface StepInput extends Omit<PackInput, 'expectedRows'> {
  expected: ExpectedRows;
  /** Windows that ended by then tell of others once they are read now: their rows hardly move any more. */
  ripeMs: number;
}

/** A step reads at least so many windows that tell of others. */
const FIRST_STEP = WINDOWS_A_DAY;
const SECOND_STEP = 6 * WINDOWS_A_DAY;
/** Whoever knows so many windows knows a week: working days and a weekend. */
const ENOUGH_KNOWN = 5 * WINDOWS_A_DAY;
/** A run that is hardly longer than a step is read at once. */
const WORTH_A_STEP = 2;

/**
 * Packs windows of a tenant of which perhaps little is known. With too little, only the newest windows become jobs;
 * the one of them that begins last names the rest (`then`), and whoever ends it packs that by what is known by then:
 * first a day, then six, then all.
 */
export function packInSteps({ expected, ripeMs, ...input }: StepInput): WindowJob[] {
  const rowsOf = (windows: readonly Window[]) =>
    windows.reduce((rows, window) => rows + expected.of(window), 0);
  const pack = (windows: readonly Window[]) => {
    // A mere guess is no ground for more requests.
    const limits = expected.known < FIRST_STEP ? undefined : limitsFor(rowsOf(windows));
    return packJobs({ ...input, windows, expectedRows: expected.of, limits: input.limits ?? limits });
  };
  const newest = runsOf(input.windows).at(-1) ?? [];
  const step = stepOf(newest, expected.known, ripeMs);
  const [oldest] = newest;
  const first = step[0];
  if (oldest === undefined || first === undefined || step.length === newest.length)
    return pack(input.windows);
  const rest = { from: toInstant(oldest.fromMs), to: toInstant(first.fromMs) };
  const others = input.windows.filter(({ fromMs }) => fromMs < oldest.fromMs);
  // What tells nothing of others is not to enlarge the job that is waited for.
  const unripe = step.filter(({ toMs }) => toMs > ripeMs);
  const ripe = step.slice(0, step.length - unripe.length);
  return [...pack(unripe), ...naming(pack(ripe), rest), ...pack(others)];
}

/** The newest windows that are to be read before the others are packed; all of them if enough is known. */
function stepOf(run: readonly Window[], known: number, ripeMs: number): readonly Window[] {
  if (known >= ENOUGH_KNOWN) return run;
  const size = known >= FIRST_STEP ? SECOND_STEP : FIRST_STEP;
  const ripe = run.filter(({ toMs }) => toMs <= ripeMs).length;
  return ripe <= WORTH_A_STEP * size ? run : run.slice(ripe - size);
}

/** Newest first, so that the last one begins last. */
const naming = (jobs: readonly WindowJob[], then: WindowJob['then']): WindowJob[] =>
  jobs.map((job, index) => (index === jobs.length - 1 && then !== undefined ? { ...job, then } : job));
