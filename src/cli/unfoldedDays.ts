import type { BackfillProgress } from '../windows/backfillProgress.ts';

/**
 * After this long without a fold a day is sent again: its message is lost, or was told to a run that died, or the
 * fold came before the ledger said that the day is settled.
 */
const WAKE_AFTER_MS = 2_000;
const WAKE_AGAIN_MS = 20_000;
/** A fold that has failed and did not mend itself by then will want a hand. */
const STUCK_AFTER_MS = 60_000;

interface Unfolded {
  /** When it may be woken next. */
  wakeMs: number;
  failingSinceMs?: number;
  told?: string;
}

/** What to do about days that are read and not folded. */
export interface UnfoldedAdvice {
  /** Dates to be sent again. */
  wake: string[];
  /** Dates that are waited for in vain, with the reason. */
  stuck: [date: string, reason: string][];
  /** What a person should hear now. */
  news: string[];
}

/** Remembers since when days are read and not folded, and decides when to wake one and when to give it up. */
export class UnfoldedDays {
  readonly #days = new Map<string, Unfolded>();

  /** @param nowMs real time, of a clock that never jumps */
  look(unfolded: BackfillProgress['unfolded'], nowMs: number): UnfoldedAdvice {
    const advice: UnfoldedAdvice = { wake: [], stuck: [], news: [] };
    for (const { date, reason } of unfolded) {
      const day = this.#days.get(date) ?? { wakeMs: nowMs + WAKE_AFTER_MS };
      this.#days.set(date, day);
      if (nowMs >= day.wakeMs) {
        day.wakeMs = nowMs + WAKE_AGAIN_MS;
        advice.wake.push(date);
      }
      if (reason === undefined) continue;
      day.failingSinceMs ??= nowMs;
      if (nowMs - day.failingSinceMs >= STUCK_AFTER_MS) advice.stuck.push([date, reason]);
      if (day.told !== reason) {
        advice.news.push(`day ${date} could not be summed and is tried again: ${reason}`);
      }
      day.told = reason;
    }
    return advice;
  }
}
