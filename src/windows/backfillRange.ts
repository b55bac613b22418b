import { DAY_MS, toInstant, type Window, WINDOW_MS, windowsBetween } from './grid.ts';

/** A range that cannot be read. The message says why, and what would be right. */
export class BackfillRangeError extends RangeError {
  override readonly name = 'BackfillRangeError';
}

/** A year: each hour is a line in the ledger, and Graph is not known to keep calls for longer. */
const MAX_RANGE_DAYS = 366;

/** Whole hours `[fromMs, toMs)`, all of them ended. */
export interface BackfillRange {
  fromMs: number;
  toMs: number;
  windows: Window[];
}

/**
 * Widens a range to whole hours and leaves out what has not ended.
 * @throws BackfillRangeError if it is reversed, empty or longer than a year, or if none of its windows has ended.
 */
export function planBackfill(input: { fromMs: number; toMs: number; nowMs: number }): BackfillRange {
  if (!(input.fromMs < input.toMs)) {
    throw new BackfillRangeError(
      `the range begins at ${shown(input.fromMs)}, not before its end ${shown(input.toMs)}; ` +
        'give an earlier --from or a later --to',
    );
  }
  const fromMs = Math.floor(input.fromMs / WINDOW_MS) * WINDOW_MS;
  const endedMs = Math.floor(input.nowMs / WINDOW_MS) * WINDOW_MS;
  const toMs = Math.min(Math.ceil(input.toMs / WINDOW_MS) * WINDOW_MS, endedMs);
  if (fromMs >= toMs) {
    throw new BackfillRangeError(
      `nothing to read yet: the first hour of the range ends at ${shown(fromMs + WINDOW_MS)}, and it is ` +
        `${shown(input.nowMs)}; only hours that have ended are read, so give an earlier --from`,
    );
  }
  if (toMs - fromMs > MAX_RANGE_DAYS * DAY_MS) {
    throw new BackfillRangeError(
      `the range from ${shown(fromMs)} to ${shown(toMs)} is longer than ${MAX_RANGE_DAYS} days; give a later --from ` +
        'or an earlier --to, and read the rest with another command',
    );
  }
  return { fromMs, toMs, windows: windowsBetween(fromMs, toMs) };
}

const shown = (ms: number): string => (Number.isFinite(ms) ? toInstant(ms) : 'an unknown instant');
