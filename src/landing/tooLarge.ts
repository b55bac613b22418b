import type { WindowJob } from '../queues/messages.ts';
import { PAGE_ROWS } from '../windows/expectedRequests.ts';

/** More rows came, or time went by, than a job of several windows is to take: it is better read in parts. */
export class TooLargeError extends Error {
  override readonly name = 'TooLargeError';
  /** Rows that came so far, by begin of the window. */
  readonly seenRows: ReadonlyMap<number, number>;
  readonly pages: number;

  constructor(pages: number, seenRows: ReadonlyMap<number, number>) {
    super(`after ${pages} pages the job is given up: it is much larger than expected`);
    this.pages = pages;
    this.seenRows = seenRows;
  }
}

/** Less than this is not worth starting again. */
const LEAST_LIMIT_ROWS = 20 * PAGE_ROWS;
/** Rows come by chance: this much more than expected is no sign of a wrong guess. */
const TIMES_EXPECTED = 2;

/** Rows at which a job of several windows is given up. */
export const rowsTooMany = ({ expectedRows }: Pick<WindowJob, 'expectedRows'>): number =>
  Math.max(LEAST_LIMIT_ROWS, TIMES_EXPECTED * expectedRows);
