import { DAY_MS, type Window, WINDOW_MS } from './grid.ts';
import type { LedgerEntry } from './ledger.ts';

/**
 * Rows that a window is taken to have when nothing is known of it: so few that the first job of a large tenant
 * gives up after some twenty pages.
 */
export const UNKNOWN_WINDOW_ROWS = 400;

/** Of the same hour in other weeks, so many windows tell, the nearest ones. */
const NEAREST_WEEKS = 2;
const WEEK_MS = 7 * DAY_MS;
/** Days since the epoch, which was a Thursday: what is left by 7 is a Saturday or a Sunday. */
const WEEKEND: ReadonlySet<number> = new Set([2, 3]);

export interface ExpectedRows {
  /** How many rows a window will have; a mean, so not always whole. */
  of: (window: Window) => number;
  /** Windows that tell of others: their rows hardly move any more. */
  known: number;
}

/**
 * What the ledger leads to expect of windows, earlier or later ones than those that it knows. A window's own rows
 * count once they hardly move any more; until then its own or what other windows tell, whichever is more, for rows
 * come late. Others tell by the same hour of the nearest weeks, else by the same hour of other days (working days
 * and weekends apart), else by their mean. Only windows whose rows hardly move any more tell of others.
 *
 * @param days by date: all that is known, see `nearbyDates`
 */
export function expectedRows(
  days: ReadonlyMap<string, readonly LedgerEntry[]>,
  settleHours: number,
): ExpectedRows {
  const own = new Map<string, LedgerEntry>();
  const byHourOfWeek = new Map<number, LedgerEntry[]>();
  const byHourOfDay = new Map<number, Mean>();
  const all = new Mean();
  for (const entry of [...days.values()].flat()) {
    if (entry.reads === 0) continue;
    own.set(entry.window.id, entry);
    if (!tells(entry, settleHours)) continue;
    const { window, rows } = entry;
    inMap(byHourOfWeek, hourOfWeek(window), () => []).push(entry);
    inMap(byHourOfDay, hourOfDay(window), () => new Mean()).add(rows);
    all.add(rows);
  }

  const nearestWeeks = (window: Window): number | undefined => {
    const distance = (entry: LedgerEntry) => Math.abs(entry.window.fromMs - window.fromMs);
    const others = (byHourOfWeek.get(hourOfWeek(window)) ?? []).filter((entry) => distance(entry) > 0);
    const mean = new Mean();
    for (const { rows } of others.sort((a, b) => distance(a) - distance(b)).slice(0, NEAREST_WEEKS))
      mean.add(rows);
    return mean.value;
  };
  const told = (window: Window): number | undefined =>
    nearestWeeks(window) ?? byHourOfDay.get(hourOfDay(window))?.value ?? all.value;

  return {
    known: all.count,
    of: (window) => {
      const entry = own.get(window.id);
      if (entry === undefined) return told(window) ?? UNKNOWN_WINDOW_ROWS;
      return isSettled(entry, settleHours) ? entry.rows : Math.max(entry.rows, told(window) ?? 0);
    },
  };
}

class Mean {
  count = 0;
  #sum = 0;

  get value(): number | undefined {
    return this.count === 0 ? undefined : this.#sum / this.count;
  }

  add(value: number): void {
    this.count += 1;
    this.#sum += value;
  }
}

const isSettled = ({ window, lastReadAt }: LedgerEntry, settleHours: number): boolean =>
  lastReadAt !== undefined && Date.parse(lastReadAt) >= window.toMs + settleHours * WINDOW_MS;

/** A window that nobody read when Graph had it for sure tells only by the rows that it has. */
const tells = (entry: LedgerEntry, settleHours: number): boolean =>
  entry.unverified === true ? entry.rows > 0 : isSettled(entry, settleHours);

const hourOfWeek = ({ fromMs }: Window): number => (fromMs % WEEK_MS) / WINDOW_MS;

/** 0 to 23 on working days, 24 to 47 at weekends. */
function hourOfDay({ fromMs, hour }: Window): number {
  const weekday = Math.floor(fromMs / DAY_MS) % 7;
  return WEEKEND.has(weekday) ? hour + 24 : hour;
}

function inMap<K, V>(map: Map<K, V>, key: K, make: () => V): V {
  const present = map.get(key) ?? make();
  map.set(key, present);
  return present;
}
