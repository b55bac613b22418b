import { PAGE_ROWS } from './expectedRequests.ts';
import { PACK_LIMITS, type PackLimits } from './packJobs.ts';

/** Pages of 20 s each take so many page sequences at once to use all of the request budget. */
const SEQUENCES = 17;
/** Each job costs half a page that is not full: one in so many is little, and twice as many are soon read by one. */
const LEAST_ROWS = 12 * PAGE_ROWS;
/** Whole hours do not add up to equal shares. */
const SLACK = 1.05;

/**
 * Limits for some of the rows that are to be read at the same time: all together become as many jobs as keep the
 * request budget busy, if each has some twelve pages.
 * @param rows that are packed with these limits
 * @param ofAll rows that are to be read at the same time, if these are more
 */
export function limitsFor(rows: number, ofAll = rows): PackLimits {
  const most = Math.floor(rows / LEAST_ROWS);
  if (most < 2) return PACK_LIMITS;
  const share = Math.max(rows / most, ofAll / SEQUENCES) * SLACK;
  return { ...PACK_LIMITS, maxRows: Math.min(PACK_LIMITS.maxRows, share) };
}
