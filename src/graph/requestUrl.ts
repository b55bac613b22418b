export type ApiVersion = 'v1.0' | 'beta';

/** What one sequence of pages covers: calls that started in `[fromMs, toMs]`, both bounds included. */
export interface PstnCallsRange {
  fromMs: number;
  toMs: number;
}

const DAY_MS = 86_400_000;
/** Graph answers 406 to a wider range. */
export const MAX_RANGE_MS = 90 * DAY_MS;

/**
 * Address of the first page. The bounds are full instants: what a bare date covers as the upper bound is not
 * documented.
 * @throws RangeError if the range is reversed, wider than 90 days, or no time at all.
 */
export function requestUrl(origin: string, version: ApiVersion, { fromMs, toMs }: PstnCallsRange): string {
  if (!(fromMs <= toMs)) throw new RangeError(`a range of calls ends before it begins: ${fromMs} to ${toMs}`);
  if (toMs - fromMs > MAX_RANGE_MS) {
    throw new RangeError(
      `a range of calls has at most 90 days: ${instantText(fromMs)} to ${instantText(toMs)}`,
    );
  }
  const parameters = `fromDateTime=${instantText(fromMs)},toDateTime=${instantText(toMs)}`;
  return `${origin}/${version}/communications/callRecords/getPstnCalls(${parameters})`;
}

/** An instant as Graph takes it: UTC, milliseconds only where there are any. */
export const instantText = (ms: number): string => new Date(ms).toISOString().replace('.000Z', 'Z');
