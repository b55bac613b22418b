import { rejectedDayPrefix, storedRead } from '../landing/rawStore.ts';
import { toMessage } from '../queues/messages.ts';
import { QUEUES } from '../queues/names.ts';
import type { MessageSender } from '../queues/sender.ts';
import { inParallel } from '../runtime/inParallel.ts';
import type { Log } from '../runtime/log.ts';
import type { BlobContainer } from '../storage/blobs.ts';
import type { DayHead, ReadDayHead } from './dayHeads.ts';
import { rawDayPrefix, windowOfRawBlob } from './grid.ts';
import { type DaySource, staleDay } from './staleDay.ts';

export interface WakeDaysServices {
  raw: BlobContainer;
  readDayHead: ReadDayHead;
  sender: MessageSender;
  log: Log;
}

/** Many windows of a day change together: the delay lets one fold serve them all. */
const DAY_DELAY_MS = 20_000;
const PARALLEL_DAYS = 8;

export interface DaysLookedAt {
  /** Dates that are to be folded again, and were told so. */
  woken: string[];
  /** By date: ETag of each head that is being written. */
  openHeads: Record<string, string>;
}

/**
 * Compares days with their raw blobs and sends those whose totals lag behind.
 * @param openHeads what the look before this one found.
 * @param perDay runs one day's reading; it may resolve to undefined to leave the day out.
 */
export async function wakeDays(
  { raw, readDayHead, sender, log }: WakeDaysServices,
  dates: readonly string[],
  openHeads: Readonly<Record<string, string>>,
  perDay: <T>(date: string, read: () => Promise<T>) => Promise<T | undefined>,
): Promise<DaysLookedAt> {
  const found: DaysLookedAt = { woken: [], openHeads: {} };
  await inParallel(dates, PARALLEL_DAYS, async (date) => {
    const seenOpen = openHeads[date];
    const day = await perDay(date, () => lookAt(raw, readDayHead, date));
    const open = day === undefined ? seenOpen : day.head?.open === true ? day.head.etag : undefined;
    if (open !== undefined) found.openHeads[date] = open;
    const reason = day && staleDay(day, day.head, seenOpen);
    if (reason === undefined) return;
    log.info('dayWoken', { date, reason });
    found.woken.push(date);
  });
  found.woken.sort();
  if (found.woken.length > 0) {
    const messages = found.woken.map((date) => toMessage({ date }));
    await sender.sendAll(QUEUES.days, messages, { delayMs: DAY_DELAY_MS });
  }
  return found;
}

interface DayLook extends DaySource {
  head: DayHead | undefined;
}

/** Lists first: a head read afterwards can only know more than the listing, never less. */
async function lookAt(raw: BlobContainer, readDayHead: ReadDayHead, date: string): Promise<DayLook> {
  const listing = new Map<string, string>();
  for await (const blob of raw.list(rawDayPrefix(date))) {
    const window = windowOfRawBlob(blob.name);
    if (window !== undefined) listing.set(window.id, blob.etag);
  }
  let rejected = 0;
  for await (const blob of raw.list(rejectedDayPrefix(date))) rejected += storedRead(blob).rows;
  return { listing, rejected, head: await readDayHead(date) };
}
