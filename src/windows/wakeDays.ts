import { toMessage } from '../queues/messages.ts';
import { QUEUES } from '../queues/names.ts';
import type { MessageSender } from '../queues/sender.ts';
import type { Log } from '../runtime/log.ts';
import type { DayLook } from './dayLook.ts';
import { considerDay, type DayMemory } from './dayMemory.ts';
import { windowsOfDay } from './grid.ts';
import { mayHaveExpired } from './missingBlobs.ts';
import { staleDay } from './staleDay.ts';

export interface WakeDaysServices {
  sender: MessageSender;
  log: Log;
}

/** Many windows of a day change together: the delay lets one fold serve them all. */
const DAY_DELAY_MS = 20_000;

export interface DaysWoken {
  /** Dates that are to be folded again, and were told so, ascending. */
  woken: string[];
  memories: Map<string, DayMemory>;
}

/**
 * Sends days whose totals lag behind their raw blobs, as far as nobody is at work on them.
 * @param before by date, what the look before this one found.
 */
export async function wakeDays(
  { sender, log }: WakeDaysServices,
  looks: ReadonlyMap<string, DayLook>,
  before: Readonly<Record<string, DayMemory>>,
  { nowMs, rawRetentionDays }: { nowMs: number; rawRetentionDays: number },
): Promise<DaysWoken> {
  const woken: string[] = [];
  const memories = new Map<string, DayMemory>();
  for (const [date, look] of looks) {
    const reason = isFixed(date, look, nowMs, rawRetentionDays)
      ? undefined
      : staleDay(look, look.head, before[date]?.head);
    const { wake, memory } = considerDay(reason, look.head, before[date], nowMs);
    memories.set(date, memory);
    if (!wake || reason === undefined) continue;
    log.info('dayWoken', { date, reason, times: memory.woken ?? 1 });
    woken.push(date);
  }
  woken.sort();
  if (woken.length > 0) {
    const messages = woken.map((date) => toMessage({ date }));
    await sender.sendAll(QUEUES.days, messages, { delayMs: DAY_DELAY_MS });
  }
  return { woken, memories };
}

/** No fold can serve a day that lacks a blob, and one whose blobs go by their age keeps its totals. */
function isFixed(date: string, { absent, head }: DayLook, nowMs: number, rawRetentionDays: number): boolean {
  if (absent.length > 0) return true;
  const first = windowsOfDay(date)[0];
  return head !== undefined && first !== undefined && mayHaveExpired(first.toMs, nowMs, rawRetentionDays);
}
