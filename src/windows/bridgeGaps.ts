import type { ExpectedRows } from './expectedRows.ts';
import { PAGE_ROWS } from './expectedRequests.ts';
import { type Window, WINDOW_MS, WINDOWS_A_DAY, windowsBetween } from './grid.ts';
import type { LedgerEntry } from './ledger.ts';
import { runsOf } from './packJobs.ts';

/** Due windows that lie further apart are read apart. */
const MAX_GAP_MS = WINDOWS_A_DAY * WINDOW_MS;
/** With less known, what is expected is a guess, and reading more because of it would be another. */
const ENOUGH_KNOWN = WINDOWS_A_DAY;

/**
 * Due windows, and those between them that are read along because one page is expected to hold all: a request reads
 * an hour or three days. Only windows that the ledger knows as read: what nobody asked for is not read, and what has
 * a state of its own keeps its own pace.
 *
 * @param days by date: of all windows between as well, as far as they are to be read along
 */
export function bridgeGaps(
  due: readonly Window[],
  days: ReadonlyMap<string, readonly LedgerEntry[]>,
  expected: ExpectedRows,
): Window[] {
  if (expected.known < ENOUGH_KNOWN) return [...due];
  const plain = new Set(
    [...days.values()].flat().flatMap((entry) => (isPlain(entry) ? entry.window.id : [])),
  );
  const rowsOf = (windows: readonly Window[]) =>
    windows.reduce((rows, window) => rows + expected.of(window), 0);
  const bridged: Window[] = [];
  let rows = 0;
  let before: Window | undefined;
  for (const run of runsOf(due)) {
    const [first] = run;
    const ofRun = rowsOf(run);
    const gap = before === undefined || first === undefined ? [] : gapOf(before, first);
    const joined = rows + rowsOf(gap) + ofRun;
    if (gap.length > 0 && joined <= PAGE_ROWS && gap.every(({ id }) => plain.has(id))) {
      bridged.push(...gap);
      rows = joined;
    } else {
      rows = ofRun;
    }
    bridged.push(...run);
    before = run.at(-1);
  }
  return bridged;
}

/** The windows between, or none if they are too many. */
const gapOf = (before: Window, after: Window): Window[] =>
  after.fromMs - before.toMs > MAX_GAP_MS ? [] : windowsBetween(before.toMs, after.fromMs);

const isPlain = ({ state, claim, done, attempts }: LedgerEntry): boolean =>
  state === 'read' && claim === done && attempts === 0;
