import { judge } from './oracle/judge.ts';
import type { World } from './world.ts';

const HOUR_MS = 3_600_000;
/** How far a clock may be behind. */
const CLOCKS_APART_MS = 30_000;
const DAY_MS = 24 * HOUR_MS;

/** Begin of what has to be covered: the day that began so many days before the first planning. */
export function coverFromMs({ schedule, config }: Pick<World, 'schedule' | 'config'>): number {
  return Math.floor((schedule.startMs - config.INITIAL_BACKFILL_DAYS * DAY_MS) / DAY_MS) * DAY_MS;
}

/** What had ended by the last tick, by whatever clock, must have been read. */
export const coverToMs = (lastTickMs: number): number =>
  Math.floor((lastTickMs - CLOCKS_APART_MS) / HOUR_MS) * HOUR_MS;

/** Has the oracle look at what is stored. @param lastTickMs when the last tick began */
export function judgeWorld(world: World, lastTickMs: number): string[] {
  const { graph, raw, control, windows, dailyTotals, monthlyTotals, history, time, config, schedule } = world;
  const clocks = schedule.instances.map(({ clockMs }) => clockMs);
  const differences = judge({
    rows: [...new Set(graph.rowsNow())],
    formerRows: schedule.rows.flatMap(({ states, lastly }) => [
      ...states.flatMap(([, json]) => json ?? []),
      ...(typeof lastly === 'string' ? [lastly] : []),
    ]),
    raw,
    control,
    windows,
    dailyTotals,
    monthlyTotals,
    history,
    // With the ledger its counter is lost: claims of before and after say nothing of their order.
    ...(schedule.commands.some(({ kind }) => kind === 'lostLedger') ? {} : { reads: world.reads }),
    coveredFromMs: coverFromMs(world),
    coveredToMs: coverToMs(lastTickMs),
    nowMs: time.nowMs,
    settleHours: config.SETTLE_HOURS,
    billingDay: config.BILLING_DAY,
    clocksApartMs: Math.max(0, ...clocks) - Math.min(0, ...clocks),
  });
  return differences.filter((text) => !isOfLostBlob(text, world.lostWindows));
}

/**
 * A day may have been settled without the rows of a blob that somebody deleted before, and with the blob went what
 * held back an older read of its window.
 */
function isOfLostBlob(text: string, lostWindows: ReadonlySet<string>): boolean {
  const [, settledId] = SETTLED_WITHOUT.exec(text) ?? [];
  const [, date, hour] = WRITTEN_OVER.exec(text) ?? [];
  return lostWindows.has(settledId ?? `${date ?? ''}T${hour ?? ''}Z`);
}

const SETTLED_WITHOUT = /: settled with read \d+ of (\S+), though read \d+ had changed it before$/;
const WRITTEN_OVER =
  /^history ndjson\/v1\/callDate=(.{10})\/pstn-calls-(\d\d)00-PT60M\.jsonl \S+: read \d+ was written over/;
