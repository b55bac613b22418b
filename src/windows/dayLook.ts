import { rejectedDayPrefix, storedRead } from '../landing/rawStore.ts';
import type { BlobContainer } from '../storage/blobs.ts';
import { settlementOf } from '../totals/settlement.ts';
import type { DayHead, ReadDayHead } from './dayHeads.ts';
import { rawDayPrefix, windowOfRawBlob } from './grid.ts';
import type { Ledger, LedgerEntry } from './ledger.ts';
import { absentBlobs } from './missingBlobs.ts';
import type { DaySource } from './staleDay.ts';

export interface DayLookServices {
  ledger: Pick<Ledger, 'readDay'>;
  raw: BlobContainer;
  readDayHead: ReadDayHead;
}

/** What stands in every stage of a day, from the source on. */
export interface DayLook extends DaySource {
  entries: readonly LedgerEntry[];
  head: DayHead | undefined;
  /** Windows that have rows by the ledger, and no blob. */
  absent: LedgerEntry[];
}

/**
 * Looks at each stage after the one that it is compared with: the ledger counts no blob that the listing cannot
 * have, and the head can only know more than the listing, never less.
 */
export async function lookAtDay(
  date: string,
  { ledger, raw, readDayHead }: DayLookServices,
  settleHours: number,
): Promise<DayLook> {
  const entries = await ledger.readDay(date);
  const listing = new Map<string, string>();
  for await (const blob of raw.list(rawDayPrefix(date))) {
    const window = windowOfRawBlob(blob.name);
    if (window !== undefined) listing.set(window.id, blob.etag);
  }
  let rejected = 0;
  for await (const blob of raw.list(rejectedDayPrefix(date))) rejected += storedRead(blob).rows;
  return {
    entries,
    listing,
    rejected,
    isSettled: settlementOf(entries, date, settleHours) === 'settled',
    absent: absentBlobs(entries, listing),
    head: await readDayHead(date),
  };
}
