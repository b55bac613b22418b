import { StorageError } from '../storage/blobs.ts';
import type { Table, TableOperation } from '../storage/tables.ts';

/** What the head of every partition that is replaced as a whole has. */
export interface FenceHead {
  /** Counts the claims of this head. */
  generation: number;
  /** Nonce of the run that claimed it last: no other run has it. */
  writer: string;
  /** That run has neither completed nor failed yet. */
  open: boolean;
  /** Counts what that run has written. */
  step: number;
  /** The partition is whole; false while it is being replaced. */
  complete: boolean;
  /** Why the last fold failed; undefined after one that completed. */
  lastError?: string;
}

/** A head as it stands in the table. */
export type Stored<H extends FenceHead> = H & { etag: string };

/** How heads of one kind are read and written. */
export interface HeadKind<H extends FenceHead> {
  read(table: Table, partition: string): Promise<Stored<H> | undefined>;
  /** Writes a head only over the one with this ETag, or only where there is none. */
  operation(head: H, etag: string | undefined): TableOperation;
  /** A head of what was never folded, before it is claimed. */
  empty(updatedAt: string): H;
}

/** Another run has claimed the partition: what this one still wanted to write would mix with what that one writes. */
export class FencedError extends Error {
  override readonly name = 'FencedError';
  /** Of the head as it is now; undefined if somebody removed it. */
  readonly headEtag: string | undefined;

  constructor(partition: string, headEtag: string | undefined) {
    super(`another run has claimed the totals of ${partition}`);
    this.headEtag = headEtag;
  }
}

/** What a run that completes writes into the head beside what the fence itself writes there. */
export type Completed<H extends FenceHead> = Omit<H, keyof FenceHead>;

/** The right to write one partition, from the claim until another run claims. */
export interface Fence<H extends FenceHead> {
  /** The head as it was claimed: what it says beside the claim is still what the run before completed. */
  readonly claimed: H;
  /** Moves the head, so that others see that this run is alive. @throws FencedError */
  touch(): Promise<void>;
  /**
   * Writes the groups, one transaction each, and completes the head with the last one. Between the first and the
   * last the head says that the partition is not whole. @throws FencedError
   */
  write(groups: readonly (readonly TableOperation[])[], completed: Completed<H>): Promise<void>;
  /**
   * Gives the partition back without having written anything; what was complete before stays so.
   * @param lastError why it could not be written; undefined if it had not to be. @throws FencedError
   */
  release(lastError?: string): Promise<void>;
}

/**
 * Claims a partition over the head that was `seen`. What it holds stays complete until the first of several
 * transactions. Undefined if the head has moved since.
 * @param writer a nonce of this claim alone: by it a run knows its own writes whose answers were lost.
 */
export async function claimHead<H extends FenceHead>(
  { table, kind, partition }: { table: Table; kind: HeadKind<H>; partition: string },
  seen: Stored<H> | undefined,
  writer: string,
  updatedAt: string,
): Promise<Fence<H> | undefined> {
  const base = seen ?? kind.empty(updatedAt);
  const head: H = { ...base, generation: base.generation + 1, writer, open: true, step: 0 };
  const place: Place<H> = { table, kind, partition };
  try {
    return createFence(place, head, await transact(place, head, seen?.etag, []));
  } catch (error) {
    const stored = await kind.read(table, partition);
    if (stored?.writer === writer) return createFence(place, head, stored.etag);
    if (isQuestion(error)) return undefined;
    throw error;
  }
}

interface Place<H extends FenceHead> {
  table: Table;
  kind: HeadKind<H>;
  partition: string;
}

function createFence<H extends FenceHead>(place: Place<H>, claimed: H, claimEtag: string): Fence<H> {
  const { table, kind, partition } = place;
  let head = claimed;
  let etag = claimEtag;

  /** One transaction, the head first, by the ETag of the last one. */
  const advance = async (
    change: Partial<FenceHead>,
    operations: readonly TableOperation[],
    completed?: Completed<H>,
  ): Promise<void> => {
    const next: H = { ...head, ...completed, ...change, step: head.step + 1 };
    for (;;) {
      try {
        etag = await transact(place, next, etag, operations);
        break;
      } catch (error) {
        const stored = await kind.read(table, partition);
        if (stored?.writer !== head.writer) throw new FencedError(partition, stored?.etag);
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
    claimed,
    touch: () => advance({}, []),
    release: (lastError) => advance({ open: false, ...(lastError === undefined ? {} : { lastError }) }, []),
    write: async (groups, completed) => {
      const last = groups.at(-1) ?? [];
      for (const group of groups.slice(0, -1)) await advance({ complete: false }, group);
      head = withoutError(head);
      await advance({ complete: true, open: false }, last, completed);
    },
  };
}

function withoutError<H extends FenceHead>(head: H): H {
  const copy = { ...head };
  delete copy.lastError;
  return copy;
}

async function transact<H extends FenceHead>(
  { table, kind, partition }: Place<H>,
  head: H,
  ifMatch: string | undefined,
  operations: readonly TableOperation[],
): Promise<string> {
  const [etag] = await table.transact(partition, [kind.operation(head, ifMatch), ...operations]);
  if (etag === undefined) throw new Error(`a transaction of ${partition} gave no ETag for the head`);
  return etag;
}

/** Answers that may also mean that the own write has landed, or that the head is gone. */
const isQuestion = (error: unknown): boolean =>
  error instanceof StorageError && (error.status === 404 || error.status === 409 || error.status === 412);
