import type { WindowJob } from '../queues/messages.ts';
import type { Clock } from '../runtime/clock.ts';
import { byDate } from './byDate.ts';
import type { Ledger } from './ledger.ts';
import { windowsOfJob } from './packJobs.ts';
import { readDays } from './readDays.ts';

/**
 * Notes in the ledger that a job which was given up is sent again: its windows and those that it leaves to its worker,
 * as far as the worker will read them, are asked for anew. So none of them counts as failed while it is on its way, and
 * the planner asks for none a second time. To be done before the message is sent: what fails once more, however soon,
 * fails after it; if it is not sent, the dead letter lies there still.
 */
export async function markReplayed(
  job: WindowJob,
  { ledger, clock }: { ledger: Pick<Ledger, 'readDay' | 'markPlanned'>; clock: Clock },
): Promise<void> {
  const { planned, lane, then } = job;
  const asked = [...windowsOfJob(job), ...(then === undefined ? [] : windowsOfJob(then))];
  const days = await readDays(ledger, byDate(asked).keys());
  const isRead = new Set(
    [...days.values()]
      .flat()
      .flatMap(({ window, lastReadAt }) =>
        lastReadAt !== undefined && Date.parse(lastReadAt) >= Date.parse(planned) ? window.id : [],
      ),
  );
  const windows = asked.filter(({ id }) => !isRead.has(id));
  if (windows.length > 0) await ledger.markPlanned(windows, lane, clock.nowMs(), { anew: true });
}
