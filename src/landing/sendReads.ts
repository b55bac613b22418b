import { toMessage, type WindowJob } from '../queues/messages.ts';
import { queueOfLane } from '../queues/names.ts';
import type { MessageSender } from '../queues/sender.ts';
import type { Clock } from '../runtime/clock.ts';
import { byDate } from '../windows/byDate.ts';
import { sourceStartMs, toInstant, type Window } from '../windows/grid.ts';
import type { Ledger } from '../windows/ledger.ts';
import { PACK_LIMITS, packJobs } from '../windows/packJobs.ts';
import { plannedAfter } from '../windows/plannedAfter.ts';
import { confirmDelayMs } from './decideShrink.ts';
import type { Loss } from './measureLoss.ts';
import { whereRowsMayBe } from './movedRows.ts';
import { readEntries } from './readSince.ts';

export interface SendReadsDeps {
  ledger: Pick<Ledger, 'readDay'>;
  sender: MessageSender;
  clock: Clock;
  /** How much later a read that lost rows is to be confirmed, in minutes. */
  shrinkConfirmMinutes: number;
  /** Windows that begin earlier than this many days ago are read only by command. */
  sourceDays: number;
}

/** Of the job whose read these follow from. */
export type JobKind = Pick<WindowJob, 'lane' | 'soon'>;

/** A day is best read by one job, so that it is of one moment; one that would take very long is cut all the same. */
const MOVED_LIMITS = { ...PACK_LIMITS, maxRows: 4 * PACK_LIMITS.maxRows };

/**
 * Has the windows read to which rows may have moved that are about to go from these ones. Sent before they go:
 * a run that ends in between is repeated, and sends again; afterwards nobody would know.
 */
export async function sendMovedRowsReads(
  losing: readonly Window[],
  { lane, soon }: JobKind,
  { ledger, sender, clock, sourceDays }: SendReadsDeps,
): Promise<void> {
  const nowMs = clock.nowMs();
  const near = whereRowsMayBe(losing, nowMs, sourceDays);
  const known = await readEntries(byDate(near).keys(), ledger);
  // What nobody has asked for is not read because of this either.
  const entries = near.flatMap(({ id }) => known.get(id) ?? []);
  const jobs = packJobs({
    windows: entries.map(({ window }) => window),
    lane,
    plannedMs: plannedAfter(nowMs, entries),
    expectedRows: ({ id }) => known.get(id)?.rows ?? 0,
    limits: MOVED_LIMITS,
    ...(soon === undefined ? {} : { soon }),
  });
  if (jobs.length > 0) await sender.sendAll(queueOfLane(lane), jobs.map(toMessage));
}

/**
 * Has what is not believed read again, by one job, unless that is on its way. What only a command reads, only a
 * command confirms, except where confirming takes no time: then the command waits for it.
 */
export async function sendConfirmation(
  losses: readonly Loss[],
  { lane, soon }: JobKind,
  { sender, clock, shrinkConfirmMinutes, sourceDays }: SendReadsDeps,
): Promise<void> {
  const confirmMs = shrinkConfirmMinutes * 60_000;
  const oldestMs = sourceStartMs(clock.nowMs(), sourceDays);
  const due = losses.flatMap((loss) => {
    const { window, claim } = loss.window;
    if (confirmMs > 0 && window.fromMs < oldestMs) return [];
    const delayMs = confirmDelayMs(loss.witness, loss.entry, claim, confirmMs);
    return delayMs === undefined ? [] : [{ ...loss, window, claim, delayMs }];
  });
  if (due.length === 0) return;
  const claimedMs = Math.max(...due.map(({ claim }) => claim.atMs));
  const entries = due.flatMap(({ entry }) => entry ?? []);
  const job: WindowJob = {
    from: toInstant(Math.min(...due.map(({ window }) => window.fromMs))),
    to: toInstant(Math.max(...due.map(({ window }) => window.toMs))),
    lane,
    planned: new Date(plannedAfter(claimedMs, entries)).toISOString(),
    expectedRows: due.reduce((sum, { rows }) => sum + rows, 0),
    ...(soon === undefined ? {} : { soon }),
  };
  const delayMs = Math.max(...due.map((loss) => loss.delayMs));
  await sender.send(queueOfLane(lane), toMessage(job), { delayMs });
}
