import type { Lane } from '../queues/names.ts';
import type { PageRows } from './pageRows.ts';

/** What the rest of the pipeline needs of Microsoft Graph: the pages of one range, in order, each once. */
export interface PstnCallsSource {
  /**
   * Pages of `getPstnCalls` for calls that started in `[fromMs, toMs]`: the API includes **both** bounds.
   * At most 90 days. A page may be empty and not the last. Rejects with `GraphError` when a page could not be
   * had; nothing read so far may be used then.
   */
  readPages(fromMs: number, toMs: number, options?: ReadOptions): AsyncIterable<PstnCallsPage>;
}

export interface ReadOptions {
  signal?: AbortSignal;
  /** Whose share of the requests this is. Default: `live`. */
  lane?: Lane;
}

/** Good until the next page is asked for, which lies in the same memory. */
export interface PstnCallsPage {
  /** 1 for the first. */
  number: number;
  /** JSON each, not checked: anything may stand here. */
  rows: PageRows;
  /** Graph's `request-id` of the answer, to be quoted to Microsoft's support. */
  requestId: string | undefined;
  /** No other page follows. Only where it is known: a source need not say. */
  isLast?: boolean;
}

/** Lets requests go one by one, no faster than Graph allows. */
export interface RequestPacer {
  /**
   * Resolves when the next request may be sent, which then has to leave at once. Rejects if `signal` is aborted
   * first, or with a `GraphError` of kind `budget`, whose `retryAfterMs` says how far away that is, when a minute of
   * waiting is not enough, or when nobody can say.
   */
  take(lane: Lane, signal?: AbortSignal): Promise<void>;
  /**
   * Nobody sends for this long: Graph answered with `Retry-After`. In force for the caller's process at once, for
   * all others when this resolves.
   */
  blockFor(ms: number): Promise<void>;
  /** A page sequence has ended: time to store how many requests were made, if that is kept. Never rejects. */
  settle?(): Promise<void>;
}
