import { isConflict, StorageError, StorageUnreachableError } from '../../storage/blobs.ts';
import type { Table } from '../../storage/tables.ts';
import { GraphError } from '../errors.ts';
import { BUDGET_PARTITION, BUDGET_ROW, readBudget, type StoredBudget, writeBudget } from './budgetEntity.ts';
import { block, type BudgetState, FURTHEST_SLOT_MS, mend } from './budgetState.ts';
import { expectedWithin, observe, type RoundTrip } from './roundTrip.ts';

/** What this instance knows of the shared state, and its way to change it. */
export interface BudgetStore {
  /**
   * Decides by the present state, and stores what is decided; again, if another instance was faster. Without a state
   * in the decision nothing is stored but what only this instance knows. Not to be called twice at once.
   * @param decide is told how often another instance was faster
   * @throws GraphError `budget` if the table does not answer.
   */
  change<T extends { state?: BudgetState | undefined }>(
    decide: (state: BudgetState, conflicts: number) => T,
  ): Promise<T>;
  /**
   * Makes {@link blockedUntilMs} what was known to all at `sinceMs` or later: reads the state again, unless that was
   * asked for since then.
   */
  look(sinceMs: number): Promise<void>;
  /** The next change reads the state again. */
  forget(): void;
  /** For this instance at once, for the others with the next change. */
  block(untilMs: number): void;
  blockedUntilMs(): number;
  /** Within how many milliseconds the table should answer. */
  answerWithinMs(): number;
}

/** Each conflict is another instance's success; so many in a row are a fault. */
const MAX_TRIES = 100;
/** An answer that was lost costs a permit and not the job. */
const MAX_UNANSWERED = 2;
/** A table that does not answer is asked again after so long. */
const UNANSWERED_AGAIN_MS = 60_000;

export function createBudgetStore(table: Pick<Table, 'get' | 'transact'>, nowMs: () => number): BudgetStore {
  /** As last read or written, with the ETag. */
  let known: StoredBudget | undefined;
  let isInUse = false;
  let roundTrip: RoundTrip | undefined;
  /** When the call was made whose answer told the present state. */
  let toldAtMs = -Infinity;
  let looking: { sinceMs: number; done: Promise<void> } | undefined;
  /** Never taken back, whatever happens to the row. */
  let floor: Pick<BudgetState, 'lastSlotMs' | 'blockedUntilMs'> = { lastSlotMs: 0, blockedUntilMs: 0 };

  /** The same state, unless this instance knows better. */
  function atLeast(state: BudgetState): BudgetState {
    const { lastSlotMs, blockedUntilMs } = floor;
    if (state.lastSlotMs >= lastSlotMs && state.blockedUntilMs >= blockedUntilMs) return state;
    return { ...block(state, blockedUntilMs), lastSlotMs: Math.max(state.lastSlotMs, lastSlotMs) };
  }

  function present(stored: BudgetState): BudgetState {
    const state = mend(atLeast(stored), nowMs());
    floor = state;
    return state;
  }

  /** A refusal is an answer, too. */
  async function timed<T>(call: () => Promise<T>): Promise<T> {
    const askedMs = nowMs();
    try {
      const answer = await call();
      roundTrip = observe(roundTrip, nowMs() - askedMs);
      return answer;
    } catch (error) {
      if (isConflict(error)) roundTrip = observe(roundTrip, nowMs() - askedMs);
      throw error;
    }
  }

  async function read(): Promise<StoredBudget> {
    const askedMs = nowMs();
    const entity = await timed(() => table.get(BUDGET_PARTITION, BUDGET_ROW));
    if (entity !== undefined) isInUse = true;
    else if (isInUse) {
      // Deleted, and with it what others have taken: that is waited out.
      floor = { ...floor, lastSlotMs: nowMs() + FURTHEST_SLOT_MS };
    }
    const stored = readBudget(entity);
    present(stored.state);
    toldAtMs = askedMs;
    return stored;
  }

  async function change<T extends { state?: BudgetState | undefined }>(
    decide: (state: BudgetState, conflicts: number) => T,
  ): Promise<T> {
    let unanswered = 0;
    let conflicts = 0;
    for (let tries = 0; tries < MAX_TRIES; tries++) {
      try {
        const { state: stored, etag } = known ?? (await read());
        known = { state: stored, etag };
        const state = present(stored);
        const decision = decide(state, conflicts);
        if (decision.state === undefined && state === stored) return decision;
        const next = { state: decision.state ?? state, etag };
        // What was written is known for sure only by its answer.
        known = undefined;
        const askedMs = nowMs();
        const [written] = await timed(() => table.transact(BUDGET_PARTITION, writeBudget(next)));
        known = { ...next, etag: written };
        isInUse = true;
        // A block may have been heard of meanwhile.
        floor = atLeast(next.state);
        toldAtMs = askedMs;
        return decision;
      } catch (error) {
        known = undefined;
        if (isConflict(error)) conflicts += 1;
        if (isConflict(error) || isGone(error)) continue;
        if (!isSilent(error)) throw error;
        if (++unanswered >= MAX_UNANSWERED) throw silent(error);
      }
    }
    throw new GraphError(
      'budget',
      `The request budget was changed by others ${MAX_TRIES} times in a row: the job is sent again later`,
      { retryAfterMs: UNANSWERED_AGAIN_MS },
    );
  }

  async function readAgain(): Promise<void> {
    try {
      await read();
    } catch (error) {
      throw isSilent(error) ? silent(error) : error;
    }
  }

  return {
    change,
    async look(sinceMs) {
      if (toldAtMs >= sinceMs) return;
      if (looking === undefined || looking.sinceMs < sinceMs) {
        looking = { sinceMs: nowMs(), done: readAgain() };
      }
      await looking.done;
    },
    forget: () => {
      known = undefined;
    },
    block: (untilMs) => {
      floor = { ...floor, blockedUntilMs: Math.max(floor.blockedUntilMs, untilMs) };
    },
    blockedUntilMs: () => floor.blockedUntilMs,
    answerWithinMs: () => expectedWithin(roundTrip),
  };
}

/** The row was deleted; it is made again. */
const isGone = (error: unknown): boolean =>
  error instanceof StorageError && error.status === 404 && error.code !== 'TableNotFound';

/**
 * The service cannot be reached, or does not serve: not now, or not this identity, or the table is missing. A person
 * may have to mend it; until then no job is worth a delivery.
 */
const isSilent = (error: unknown): error is Error =>
  error instanceof StorageUnreachableError || error instanceof StorageError;

const silent = ({ message }: Error): GraphError =>
  new GraphError(
    'budget',
    `The table of the request budget gives no answer, and without it nothing is sent to Graph (${message})`,
    { retryAfterMs: UNANSWERED_AGAIN_MS },
  );
