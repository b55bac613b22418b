import { it } from 'vitest';

/**
 * Where Azurite 3.35 does not do what Azure documents. A suite asks for what is documented of whoever has no such
 * difference, and for the difference itself of whoever has: so a newer Azurite that mends it is noticed.
 */
export const AZURITE_DIFFERENCES = [
  /** A put leaves uncommitted blocks where they are. Azure discards them. */
  'putKeepsUncommittedBlocks',
  /** A delete, too. Azure says nothing of it; nobody may count on blocks of a blob that was deleted. */
  'deleteKeepsUncommittedBlocks',
  /** A put that expects no blob is refused by 409 where there are uncommitted blocks, and nothing that could be seen. */
  'uncommittedBlobIsPresent',
  /** A read or delete under an ETag of a blob that is not there answers 412. Otherwise it says that there is none. */
  'missingBlobHasAnotherEtag',
  'takesEmptyBlocks',
  'takesAnyNumberOfBlocks',
  'takesMetadataOfAnySize',
  'takesEntitiesOfAnySize',
  'takesAnyNumberOfProperties',
  'takesAnyPropertyName',
  'takesNumbersOfAnySize',
  /** A transaction whose text holds U+2028 is refused by 400. */
  'refusesLineSeparators',
] as const;

export type Difference = (typeof AZURITE_DIFFERENCES)[number];
export type Differences = ReadonlySet<Difference>;

export const asAzure: Differences = new Set();
export const asAzurite: Differences = new Set(AZURITE_DIFFERENCES);

/** A test of what is documented, and, for whoever differs, of what is there instead. */
export function documented<T>(
  title: string,
  open: () => Promise<T>,
  differs: boolean,
  asDocumented: (side: T) => Promise<void>,
  instead: (side: T) => Promise<void>,
): void {
  it(differs ? `${title} (documented, and not so here)` : title, async () => {
    await (differs ? instead : asDocumented)(await open());
  });
}
