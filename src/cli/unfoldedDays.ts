import type { BackfillProgress } from '../windows/backfillProgress.ts';

/**
 * After this long without a fold a day is sent again: its message is lost, or was told to a run that died, or the
 * fold came before the ledger said that the day is settled.
 */
const WAKE_AFTER_MS = 2_000;
const WAKE_AGAIN_MS = 20_000;
/** Nobody at all works on a day that waits so long, however many wait before it. */
const FORGOTTEN_AFTER_MS = 600_000;
/** Woken once and not settled by then, it is settled later by the settings of the app. */
const SETTLING_MS = 15_000;
/** A fold that has failed and did not mend itself by then will want a hand. */
const STUCK_AFTER_MS = 60_000;

const FORGOTTEN = 'it is read, but nobody sums it: is the function aggregateDay running?';

interface Unfolded {
  sinceMs: number;
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
  /** Dates that are summed and not settled, and need not be waited for. */
  asTheyAre: string[];
  /** What a person should hear now. */
  news: string[];
}

/** Remembers since when days are read and not folded, and decides when to wake one and when to give it up. */
export class UnfoldedDays {
  readonly #days = new Map<string, Unfolded>();

  /** @param nowMs real time, of a clock that never jumps */
  look(unfolded: BackfillProgress['unfolded'], nowMs: number): UnfoldedAdvice {
    const advice: UnfoldedAdvice = { wake: [], stuck: [], asTheyAre: [], news: [] };
    for (const { date, reason, settling = false } of unfolded) {
      const day = this.#days.get(date) ?? { sinceMs: nowMs, wakeMs: nowMs + WAKE_AFTER_MS };
      this.#days.set(date, day);
      if (nowMs >= day.wakeMs) {
        day.wakeMs = nowMs + WAKE_AGAIN_MS;
        advice.wake.push(date);
      }
      if (settling && nowMs - day.sinceMs >= SETTLING_MS) advice.asTheyAre.push(date);
      if (reason === undefined) {
        if (nowMs - day.sinceMs >= FORGOTTEN_AFTER_MS) advice.stuck.push([date, FORGOTTEN]);
        continue;
      }
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
