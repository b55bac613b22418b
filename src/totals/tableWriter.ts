import { StorageError } from '../storage/blobs.ts';
import type { Table, TableOperation } from '../storage/tables.ts';
import { type DayHead, emptyHead, headOperation, readDayHead, type StoredDayHead } from './dayHead.ts';

/** Another run has claimed the day: what this one still wanted to write would mix with what that one writes. */
export class FencedError extends Error {
  override readonly name = 'FencedError';
  /** Of the head as it is now; undefined if somebody removed it. */
  readonly headEtag: string | undefined;

  constructor(date: string, headEtag: string | undefined) {
    super(`another run has claimed the totals of ${date}`);
    this.headEtag = headEtag;
  }
}

/** What is written into the head when the totals are whole. */
export type CompletedDay = Pick<
  DayHead,
  'vector' | 'foldVersion' | 'state' | 'rows' | 'rejected' | 'updatedAt'
>;

/** The right to write one day's totals, from the claim until another run claims. */
export interface DayFence {
  readonly generation: number;
  /** Moves the head, so that others see that this run is alive. @throws FencedError */
  touch(): Promise<void>;
  /**
   * Writes the groups, one transaction each, and completes the day with the last one. Between the first and the
   * last the head says that the partition is not whole. @throws FencedError
   */
  write(groups: readonly (readonly TableOperation[])[], completed: CompletedDay): Promise<void>;
  /** Gives the day back without having completed it; what was complete before stays so. @throws FencedError */
  release(lastError: string): Promise<void>;
}

/**
 * Claims a day over the head that was `seen`. The old totals stay complete until the first of several
 * transactions. Undefined if the head has moved since.
 * @param writer a nonce of this claim alone: by it a run knows its own writes whose answers were lost.
 */
export async function claimDay(
  table: Table,
  date: string,
  seen: StoredDayHead | undefined,
  writer: string,
  updatedAt: string,
): Promise<DayFence | undefined> {
  const base = seen ?? emptyHead(updatedAt);
  const head: DayHead = { ...base, generation: base.generation + 1, writer, open: true, step: 0 };
  try {
    return createFence(table, date, head, await transact(table, date, head, seen?.etag, []));
  } catch (error) {
    const stored = await readDayHead(table, date);
    if (stored?.writer === writer) return createFence(table, date, head, stored.etag);
    if (isQuestion(error)) return undefined;
    throw error;
  }
}

function createFence(table: Table, date: string, claimed: DayHead, claimEtag: string): DayFence {
  let head = claimed;
  let etag = claimEtag;

  /** One transaction, the head first, by the ETag of the last one. */
  const advance = async (change: Partial<DayHead>, operations: readonly TableOperation[]): Promise<void> => {
    const next: DayHead = { ...head, ...change, step: head.step + 1 };
    for (;;) {
      try {
        etag = await transact(table, date, next, etag, operations);
        break;
      } catch (error) {
        const stored = await readDayHead(table, date);
        if (stored?.writer !== head.writer) throw new FencedError(date, stored?.etag);
        const landed = stored.step === next.step;
        // Unmoved: nobody was there before, and trying again would be answered in the same way.
        if (!landed && stored.etag === etag) throw error;
        etag = stored.etag;
        if (landed) break;
      }
    }
    head = next;
  };

  return {
    generation: claimed.generation,
    touch: () => advance({}, []),
    release: (lastError) => advance({ open: false, lastError }, []),
    write: async (groups, completed) => {
      const last = groups.at(-1) ?? [];
      for (const group of groups.slice(0, -1)) await advance({ complete: false }, group);
      head = withoutError(head);
      await advance({ ...completed, complete: true, open: false }, last);
    },
  };
}

function withoutError(head: DayHead): DayHead {
  const copy = { ...head };
  delete copy.lastError;
  return copy;
}

async function transact(
  table: Table,
  date: string,
  head: DayHead,
  ifMatch: string | undefined,
  operations: readonly TableOperation[],
): Promise<string> {
  const [etag] = await table.transact(date, [headOperation(head, ifMatch), ...operations]);
  if (etag === undefined) throw new Error(`a transaction of ${date} gave no ETag for the head`);
  return etag;
}

/** Answers that may also mean that the own write has landed, or that the head is gone. */
const isQuestion = (error: unknown): boolean =>
  error instanceof StorageError && (error.status === 404 || error.status === 409 || error.status === 412);
