import { expectedRequests } from '../windows/expectedRequests.ts';
import type { BackfillProgress } from '../windows/backfillProgress.ts';
import { durationText } from './estimate/describeEstimate.ts';

/** Requests since the backfill began. */
export interface CountedRequests {
  /** Of the backfill lane. */
  backfill: number;
  /** Of both lanes. */
  all: number;
}

export interface PaceOptions {
  /** Requests that the whole backfill is expected to make. */
  expectedRequests: number;
  /** Between two requests. */
  spacingMs: number;
}

export interface Pace {
  /** Requests of the backfill lane since it began. */
  requests: number;
  /** Of the backfill lane, in the last minute or two; undefined until there is something to go by. */
  requestsPerMinute: number | undefined;
  /** Of what the limits allow, both lanes, 0 to 1. */
  budgetShare: number | undefined;
  minutesLeft: number;
}

type Done = Pick<BackfillProgress, 'windows' | 'windowsDone' | 'rows' | 'failed'>;

const MINUTE_MS = 60_000;
const LONGEST_SPAN_MS = 2 * MINUTE_MS;
/** A rate of less would jump. */
const SHORTEST_SPAN_MS = 10_000;
/** From so much on, what was found tells more than what was expected. */
const ENOUGH_DONE = 0.1;

/** How fast a backfill goes, and how long it still takes at the pace of the budget. */
export class BackfillPace {
  readonly #options: PaceOptions;
  readonly #samples: (CountedRequests & { atMs: number })[] = [];

  constructor(options: PaceOptions) {
    this.#options = options;
  }

  /** @param nowMs of a clock that never jumps */
  look(done: Done, counted: CountedRequests, nowMs: number): Pace {
    const samples = this.#samples;
    samples.push({ ...counted, atMs: nowMs });
    while (samples[0] !== undefined && nowMs - samples[0].atMs > LONGEST_SPAN_MS) samples.shift();
    const [first] = samples;
    const spanMs = first === undefined ? 0 : nowMs - first.atMs;
    const { spacingMs } = this.#options;
    const pace = { requests: counted.backfill, minutesLeft: (this.#left(done) * spacingMs) / MINUTE_MS };
    if (first === undefined || spanMs < SHORTEST_SPAN_MS) {
      return { ...pace, requestsPerMinute: undefined, budgetShare: undefined };
    }
    return {
      ...pace,
      requestsPerMinute: ((counted.backfill - first.backfill) / spanMs) * MINUTE_MS,
      budgetShare: Math.min(1, ((counted.all - first.all) * spacingMs) / spanMs),
    };
  }

  /** Requests that are left: by what was expected at first, by what was found as soon as that is something. */
  #left({ windows, windowsDone, rows, failed }: Done): number {
    const over = windowsDone + failed.length;
    if (windows === 0 || over >= windows) return 0;
    const share = 1 - over / windows;
    if (windowsDone / windows < ENOUGH_DONE) return this.#options.expectedRequests * share;
    return expectedRequests((rows / windowsDone) * (windows - over));
  }
}

/** `1200 requests (46 pages a minute, 96 % of the budget), about 12 min left` */
export function paceText({ requests, requestsPerMinute, budgetShare, minutesLeft }: Pace): string {
  const rate =
    requestsPerMinute === undefined || budgetShare === undefined
      ? ''
      : ` (${Math.round(requestsPerMinute)} pages a minute, ${Math.round(budgetShare * 100)} % of the budget)`;
  const left = minutesLeft > 0 ? `, about ${durationText(minutesLeft)} left` : '';
  return `${requests} requests${rate}${left}`;
}
