import type { BlobContainer } from '../storage/blobs.ts';
import { partsOfName, readRestatement, type Restatement, restatementPrefix } from './restatement.ts';

/** What the blobs say of a day whose head is lost. */
export interface RestoredFinality {
  settledSnapshot: string;
  /** Number 1 and following, ascending. */
  restatements: Restatement[];
  /** The snapshot whose totals were in force last, as far as is known. */
  inForce: string;
  /** Blob name of the newest record. */
  record: string;
}

/**
 * Finds the records of a day that count: the chain from the newest one whose snapshot is still kept back to
 * the day's settlement. A record whose totals were never completed may be taken for the newest one: then its
 * snapshot was a fold of the day all the same, and what changed since becomes the next record. Undefined if the
 * day was never settled.
 */
export async function restoreFinality(
  control: BlobContainer,
  date: string,
): Promise<RestoredFinality | undefined> {
  for (const name of await newestFirst(control, date)) {
    const chain = await chainTo(control, name);
    const newest = chain?.at(-1);
    const settledSnapshot = chain?.[0]?.n === 0 ? chain[0].to : chain?.[0]?.from;
    if (chain === undefined || newest === undefined || typeof settledSnapshot !== 'string') continue;
    if ((await control.properties(newest.to)) === undefined) continue;
    return {
      settledSnapshot,
      restatements: chain.filter(({ n }) => n > 0),
      inForce: newest.to,
      record: name,
    };
  }
  return undefined;
}

/** By number, then by generation: of two with one number, the later claim can only have been made over the other. */
async function newestFirst(control: BlobContainer, date: string): Promise<string[]> {
  const found: { name: string; n: number; generation: number }[] = [];
  for await (const { name } of control.list(restatementPrefix(date))) {
    const parts = partsOfName(name);
    if (parts !== undefined) found.push({ name, ...parts });
  }
  return found.sort((a, b) => b.n - a.n || b.generation - a.generation).map(({ name }) => name);
}

/** Ascending, without a gap, from number 0 (or 1, if the settlement's own is lost); undefined if there is none. */
async function chainTo(control: BlobContainer, name: string): Promise<Restatement[] | undefined> {
  const chain: Restatement[] = [];
  for (let at: string | null = name; at !== null;) {
    const record: Restatement | undefined = await readRestatement(control, at);
    const next = chain[0];
    if (record === undefined || (next !== undefined && record.n !== next.n - 1)) break;
    chain.unshift(record);
    at = record.previous;
  }
  const [first] = chain;
  return first !== undefined && first.n <= 1 ? chain : undefined;
}
