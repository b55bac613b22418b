import type { WindowJob } from '../queues/messages.ts';
import type { Log } from '../runtime/log.ts';
import type { Window } from '../windows/grid.ts';
import type { Ledger } from '../windows/ledger.ts';
import { sendRest, type SendRestDeps } from '../windows/sendRest.ts';

export interface RecordFailureDeps extends SendRestDeps {
  ledger: Pick<Ledger, 'readDay' | 'recordFailure'>;
  log: Log;
  /** True if the message is not worth another delivery, or gets none: the windows become `failed`. */
  isFinal?: ((error: unknown) => boolean) | undefined;
}

/**
 * Tells the ledger what stopped a job, for those of these windows that were not read; what a job leaves to its worker
 * goes on without it once it is given up. Never rejects: the cause is what matters, and a ledger that cannot be
 * reached must not hide it.
 */
export async function recordFailure(
  windows: readonly Window[],
  job: WindowJob,
  error: unknown,
  deps: RecordFailureDeps,
): Promise<void> {
  const { ledger, log, isFinal = () => false } = deps;
  const reason = error instanceof Error ? error.message : String(error);
  const final = isFinal(error);
  log.warn('windowJobFailed', { windows: windows.length, first: windows[0]?.id, final, reason });
  try {
    // A window that was recorded as read, by another job or though the answer was lost, did not fail.
    await ledger.recordFailure(windows, reason, final, { readSinceMs: Date.parse(job.planned) });
    if (final) await sendRest(job, deps, false);
  } catch (second) {
    log.error('failureNotRecorded', { first: windows[0]?.id, reason: String(second) });
  }
}
