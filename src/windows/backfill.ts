import type { WindowJob } from '../queues/messages.ts';
import type { MessageSender } from '../queues/sender.ts';
import { inParallel } from '../runtime/inParallel.ts';
import type { BackfillRange } from './backfillRange.ts';
import { earlierWeeks, expectedRows } from './expectedRows.ts';
import { dateOf } from './grid.ts';
import type { Ledger, LedgerEntry } from './ledger.ts';
import { packJobs, type PackLimits } from './packJobs.ts';
import { plannedAfter } from './plannedAfter.ts';
import { sendJobs } from './sendJobs.ts';

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
  /** Newest first. */
  jobs: WindowJob[];
  /** When it was planned. */
  nowMs: number;
  /** By window id. */
  noted: ReadonlyMap<string, NotedWindow>;
}

export interface NotedWindow {
  claim: number;
  attempts: number;
}

const PARALLEL_DAYS = 8;

/** Packs a range into jobs, from what the ledger knows; sends nothing. */
export async function packBackfill(
  ledger: BackfillServices['ledger'],
  range: BackfillRange,
  { nowMs, settleHours, limits }: BackfillOptions,
): Promise<Backfill> {
  const { windows } = range;
  const dates = new Set(windows.map((window) => window.date));
  const earlier = windows.flatMap((window) => earlierWeeks(window.fromMs).map(dateOf));
  const days = new Map<string, LedgerEntry[]>();
  await inParallel(new Set([...dates, ...earlier]), PARALLEL_DAYS, async (date) => {
    days.set(date, await ledger.readDay(date));
  });
  const known = new Map([...days.values()].flat().map((entry) => [entry.window.id, entry]));
  const entries = windows.flatMap((window) => known.get(window.id) ?? []);
  const jobs = packJobs({
    windows,
    lane: 'backfill',
    // A command wants a read that begins after it.
    plannedMs: plannedAfter(nowMs, entries),
    expectedRows: expectedRows(days, settleHours),
    soon: true,
    ...(limits === undefined ? {} : { limits }),
  });
  const noted = windows.map(({ id }): [string, NotedWindow] => {
    const entry = known.get(id);
    return [id, { claim: entry?.claim ?? 0, attempts: entry?.attempts ?? 0 }];
  });
  return { range, jobs, nowMs, noted: new Map(noted) };
}

/** Sends the jobs of a backfill and notes them in the ledger. */
export async function startBackfill(services: BackfillServices, backfill: Backfill): Promise<void> {
  await sendJobs(services, 'backfill', backfill.jobs, backfill.nowMs);
}
