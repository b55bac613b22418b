import type { WindowJob } from '../queues/messages.ts';
import type { MessageSender } from '../queues/sender.ts';
import type { BackfillRange } from './backfillRange.ts';
import { type ExpectedRows, expectedRows } from './expectedRows.ts';
import { WINDOW_MS } from './grid.ts';
import type { Ledger } from './ledger.ts';
import { nearbyDates } from './nearbyDates.ts';
import { packInSteps } from './packInSteps.ts';
import type { PackLimits } from './packJobs.ts';
import { plannedAfter } from './plannedAfter.ts';
import { readDays } from './readDays.ts';
import { sendJobs } from './sendJobs.ts';
import { troubledIn } from './troubledIn.ts';

export interface BackfillServices {
  ledger: Pick<Ledger, 'readDay' | 'markPlanned'>;
  sender: MessageSender;
}

export interface BackfillOptions {
  nowMs: number;
  settleHours: number;
  limits?: PackLimits;
}

/** What is sent for a range, and what the ledger said before: by this a wait knows what came of it. */
export interface Backfill {
  range: BackfillRange;
  /** Newest first. Where little is known, they are those of the first step, and one of them names the rest. */
  jobs: WindowJob[];
  /** What the ledger leads to expect, of the whole range. */
  expected: ExpectedRows;
  /** When it was planned. */
  nowMs: number;
  /** By window id. */
  noted: ReadonlyMap<string, NotedWindow>;
}

export interface NotedWindow {
  claim: number;
  attempts: number;
}

/** Packs a range into jobs, from what the ledger knows; sends nothing. */
export async function packBackfill(
  ledger: BackfillServices['ledger'],
  range: BackfillRange,
  { nowMs, settleHours, limits }: BackfillOptions,
): Promise<Backfill> {
  const { windows } = range;
  const days = await readDays(ledger, nearbyDates(windows, nowMs));
  const known = new Map([...days.values()].flat().map((entry) => [entry.window.id, entry]));
  const entries = windows.flatMap((window) => known.get(window.id) ?? []);
  const expected = expectedRows(days, settleHours);
  const jobs = packInSteps({
    windows,
    lane: 'backfill',
    // A command wants a read that begins after it.
    plannedMs: plannedAfter(nowMs, entries),
    expected,
    ripeMs: nowMs - settleHours * WINDOW_MS,
    soon: true,
    limits,
    isApart: troubledIn(days),
  });
  const noted = windows.map(({ id }): [string, NotedWindow] => {
    const entry = known.get(id);
    return [id, { claim: entry?.claim ?? 0, attempts: entry?.attempts ?? 0 }];
  });
  return { range, jobs, expected, nowMs, noted: new Map(noted) };
}

/** Sends the jobs of a backfill and notes them in the ledger. */
export async function startBackfill(services: BackfillServices, backfill: Backfill): Promise<void> {
  await sendJobs(services, 'backfill', backfill.jobs, backfill.nowMs);
}
