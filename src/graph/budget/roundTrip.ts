/** How long the table takes to answer, as far as was seen. */
export interface RoundTrip {
  meanMs: number;
  /** Mean distance from the mean. */
  deviationMs: number;
}

/** Of a new answer, what goes into the mean and into the deviation. */
const MEAN_SHARE = 1 / 8;
const DEVIATION_SHARE = 1 / 4;
/** Almost all answers come within the mean and so many deviations. */
const DEVIATIONS = 2;
/** Nobody looks further ahead: with a table that is slower, slots are lost. */
export const LONGEST_ROUND_TRIP_MS = 10_000;

/** What is known after one more answer; a clock that was set back meanwhile counts as no time. */
export function observe(seen: RoundTrip | undefined, tookMs: number): RoundTrip {
  const ms = Math.min(Math.max(tookMs, 0), LONGEST_ROUND_TRIP_MS);
  if (seen === undefined) return { meanMs: ms, deviationMs: ms / 2 };
  const { meanMs, deviationMs } = seen;
  return {
    meanMs: meanMs + (ms - meanMs) * MEAN_SHARE,
    deviationMs: deviationMs + (Math.abs(ms - meanMs) - deviationMs) * DEVIATION_SHARE,
  };
}

/** Within how many milliseconds the next answer is to be expected; 0 if none was seen yet. */
export const expectedWithin = (seen: RoundTrip | undefined): number =>
  seen === undefined ? 0 : Math.min(seen.meanMs + DEVIATIONS * seen.deviationMs, LONGEST_ROUND_TRIP_MS);
