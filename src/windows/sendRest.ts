import { toMessage, type WindowJob } from '../queues/messages.ts';
import { queueOfLane } from '../queues/names.ts';
import type { MessageSender } from '../queues/sender.ts';
import type { Clock } from '../runtime/clock.ts';
import { expectedRows } from './expectedRows.ts';
import { WINDOW_MS } from './grid.ts';
import type { Ledger } from './ledger.ts';
import { nearbyDates } from './nearbyDates.ts';
import { packInSteps } from './packInSteps.ts';
import { windowsOfJob } from './packJobs.ts';
import { readDays } from './readDays.ts';
import { troubledIn } from './troubledIn.ts';

export interface SendRestDeps {
  ledger: Pick<Ledger, 'readDay'>;
  sender: MessageSender;
  clock: Clock;
  /** Hours after a window's end from which its rows hardly move any more. */
  settleHours: number;
}

/**
 * Packs what a job that has ended leaves to its worker (`then`), by what the ledger knows now, and sends it. Planned
 * as the job was: sent twice, it is read once. The ledger knows already that these windows are planned.
 *
 * @param learned false if the job failed: waiting for the next one would teach no more
 * @returns how many jobs were sent
 */
export async function sendRest(
  { then, lane, planned, soon }: Pick<WindowJob, 'then' | 'lane' | 'planned' | 'soon'>,
  { ledger, sender, clock, settleHours }: SendRestDeps,
  learned = true,
): Promise<number> {
  if (then === undefined) return 0;
  const nowMs = clock.nowMs();
  const plannedMs = Date.parse(planned);
  const range = windowsOfJob(then);
  const days = await readDays(ledger, nearbyDates(range, nowMs));
  const readAt = new Map([...days.values()].flat().map((entry) => [entry.window.id, entry.lastReadAt]));
  const windows = range.filter(({ id }) => !(Date.parse(readAt.get(id) ?? '') >= plannedMs));
  const expected = expectedRows(days, settleHours);
  const jobs = packInSteps({
    windows,
    lane,
    plannedMs,
    soon,
    expected: learned ? expected : { ...expected, known: Infinity },
    ripeMs: nowMs - settleHours * WINDOW_MS,
    isApart: troubledIn(days),
  });
  if (jobs.length > 0) await sender.sendAll(queueOfLane(lane), jobs.map(toMessage));
  return jobs.length;
}
